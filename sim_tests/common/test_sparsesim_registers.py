"""sparsesim_registers.v: register_map.py over AXI4-Lite, each channel at its own pace."""

from __future__ import annotations

from collections.abc import Iterable

import cocotb
import pytest
from bench import Checker, Clock, Driver, Monitor, generator, is_high, parameters, wait_for
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp
from register_map import (
    BUSY,
    CLEAR,
    COUNTS,
    DECERR,
    ID,
    OKAY,
    OVERFLOW,
    PARAMETERS,
    SLVERR,
    START,
    VERSION,
    registers,
)

Write = tuple[int, int, int]
"""Byte address, word, byte strobes."""

SHAPE = {
    "WINDOWS": 1,
    "FILTER_TILES": 1,
    "POSITION_TILES": 1,
    "LAST_FILTERS": 1,
    "LAST_POSITIONS": 1,
    "LAST_LENGTH": 1,
    "DRAINS": 1,
    "RAW": 0,
}


class Model:
    """What the registers hold, and how they answer."""

    def __init__(self, told: dict[str, int]) -> None:
        self.told = told
        self.map = registers(told["VALUE_W"])
        self.by_offset = {register.offset: name for name, register in self.map.items()}
        self.kept = {name: 0 for name, register in self.map.items() if register.is_kept}
        self.busy = self.overflow = False
        self.counts = dict.fromkeys(COUNTS, 0)
        self.starts: list[dict[str, int]] = []
        self.stored: list[dict[str, int]] = []

    def legal(self) -> bool:
        """Whether a pass may have this shape."""
        k, told = self.kept, self.told
        filters = (k["FILTER_TILES"] - 1) * told["ROWS"] + k["LAST_FILTERS"]
        single = k["FILTER_TILES"] == 1 and k["POSITION_TILES"] == 1
        return (
            min(k["WINDOWS"], k["FILTER_TILES"], k["POSITION_TILES"]) >= 1
            and 1 <= k["LAST_FILTERS"] <= told["ROWS"]
            and 1 <= k["LAST_POSITIONS"] <= told["COLS"]
            and 1 <= k["LAST_LENGTH"] <= told["WINDOW"]
            and (k["DRAINS"] == 1 or single)
            and (k["RAW"] == 1 or filters <= told["MAX_FILTERS"])
        )

    def write(self, address: int, word: int, strobes: int) -> int:
        """Returns the response."""
        name = self.by_offset.get(address & ~3)
        if name is None:
            return DECERR
        starts = name == "CONTROL" and bool(word & START and strobes & 1)
        if name not in self.kept and name != "CONTROL":
            return SLVERR
        if self.busy and (name in self.kept or starts):
            return SLVERR
        if name == "CONTROL":
            if starts and not self.legal():
                return SLVERR
            if starts:
                self.starts.append(dict(self.kept))
            if word & CLEAR and strobes & 1:
                self.overflow = False
            return OKAY
        bytes_mask = sum(0xFF << 8 * n for n in range(4) if strobes >> n & 1)
        new = word & bytes_mask | self.kept[name] & ~bytes_mask
        self.kept[name] = new & (1 << self.map[name].bits) - 1
        if name == "PARAM_SHIFT" and strobes & 1:
            names = ("PARAM_INDEX", "PARAM_BIAS", "PARAM_MULTIPLIER", "PARAM_SHIFT")
            self.stored.append({name: self.kept[name] for name in names})
            self.kept["PARAM_INDEX"] = (self.kept["PARAM_INDEX"] + 1) & 0xFFFF
        return OKAY

    def read(self, address: int) -> tuple[int, int]:
        """Returns response and word."""
        name = self.by_offset.get(address & ~3)
        if name is None:
            return DECERR, 0
        if name in self.kept:
            return OKAY, self.kept[name]
        if name in PARAMETERS:
            return OKAY, self.told[name]
        if name.removesuffix("_HIGH") in COUNTS:
            count = self.counts[name.removesuffix("_HIGH")]
            return OKAY, count >> 32 if name.endswith("_HIGH") else count & 0xFFFFFFFF
        status = BUSY * self.busy | OVERFLOW * self.overflow
        return OKAY, {"ID": ID, "VERSION": VERSION, "CONTROL": 0, "STATUS": status}[name]


