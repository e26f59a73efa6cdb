"""Passes on the broadcast array or its accelerator: rows, stores, results; used by both tests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bench import (
    Clock,
    fields,
    generator,
    is_high,
    mask,
    pack,
    parameters,
    random_values,
    signed,
    unpack,
)
from broadcast_shape import shape_words

import sparsesim as ss
from sparsesim.machines.broadcast.packing import pack_weights
from sparsesim.machines.broadcast.parameters import BroadcastArray
from sparsesim.machines.broadcast.timeline import timeline

FIELDS = {
    "pes": "PES",
    "queue_depth": "QUEUE_DEPTH",
    "entry_run_bits": "ENTRY_RUN_BITS",
    "pe_sums": "PE_SUMS",
    "units": "UNITS",
}


@dataclass
class Found:
    """What a pass gave.

    Attributes:
        sums: filter and position -> sum, and whether a filter came twice is an error.
        values: of each unit, in order.
        ends: the model's cycle of each end of work, by PE.
        cycles, classes: as counted.
    """

    sums: dict[tuple[int, int], int] = field(default_factory=dict)
    values: list[list[int]] = field(default_factory=list)
    ends: list[list[int]] = field(default_factory=list)
    cycles: int = 0
    classes: list[int] = field(default_factory=list)


class ArrayBench:
    """Drives an array; the model is the package's."""

    def __init__(self, dut: Any) -> None:
        told = parameters()
        self.dut, self.told, self.random = dut, told, generator()
        self.array = BroadcastArray(**{key: told[name] for key, name in FIELDS.items()})
        widths = {"act_bits": "ACT_W", "weight_bits": "WEIGHT_W", "acc_bits": "ACC_W"}
        self.accelerator = ss.Accelerator(
            machine="broadcast",
            array=self.array,
            **{key: told[name] for key, name in widths.items()},
        )
        self.clock = Clock(dut)
        self.ready = dut.ready_i if hasattr(dut, "ready_i") else dut.out_ready_i
        self.all_ready = (1 << self.array.units) - 1

    def operands(self, filters: int, positions: int, reduction: int, act: float, weight: float):
        """Random ones of such densities."""
        a = random_values(self.random, (positions, reduction), act, self.told["ACT_W"])
        w = random_values(self.random, (filters, reduction), weight, self.told["WEIGHT_W"])
        return a.astype(np.int16), w.astype(np.int16)

    def drawn(self, positions: int = 4):
        """A pass of any shape."""
        densities = (0.0, 0.1, 0.4, 1.0)
        filters = int(self.random.integers(1, 2 * self.array.tile_filters + 2))
        reduction = int(self.random.integers(1, 3 * self.array.pes + 2))
        shape = (min(filters, 60), int(self.random.integers(1, positions)), reduction)
        return self.operands(*shape, *self.random.choice(densities, 2))

    async def run(
        self, act: np.ndarray, weight: np.ndarray, drains=True, idle=0.0, stall=0.0
    ) -> Found:
        """A pass, a cycle at a time, until it is not busy."""
        dut, array, told = self.dut, self.array, self.told
        rows, pes = -(-act.shape[1] // array.pes), array.pes
        words = shape_words(array, len(weight), len(act), act.shape[1], drains)
        dut.pass_i.value = pack(list(words.values()), 32)
        filled = np.zeros((len(act), rows * pes), int)
        filled[:, : act.shape[1]] = act
        to_offer = deque(
            filled[p, row * pes : (row + 1) * pes]
            for p in range(len(act))
            for _ in range(words["tiles"])
            for row in range(rows)
        )
        pointers, entries, begins = pack_weights(weight, array, told["WEIGHT_W"])
        pointers = pointers.reshape(-1, pes, 2).tolist()
        stores = [entries[begins[i] : begins[i + 1]].tolist() for i in range(pes)]
        address_bits, count_bits = told["ENTRY_ADDRESS_W"], told["PE_SUMS"].bit_length()
        found = Found(values=[[] for _ in range(array.units)], ends=[[] for _ in range(pes)])
        positions = [0] * len(weight)  # whose sum comes next, by filter
        column_1, addresses_1 = None, [None] * pes
        offered = False
        dut.start_i.value, self.ready.value = 1, self.all_ready
        for number in range(40_000):
            await self.clock.edge()
            dut.start_i.value = 0
            if offered and is_high(dut.act_ready_o):
                to_offer.popleft()
                offered = False
            if not offered:
                offered = bool(to_offer) and self.random.random() >= idle
                row = to_offer[0] if offered else np.zeros(pes, int)
                dut.act_valid_i.value, dut.act_mask_i.value = int(offered), mask(row)
                dut.act_values_i.value = pack(row, told["ACT_W"])
            if column_1 is not None and column_1 < len(pointers):
                dut.pointers_i.value = pack(
                    [number << address_bits | first for number, first in pointers[column_1]],
                    count_bits + address_bits,
                )
            column_1 = number_of(dut.column_o)
            dut.entries_i.value = pack(
                [
                    store[at] if at is not None and at < len(store) else 0
                    for store, at in zip(stores, addresses_1, strict=True)
                ],
                told["ENTRY_RUN_BITS"] + told["WEIGHT_W"],
            )
            whole = number_of(dut.entry_addresses_o)
            addresses_1 = [None] * pes if whole is None else unpack(whole, address_bits, pes)
            if stall:
                ready = self.random.random(array.units) >= stall
                self.ready.value = sum(1 << n for n, one in enumerate(ready) if one)
            done = number_of(dut.done_o) or 0
            for pe in range(pes):
                if done >> pe & 1:
                    found.ends[pe].append(int(dut.cycle_o.value))
            self._take(found, positions)
            if number and not is_high(dut.busy_o):
                break
        else:
            raise AssertionError("it is busy after 40,000 cycles")
        assert not to_offer
        found.cycles = int(dut.cycles_o.value)
        found.classes = unpack(int(dut.counters_o.value), 48, 8)
        return found

    def _take(self, found: Found, positions: list[int]) -> None:
        """Sums by the filter that comes with them; without it, in `Units`' order."""
        dut, bits = self.dut, self.told["ACC_W"]
        valid = number_of(dut.sum_valid_o) or 0
        for unit in range(self.array.units):
            if not valid >> unit & 1:
                continue
            total = signed(fields(dut.sum_o, self.array.units)[unit].value, bits)
            filter_ = fields(dut.sum_filter_o, self.array.units)[unit].value
            assert filter_ % self.array.pes % self.array.units == unit
            found.sums[filter_, positions[filter_]] = total
            positions[filter_] += 1

    async def is_the_models(self, act, weight, drains=True, expected=None) -> Found:
        """A pass without idle cycles: sums, cycles, classes and ends of work are the model's.

        Args:
            expected: sums, where they are not those of these operands alone.
        """
        found = await self.run(act, weight, drains)
        count = ss.array_cycles(act != 0, weight != 0, self.accelerator, drains)
        assert found.cycles == count.cycles
        if self.told["COUNTERS_EN"]:
            assert dict(zip(count.classes, found.classes, strict=True)) == count.classes
        else:
            assert not any(found.classes)
        ends = timeline(act, weight, self.array, drains).ends
        for pe in range(self.array.pes):
            assert sorted(set(found.ends[pe])) == found.ends[pe]
            wanted = ends[:, :, pe][ends[:, :, pe] >= 0].tolist()
            assert set(wanted) <= set(found.ends[pe]), f"PE {pe}"
            assert len(found.ends[pe]) == np.count_nonzero(act) * ends.shape[0] // len(act)
        if drains:
            self.check_sums(found, act, weight, expected)
        return found

    def check_sums(self, found: Found, act, weight, expected=None) -> None:
        """All of them, each once."""
        sums = exact(act, weight, self.told["ACC_W"]) if expected is None else expected
        wanted = {
            (f, p): int(sums[f, p]) for f in range(sums.shape[0]) for p in range(sums.shape[1])
        }
        assert found.sums == wanted


def exact(act: np.ndarray, weight: np.ndarray, bits: int) -> np.ndarray:
    """Sums, (filters, positions), wrapped."""
    sums = weight.astype(np.int64) @ act.astype(np.int64).T
    return sums << 64 - bits >> 64 - bits


def number_of(handle: Any) -> int | None:
    """None where a bit is unknown."""
    return int(handle.value) if handle.value.is_resolvable else None
