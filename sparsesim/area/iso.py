"""The iso-resource baseline: the best dense array in a sparse one's LUTs, DSPs and block RAM.

Dense means PEs without skipping, of every window and number of lanes that was placed, two windows a
queue for each cycle of feed latency (which is what keeps them fed), dense formats, buffers of the
same size with ports for its own lines, and post-processing a column as the sparse array has it.
Both sides are priced by the same model (`estimate`). Which array is the fastest is `opponent`'s.

Where a multiplier block can pack two 8-bit MACs (DSP48E2), the dense array packs as many pairs of
PEs as it lacks blocks for: two rows share an activation. Both products fit side by side, 17 bits in
fields of 18, but no sum does, so the sums of a pair lie in LUTs, and these are counted.

Source: docs/model.md, "Area, and a dense array in the same area"; WP486, Deep Learning with INT8
Optimization on Xilinx Devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.bounds import DenseWork, least_cycles
from sparsesim.area.buffers import column_bram36, row_bram36
from sparsesim.area.clock import dense_clock, dense_pes
from sparsesim.area.dense import dense_work, total_cycles
from sparsesim.area.estimate import estimate, parts_of
from sparsesim.area.model import part_resources
from sparsesim.area.opponent import fastest
from sparsesim.area.resources import Resources
from sparsesim.area.table import Design
from sparsesim.machines import machine_named
from sparsesim.result import Result, model
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.trace import Trace

_MOST_LINES = 1024
_MOST_EXACT = 200
# Widest operands of two products in one DSP48E2: weights side by side in 27 bits, products of 17
# bits in fields of 18.
_PACKED_WEIGHT_BITS, _PACKED_ACT_BITS = 8, 9


def iso_resource(
    trace: Trace, result: Result, accelerator: Accelerator, device: Device, family: str
) -> model.IsoResource | None:
    """Compare with the best dense array of the same resources.

    Args:
        trace: gives the layers; its images are not read.
        result: the estimate of that trace on that accelerator and device.
        accelerator: the sparse one.
        device: gives the DRAM bandwidth and how many MACs a multiplier block packs.
        family: prices both sides, `sparsesim.synth.families.family_of(device).name`.
    Returns:
        None where not even one dense PE fits, or there is no work.
    """
    work = dense_work(trace, accelerator, result.run_groups)
    sparse_cycles = result.totals.cycles[accelerator.skipping].total
    if not work or not sparse_cycles:
        return None
    budget = estimate(accelerator, family)
    found = fastest(dense_arrays(work, accelerator, device, family, budget), budget, _MOST_EXACT)
    if found is None:
        return None
    array = found.candidate
    sparse_seconds = sparse_cycles / (accelerator.clock_mhz * 1e6)
    return model.IsoResource(
        family=family,
        machine=array.kind.template.machine,
        array=array.kind.template.with_(rows=array.rows, cols=array.cols).array,
        packed_pairs=array.pairs,
        clock_mhz=array.clock_mhz,
        clock_source=array.kind.clock_source,
        cycles=found.cycles,
        seconds=found.seconds,
        sparse_seconds=sparse_seconds,
        speedup=found.seconds / sparse_seconds,
        used=_record(array.resources().rounded()),
        budget=_record(budget),
        is_proven=found.is_proven,
    )


def dense_accelerator(
    accelerator: Accelerator, machine: str, array: Mapping[str, Any], clock_mhz: float
) -> Accelerator:
    """A dense array with the buffers and the DRAM of an accelerator.

    Args:
        accelerator: the sparse one.
        machine: of the dense array. array: its parameters.
        clock_mhz: of the dense array.
    """
    dense = machine_named(machine).baseline
    assert dense is not None, f"{machine} has no dense mode"
    return accelerator.with_(
        name="dense",
        machine=machine,
        array=dict(array),
        skipping=dense.name,
        activation_format="dense",
        weight_format="dense",
        clock_mhz=clock_mhz,
    )


@dataclass(frozen=True)
class DenseArray:
    """Rows and columns of dense PEs of one kind: a candidate of `opponent.fastest`."""

    kind: _Kind
    rows: int
    cols: int
    least_seconds: float

    @property
    def clock_mhz(self) -> float:
        """That of its kind."""
        return self.kind.clock_mhz

    @property
    def pairs(self) -> int:
        """Pairs of PEs that share multiplier blocks."""
        return self.kind.pairs(self.rows, self.cols)

    def resources(self) -> Resources:
        """What it takes, as `estimate` has it but for the packed multipliers."""
        return self.kind.resources(self.rows, self.cols)

    def cycles(self, limit: int | None) -> int | None:
        """Exact total cycles of the work that its kind was made for."""
        accelerator = self.kind.template.with_(rows=self.rows, cols=self.cols)
        return total_cycles(self.kind.work, accelerator, self.kind.device, limit)


def dense_arrays(
    work: Sequence[DenseWork],
    accelerator: Accelerator,
    device: Device,
    family: str,
    budget: Resources,
) -> Iterator[DenseArray]:
    """Arrays of all dense PEs, those that may be the fastest first; some exceed the budget.

    Args:
        work: of `dense_work`.
        accelerator: the sparse one, which gives the buffers.
        device: gives the DRAM bandwidth and how many MACs a multiplier block packs.
        family: prices them.
        budget: arrays with more multipliers or look-up tables are left out at once.
    """
    kinds = [
        _Kind(work, accelerator, device, family, budget, window, lanes)
        for window, lanes in dense_pes()
    ]
    sizes = [kind.sizes() for kind in kinds]
    owner = np.repeat(np.arange(len(kinds)), [len(rows) for rows, _, _ in sizes])
    rows, cols, seconds = (np.concatenate(parts) for parts in zip(*sizes, strict=True))
    for index in np.argsort(seconds, kind="stable").tolist():
        kind = kinds[owner[index]]
        yield DenseArray(kind, int(rows[index]), int(cols[index]), float(seconds[index]))


def _record(resources: Resources) -> model.Resources:
    return model.Resources(**asdict(resources))


class _Kind:
    """Dense arrays of one kind of PE beside one sparse accelerator, and what they take."""

    def __init__(
        self,
        work: Sequence[DenseWork],
        accelerator: Accelerator,
        device: Device,
        family: str,
        budget: Resources,
        window: int,
        lanes: int,
    ) -> None:
        self.work, self.device, self.budget = work, device, budget
        self.window, self.lanes = window, lanes
        depth = 2 * accelerator.feed_latency
        own = accelerator.array.model_dump()
        array = own | {"rows": 1, "cols": 1, "window": window, "lanes": lanes, "queue_depth": depth}
        template = dense_accelerator(accelerator, "inner_join", array, 1.0)
        self.clock_mhz, self.clock_source = dense_clock(accelerator, template, family)
        self.template = template.with_(clock_mhz=self.clock_mhz)
        fits_block = (
            accelerator.weight_bits <= _PACKED_WEIGHT_BITS
            and accelerator.act_bits <= _PACKED_ACT_BITS
        )
        self.packs = family == "xcup" and device.macs8_per_dsp >= 2 and fits_block
        pe, self.array, post, row, col = (part for part, _ in parts_of(self.template, family))
        self.pe, self.post = part_resources(pe), part_resources(post)
        self.row, self.col = part_resources(row), part_resources(col)
        self.row_bram36: dict[int, float] = {}
        self.column_bram36: dict[int, float] = {}
        self.pair = Resources()
        if self.packs:  # a multiplier less for each lane of a pair, sums in LUTs instead
            sums = Design("packed_sums", family, lanes=lanes, acc_bits=accelerator.acc_bits)
            self.pair = part_resources(sums) + Resources(dsp=-lanes)

    def pairs(self, rows: int, cols: int) -> int:
        """Pairs of PEs that share blocks: as many as blocks are lacking, at most all."""
        if not self.packs:
            return 0
        lacking = rows * cols * self.lanes + cols * self.post.dsp - self.budget.dsp
        return int(min(-(-max(lacking, 0) // self.lanes), rows // 2 * cols))

    def resources(self, rows: int, cols: int) -> Resources:
        """What so many rows and columns take."""
        return (
            self.pe * (rows * cols)
            + self.pair * self.pairs(rows, cols)
            + part_resources(replace(self.array, rows=rows, cols=cols))
            + self.post * cols
            + self.row * rows
            + self.col * cols
            + Resources(bram36=self._buffers(rows, cols))
        )

    def _buffers(self, rows: int, cols: int) -> float:
        if rows not in self.row_bram36:
            self.row_bram36[rows] = row_bram36(self.template, rows)
        if cols not in self.column_bram36:
            self.column_bram36[cols] = column_bram36(self.template, cols)
        return self.row_bram36[rows] + self.column_bram36[cols]

    def sizes(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Rows, columns and least seconds of all arrays that may fit."""
        most_rows = min(_MOST_LINES, max(item.geometry.filters for item in self.work))
        most_cols = min(_MOST_LINES, max(item.geometry.positions for item in self.work))
        columns = np.arange(1, most_cols + 1)
        # At least: every PE its look-up tables, every lane, or two of a pair, a multiplier.
        lut = (self.budget.lut - (self.col.lut + self.post.lut) * columns) / (
            self.row.lut + self.pe.lut * columns
        )
        blocks = (self.budget.dsp - self.post.dsp * columns) / (columns * self.lanes)
        if self.packs:
            blocks = 2 * blocks + 1
        most = np.clip(np.minimum(lut, blocks), 0, most_rows).astype(np.int64)
        cols = np.repeat(columns, most)
        rows = np.arange(len(cols)) - np.repeat(np.cumsum(most) - most, most) + 1
        bits_per_cycle = float(dram_bits_per_cycle(self.device, self.template))
        least = least_cycles(self.work, self.template, rows, cols, bits_per_cycle)
        return rows, cols, least / (self.clock_mhz * 1e6)
