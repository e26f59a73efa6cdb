"""cocotb tests on bench_slice.v, most of which must fail: test_bench.py knows how."""

from __future__ import annotations

import cocotb
from bench import Checker, Clock, Driver, Monitor, fields, wait_for

WORDS = [{"value": n} for n in range(12)]


async def stream(dut, fault: int, stall: float = 0.5) -> list[int]:
    """Send the words with a fault; the cycles in which they came out."""
    clock, checker = Clock(dut), Checker("words")
    dut.fault_i.value = fault
    source = Driver(clock, dut.valid_i, dut.ready_o, {"value": dut.value_i}, idle=0.3 * bool(stall))
    await clock.reset()
    taken = Monitor(
        clock, dut.valid_o, {"value": dut.value_o}, checker, ready=dut.ready_i, stall=stall
    )
    checker.expect(WORDS)
    await source.send(WORDS)
    await checker.done(clock, cycles=100)
    return taken.cycles


@cocotb.test()
async def a_sound_slice_passes(dut):
    await stream(dut, fault=0)


@cocotb.test()
async def without_stalls_a_word_a_cycle_passes(dut):
    assert await stream(dut, fault=0, stall=0.0) == [n + 1 for n in range(len(WORDS))]


@cocotb.test()
async def fields_of_a_vector_are_driven_and_read_apart(dut):
    clock = Clock(dut)
    driven, read = fields(dut.value_i, 4), fields(dut.value_o, 4)
    await clock.reset()
    dut.valid_i.value = 1
    driven[1].value = 2
    driven[3].value = 7  # its two bits are taken
    await clock.edge()
    assert int(dut.value_i.value) == 0b11_00_10_00
    driven[3].value = 1
    await clock.cycles(2)
    assert [field.value for field in read] == [0, 2, 0, 3]
    assert len(driven[0]) == 2


@cocotb.test()
async def a_change_while_waiting_is_seen(dut):
    await stream(dut, fault=1)


@cocotb.test()
async def a_withdrawal_is_seen(dut):
    await stream(dut, fault=2)


@cocotb.test()
async def a_lost_word_is_seen(dut):
    await stream(dut, fault=3)


@cocotb.test()
async def a_word_sent_twice_is_seen(dut):
    await stream(dut, fault=4)


@cocotb.test()
async def a_word_too_many_is_seen(dut):
    clock, checker = Clock(dut), Checker("words")
    await clock.reset()
    Monitor(clock, dut.valid_o, {"value": dut.value_o}, checker, ready=dut.ready_i)
    await Driver(clock, dut.valid_i, dut.ready_o, {"value": dut.value_i}).send(WORDS[:1])
    await checker.done(clock, cycles=10)


@cocotb.test()
async def what_never_comes_is_seen(dut):
    clock, checker = Clock(dut), Checker("words")
    await clock.reset()
    checker.expect(WORDS[:2])
    await checker.done(clock, cycles=10)


@cocotb.test()
async def a_wait_ends(dut):
    clock = Clock(dut)
    await clock.reset()
    await wait_for(clock, lambda: dut.valid_o.value == 1, cycles=7, what="valid_o is 1")


@cocotb.test()
async def a_beat_that_is_never_taken_is_seen(dut):
    clock = Clock(dut)
    await clock.reset()
    source = Driver(clock, dut.valid_i, dut.ready_o, {"value": dut.value_i}, patience_cycles=5)
    await source.send(WORDS[:2])  # nobody takes the first from the slice
