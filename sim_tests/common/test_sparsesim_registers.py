"""sparsesim_registers.v: register_map.py over AXI4-Lite, each channel at its own pace.

With words that no machine has. The shapes that a machine takes are its own test's.
"""

from __future__ import annotations

import cocotb
import pytest
from bench import generator, is_high, pack, parameters, wait_for
from register_map import BUSY, CLEAR, ID, OKAY, START, Words
from registers_bench import Bench, Model


def words() -> Words:
    """As many as the parameters say; words of a shape have 1 to 32 bits."""
    told = parameters()
    bits = generator(7).integers(1, 33, told["SHAPE"])
    return Words(
        tuple(f"PARAMETER_{n}" for n in range(told["PARAMETERS"])),
        {f"SHAPE_{n}": int(width) for n, width in enumerate(bits)},
        tuple(f"CLASS_{n}" for n in range(told["CLASSES"])),
    )


def made(dut) -> Bench:
    """The bench around the registers, in a machine that takes any shape."""
    own, random = words(), generator(8)
    told = {name: int(random.integers(1 << 32)) for name in own.parameters}

    def new_model() -> Model:
        return Model(own, told, parameters()["VALUE_W"], lambda kept: bool(dut.legal_i.value))

    bench = Bench(dut, dut.shape_o, new_model)
    dut.parameters_i.value = pack(list(told.values()), 32)
    dut.shape_bits_i.value = pack([(1 << bits) - 1 for bits in own.shape.values()], 32)
    dut.legal_i.value = 1
    return bench