class Bench:
    """A driver or monitor for each channel, monitors of pulses, the model, and checkers."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.clock = Clock(dut)
        self.model = Model(parameters())
        self.answers, self.reads = Checker("write responses"), Checker("read data")
        self.aw = self._driver("aw", ["addr"], 1)
        self.w = self._driver("w", ["data", "strb"], 2)
        self.ar = self._driver("ar", ["addr"], 3)
        self.b = self._monitor("b", ["resp"], self.answers, 4)
        self.r = self._monitor("r", ["resp", "data"], self.reads, 5)
        shape = {name: getattr(dut, f"{name.lower()}_o") for name in self.model.kept}
        stored = {name: shape[name] for name in list(shape)[-4:]}
        self.starts = Monitor(self.clock, dut.start_o, shape)
        self.stored = Monitor(self.clock, dut.param_we_o, stored)

    def _signals(self, channel: str, names: Iterable[str]) -> tuple:
        prefix = f"s_axil_{channel}"
        valid, ready = (getattr(self.dut, prefix + name) for name in ("valid", "ready"))
        return valid, ready, {name: getattr(self.dut, prefix + name) for name in names}

    def _driver(self, channel: str, names: list[str], stream: int) -> Driver:
        valid, ready, payload = self._signals(channel, names)
        valid.value = 0
        return Driver(self.clock, valid, ready, payload, stream=stream)

    def _monitor(self, channel: str, names: list[str], checker: Checker, stream: int) -> Monitor:
        valid, ready, payload = self._signals(channel, names)
        ready.value = 0
        return Monitor(self.clock, valid, payload, checker, ready=ready, stream=stream)

    async def writes(self, writes: list[Write]) -> None:
        """Write these, address and data each at its own pace; the answers are the model's."""
        self.answers.expect({"resp": self.model.write(*write)} for write in writes)
        addresses = cocotb.start_soon(self.aw.send({"addr": write[0]} for write in writes))
        await self.w.send({"data": write[1], "strb": write[2]} for write in writes)
        await addresses
        await self.answers.done(self.clock, cycles=100 * len(writes) + 20)
        assert self.starts.beats == self.model.starts
        assert self.stored.beats == self.model.stored

    async def write(self, name: str, word: int, strobes: int = 15) -> None:
        """Write one register by name."""
        await self.writes([(self.model.map[name].offset, word, strobes)])

    async def reads_back(self, addresses: Iterable[int]) -> list[int]:
        """Read these; words and responses are the model's. Returns the cycle that took each."""
        addresses = list(addresses)
        expected = [self.model.read(address) for address in addresses]
        self.reads.expect({"resp": resp, "data": word} for resp, word in expected)
        taken = await self.ar.send({"addr": address} for address in addresses)
        await self.reads.done(self.clock, cycles=100 * len(addresses) + 20)
        return taken

    def random_writes(self, count: int) -> list[Write]:
        """To all of the map and beyond, but no starts."""
        random = generator(21)
        control = self.model.map["CONTROL"].offset
        writes = []
        for _ in range(count):
            address = int(random.integers(0x180 if random.random() < 0.9 else 0x1000))
            word, strobes = int(random.integers(1 << 32)), int(random.integers(16))
            writes.append((address, word & ~START if address & ~3 == control else word, strobes))
        return writes

    def paces(self) -> Iterable[float]:
        """Every channel at full speed, then each slow by itself, then all."""
        channels = [self.aw, self.w, self.ar, self.b, self.r]
        for slow in ([], *[[channel] for channel in channels], channels):
            for channel in channels:
                share = 0.8 if channel in slow else 0.0
                if isinstance(channel, Driver):
                    channel.idle = share
                else:
                    channel.stall = share
            yield len(slow)


