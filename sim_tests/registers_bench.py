"""Registers under test: their bus, their pulses, and what the map says of each access.

For sparsesim_registers.v and for what wraps it with a machine's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cocotb
from bench import Checker, Clock, Driver, Monitor, fields, generator, pack
from register_map import (
    BUSY,
    CLEAR,
    DECERR,
    ID,
    KEPT,
    OKAY,
    OVERFLOW,
    SLVERR,
    START,
    VERSION,
    Words,
)

Write = tuple[int, int, int]
"""Byte address, word, byte strobes."""


class Model:
    """What the registers hold, and how they answer.

    Args:
        words: the machine's own.
        told: the value of each of its parameters.
        value_bits: VALUE_W.
        legal: of what is kept: whether the machine takes a pass of that shape.
    """

    def __init__(
        self,
        words: Words,
        told: Mapping[str, int],
        value_bits: int,
        legal: Callable[[Mapping[str, int]], bool],
    ) -> None:
        self.words, self.told, self._legal = words, told, legal
        self.map = words.registers(value_bits)
        self.by_offset = {register.offset: name for name, register in self.map.items()}
        self.kept = {name: 0 for name, register in self.map.items() if register.is_kept}
        self.busy = self.overflow = False
        self.counts = dict.fromkeys(words.counts, 0)
        self.starts: list[dict[str, int]] = []
        self.stored: list[dict[str, int]] = []

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
            if starts and not self._legal(self.kept):
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
        if name in self.told:
            return OKAY, self.told[name]
        if name.removesuffix("_HIGH") in self.counts:
            count = self.counts[name.removesuffix("_HIGH")]
            return OKAY, count >> 32 if name.endswith("_HIGH") else count & 0xFFFFFFFF
        status = BUSY * self.busy | OVERFLOW * self.overflow
        return OKAY, {"ID": ID, "VERSION": VERSION, "CONTROL": 0, "STATUS": status}[name]


class Bench:
    """A driver or monitor for each channel, monitors of pulses, the model, and checkers.

    Args:
        dut: the registers.
        shape: their vector of a pass's shape.
        model: called for a new one.
    """

    def __init__(self, dut: Any, shape: Any, model: Callable[[], Model]) -> None:
        self.dut = dut
        self.clock = Clock(dut)
        self.new_model = model
        self.model = model()
        self.answers, self.reads = Checker("write responses"), Checker("read data")
        self.aw = self._driver("aw", ["addr"], 1)
        self.w = self._driver("w", ["data", "strb"], 2)
        self.ar = self._driver("ar", ["addr"], 3)
        self.b = self._monitor("b", ["resp"], self.answers, 4)
        self.r = self._monitor("r", ["resp", "data"], self.reads, 5)
        words = self.model.words.shape
        self.kept = dict(zip(words, fields(shape, len(words)), strict=True))
        self.kept |= {name: getattr(dut, f"{name.lower()}_o") for name in KEPT}
        stored = {name: self.kept[name] for name in list(KEPT)[-4:]}
        self.starts = Monitor(self.clock, dut.start_o, self.kept)
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

    async def every_address_reads(self) -> None:
        """All of the map and beyond, with counts of any size."""
        random = generator()
        counts = self.model.words.counts
        for name in counts:
            self.model.counts[name] = int(random.integers(1 << 48))
        self.dut.cycles_i.value = self.model.counts["CYCLES"]
        self.dut.counters_i.value = pack([self.model.counts[name] for name in counts[1:]], 48)
        await self.reads_back(range(0, 0x200, 4))
        await self.reads_back([1, 2, 3, 0x85, 0x1FC, 0x200, 0x400, 0x800, 0xFFC, 0x808, 0xFFF])

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