@cocotb.test()
async def every_address_reads_as_the_map_says(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.every_address_reads()
    bench.model.busy = True
    dut.busy_i.value = 1
    await bench.reads_back([0x00C])


@cocotb.test()
async def writes_are_kept_byte_by_byte_at_any_pace(dut):
    bench = made(dut)
    await bench.clock.reset()
    for _ in bench.paces():
        await bench.writes(bench.random_writes(150))
        await bench.reads_back(range(0x80, 0x100, 4))


@cocotb.test()
async def kept_registers_drive_their_ports(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.writes(bench.random_writes(400))
    for name, word in bench.model.kept.items():
        assert int(bench.kept[name].value) == word, name


@cocotb.test()
async def address_and_data_wait_for_each_other_and_reads_for_neither(dut):
    bench = made(dut)
    await bench.clock.reset()
    offset = bench.model.map["PARAM_BIAS"].offset
    for first, second in (("aw", "w"), ("w", "aw")):
        beats = {"aw": {"addr": offset}, "w": {"data": 7 if first == "w" else 9, "strb": 15}}
        await getattr(bench, first).send([beats[first]])
        await bench.clock.cycles(10)
        await bench.reads_back([0x000, offset])  # nothing is written yet
        bench.answers.expect([{"resp": bench.model.write(offset, beats["w"]["data"], 15)}])
        (taken,) = await getattr(bench, second).send([beats[second]])
        await bench.answers.done(bench.clock, cycles=10)
        assert bench.b.cycles[-1] == taken + 2
        (asked,) = await bench.reads_back([offset])
        assert bench.r.cycles[-1] == asked + 3
    bench.r.stall = 1.0  # a read that nobody takes stops no write
    bench.reads.expect([{"data": ID}])
    await bench.ar.send([{"addr": 0}])
    await bench.writes([(offset, 1, 15), (offset, 2, 15)])
    bench.r.stall = 0.0
    await bench.reads.done(bench.clock, cycles=10)
    bench.b.stall = 1.0  # an answer that nobody takes stops no read
    bench.answers.expect([{"resp": bench.model.write(offset, 3, 15)}])
    await bench.aw.send([{"addr": offset}])
    await bench.w.send([{"data": 3, "strb": 15}])
    await bench.clock.cycles(3)
    await bench.reads_back([offset, 0x000])
    bench.b.stall = 0.0
    await bench.answers.done(bench.clock, cycles=10)


@cocotb.test()
async def parameters_are_stored_filter_after_filter(dut):
    bench = made(dut)
    await bench.clock.reset()
    random = generator()
    for _ in bench.paces():
        index = int(random.integers(1 << 16))
        writes = [(bench.model.map["PARAM_INDEX"].offset, index, 15)]
        for _ in range(5):
            for name in ("PARAM_BIAS", "PARAM_MULTIPLIER", "PARAM_SHIFT"):
                word = int(random.integers(1 << 32))
                writes.append((bench.model.map[name].offset, word, 15))
        before = len(bench.model.stored)
        await bench.writes(writes)
        stored = [beat["PARAM_INDEX"] for beat in bench.stored.beats[before:]]
        assert stored == [(index + n) & 0xFFFF for n in range(5)]
    before = len(bench.model.stored)
    await bench.write("PARAM_SHIFT", 0, strobes=0b1110)  # without the lowest byte nothing is stored
    assert len(bench.stored.beats) == before


@cocotb.test()
async def a_start_is_one_pulse_where_the_machine_takes_the_shape(dut):
    bench = made(dut)
    await bench.clock.reset()
    for taken in (1, 0, 1):
        dut.legal_i.value = taken
        await bench.clock.cycles(2)
        before = len(bench.starts.beats)
        await bench.write("CONTROL", START, strobes=1)
        assert len(bench.starts.beats) - before == taken
    for word, strobes in ((START, 0b1110), (0, 15), (CLEAR, 15)):
        before = len(bench.starts.beats)
        await bench.write("CONTROL", word, strobes)
        assert len(bench.starts.beats) == before


@cocotb.test()
async def while_busy_nothing_changes_but_clear(dut):
    bench = made(dut)
    await bench.clock.reset()
    bench.model.busy = True
    dut.busy_i.value = 1
    await bench.writes(bench.random_writes(200))
    for word in (START, START | CLEAR, CLEAR):
        await bench.write("CONTROL", word)
    await bench.reads_back(range(0x80, 0x100, 4))
    bench.model.busy = False
    dut.busy_i.value = 0
    await bench.write("CONTROL", START)
    assert len(bench.starts.beats) == 1


@cocotb.test()
async def status_is_busy_from_the_pulse_on(dut):
    bench = made(dut)
    await bench.clock.reset()

    async def works() -> int:
        """The array's side: busy from the cycle behind the pulse; returns the pulse's cycle."""
        pulse = await wait_for(bench.clock, lambda: is_high(dut.start_o), cycles=20, what="start_o")
        dut.busy_i.value = 1
        return pulse

    told = []
    for wait in range(6):
        bench.answers.expect([{"resp": OKAY}])
        bench.reads.expect([{"resp": OKAY}])
        working = cocotb.start_soon(works())
        data = cocotb.start_soon(bench.w.send([{"data": START, "strb": 1}]))
        address = cocotb.start_soon(bench.aw.send([{"addr": 0x008}]))
        await bench.clock.cycles(wait)
        (asked,) = await bench.ar.send([{"addr": 0x00C}])
        pulse = await working
        await data, await address
        await bench.reads.done(bench.clock, cycles=9)
        is_busy = asked + 1 >= pulse  # a read looks in the cycle behind its address
        assert bench.r.beats[-1]["data"] == (BUSY if is_busy else 0), f"{asked - pulse}"
        told.append(is_busy)
        dut.busy_i.value = 0
        await bench.clock.cycles(4)
    assert told == sorted(told) and set(told) == {False, True}


@cocotb.test()
async def an_overflow_stays_until_it_is_cleared(dut):
    bench = made(dut)
    await bench.clock.reset()
    for _ in range(2):
        await bench.reads_back([0x00C])
        dut.overflow_i.value = 1
        bench.model.overflow = True
        await bench.clock.cycles(3)
        await bench.reads_back([0x00C])
        await bench.write("CONTROL", CLEAR)  # this pass's own flag may still be high
        await bench.reads_back([0x00C])
        dut.overflow_i.value = 0
        await bench.clock.cycles(2)
        dut.overflow_i.value = 1
        await bench.clock.cycles(1)
        dut.overflow_i.value = 0
        bench.model.overflow = True
        await bench.clock.cycles(2)
        await bench.write("CONTROL", CLEAR, strobes=0b1110)
        await bench.reads_back([0x00C])
        await bench.write("CONTROL", CLEAR)


@cocotb.test()
async def reset_clears_everything(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.writes(bench.random_writes(100))
    await bench.aw.send([{"addr": 0x80}])  # half a write, forgotten
    await bench.clock.reset()
    bench.model = bench.new_model()
    bench.starts.beats.clear()
    bench.stored.beats.clear()
    await bench.reads_back(range(0, 0x140, 4))
    await bench.writes(bench.random_writes(20))
    await bench.reads_back(range(0x80, 0x100, 4))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"PARAMETERS": 3, "SHAPE": 4, "CLASSES": 5, "VALUE_W": 12},
        {"PARAMETERS": 27, "SHAPE": 17, "CLASSES": 14, "VALUE_W": 16},
    ],
)
def test_sparsesim_registers(simulate, parameters):
    simulate("sparsesim_registers", parameters)