@cocotb.test()
async def every_address_reads_as_the_map_says(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    random = generator()
    for name in COUNTS:
        bench.model.counts[name] = int(random.integers(1 << 48))
    dut.cycles_i.value = bench.model.counts["CYCLES"]
    dut.counters_i.value = sum(bench.model.counts[n] << 48 * k for k, n in enumerate(COUNTS[1:]))
    await bench.reads_back(range(0, 0x200, 4))
    await bench.reads_back([1, 2, 3, 0x85, 0x1FC, 0x200, 0x400, 0x800, 0xFFC, 0x808, 0xFFF])
    bench.model.busy = True
    dut.busy_i.value = 1
    await bench.reads_back([0x00C])


@cocotb.test()
async def writes_are_kept_byte_by_byte_at_any_pace(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for _ in bench.paces():
        await bench.writes(bench.random_writes(150))
        await bench.reads_back(range(0x80, 0xD8, 4))


@cocotb.test()
async def kept_registers_drive_their_ports(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.writes(bench.random_writes(400))
    for name, word in bench.model.kept.items():
        assert int(getattr(dut, f"{name.lower()}_o").value) == word, name


@cocotb.test()
async def address_and_data_wait_for_each_other_and_reads_for_neither(dut):
    bench = Bench(dut)
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
    bench = Bench(dut)
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
async def a_start_is_one_pulse_with_a_legal_shape_only(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    told = parameters()
    rows, cols, window, filters = (told[name] for name in ("ROWS", "COLS", "WINDOW", "MAX_FILTERS"))
    tiles, last = -(-filters // rows), (filters - 1) % rows + 1
    legal = [
        {},
        {"LAST_FILTERS": min(rows, filters), "LAST_POSITIONS": cols, "LAST_LENGTH": window},
        {"WINDOWS": 0xFFFF, "POSITION_TILES": 0xFFFF},
        {"DRAINS": 0, "WINDOWS": 7},
        {"FILTER_TILES": tiles, "LAST_FILTERS": last},
        {"FILTER_TILES": 0xFFFF, "LAST_FILTERS": rows, "RAW": 1},
    ]
    illegal = [{name: 0} for name in SHAPE if name not in ("DRAINS", "RAW")]
    illegal += [
        {"LAST_FILTERS": rows + 1, "RAW": 1},
        {"LAST_POSITIONS": cols + 1},
        {"LAST_LENGTH": window + 1},
        {"DRAINS": 0, "POSITION_TILES": 2},
        {"DRAINS": 0, "FILTER_TILES": 2, "RAW": 1},
        {"FILTER_TILES": tiles + 1, "LAST_FILTERS": last},
        {"FILTER_TILES": 0xFFFF, "LAST_FILTERS": rows},
    ]
    for number, change in enumerate([*legal, *illegal]):
        shape = {**SHAPE, **change}
        offsets = {name: bench.model.map[name].offset for name in shape}
        control = bench.model.map["CONTROL"].offset
        before = len(bench.starts.beats)
        await bench.writes(
            [*((offsets[name], word, 15) for name, word in shape.items()), (control, START, 1)]
        )
        assert len(bench.starts.beats) - before == int(number < len(legal)), change
    for word, strobes in ((START, 0b1110), (0, 15), (CLEAR, 15)):
        before = len(bench.starts.beats)
        await bench.write("CONTROL", word, strobes)
        assert len(bench.starts.beats) == before


@cocotb.test()
async def while_busy_nothing_changes_but_clear(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.writes([(bench.model.map[name].offset, word, 15) for name, word in SHAPE.items()])
    bench.model.busy = True
    dut.busy_i.value = 1
    await bench.writes(bench.random_writes(200))
    for word in (START, START | CLEAR, CLEAR):
        await bench.write("CONTROL", word)
    await bench.reads_back(range(0x80, 0xD8, 4))
    bench.model.busy = False
    dut.busy_i.value = 0
    await bench.write("CONTROL", START)
    assert len(bench.starts.beats) == 1


@cocotb.test()
async def status_is_busy_from_the_pulse_on(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.writes([(bench.model.map[name].offset, word, 15) for name, word in SHAPE.items()])

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
async def a_start_sees_the_write_just_before_it(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.writes([(bench.model.map[name].offset, word, 15) for name, word in SHAPE.items()])
    control = bench.model.map["CONTROL"].offset
    for name, words in (
        ("FILTER_TILES", (0xFFFF, 1)),
        ("LAST_FILTERS", (0, 1)),
        ("WINDOWS", (0, 1)),
    ):
        for word in 3 * words:
            before = len(bench.starts.beats)
            await bench.writes([(bench.model.map[name].offset, word, 15), (control, START, 15)])
            assert len(bench.starts.beats) - before == int(word == 1)


@cocotb.test()
async def an_overflow_stays_until_it_is_cleared(dut):
    bench = Bench(dut)
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
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.writes(bench.random_writes(100))
    await bench.aw.send([{"addr": 0x80}])  # half a write, forgotten
    await bench.clock.reset()
    bench.model = Model(parameters())
    bench.starts.beats.clear()
    bench.stored.beats.clear()
    await bench.reads_back(range(0, 0x140, 4))
    await bench.writes(bench.random_writes(20))
    await bench.reads_back(range(0x80, 0xD8, 4))


@cocotb.test()
async def an_independent_master_agrees(dut):
    clock = Clock(dut)
    master = AxiLiteMaster(
        AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False
    )
    model = Model(parameters())
    await clock.reset()
    random = generator()
    for register in model.map.values():
        word = int(random.integers(1 << 32)) & ~START
        response = await master.write(register.offset, word.to_bytes(4, "little"))
        assert response.resp == AxiResp(model.write(register.offset, word, 15))
    for register in [*model.map.values(), None]:
        address = register.offset if register else 0x7C
        expected, word = model.read(address)
        response = await master.read(address, 4)
        assert (response.resp, int.from_bytes(response.data, "little")) == (
            AxiResp(expected),
            word,
        )
    await master.write(model.map["PARAM_BIAS"].offset + 1, b"\xab\xcd")  # two bytes in the middle
    model.write(model.map["PARAM_BIAS"].offset, 0xCDAB00, 0b0110)
    word = int.from_bytes((await master.read(model.map["PARAM_BIAS"].offset, 4)).data, "little")
    assert word == model.kept["PARAM_BIAS"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {
            "ROWS": 3,
            "COLS": 5,
            "WINDOW": 7,
            "LANES": 2,
            "QUEUE_DEPTH": 6,
            "FEED_LATENCY": 8,
            "SKIPPING": 1,
            "POSITIONS_INNER": 1,
            "ACT_W": 13,
            "WEIGHT_W": 10,
            "ACC_W": 40,
            "COUNTERS_EN": 1,
            "VALUE_W": 12,
            "MAX_FILTERS": 20,
        },
        {"VALUE_W": 16, "MAX_FILTERS": 1, "ROWS": 1024, "COLS": 1024, "WINDOW": 64},
    ],
)
def test_sparsesim_registers(simulate, parameters):
    simulate("sparsesim_registers", parameters)
