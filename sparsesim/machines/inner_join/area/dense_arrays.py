"""Dense arrays of `inner_join` beside another accelerator, by the least time that each needs.

PEs without skipping, of every window and number of lanes that was placed, two windows a queue for
each cycle of feed latency (which is what keeps them fed), and post-processing a column. Feed
latency and loop order are those of the compared accelerator where it has them.

Where a multiplier block can pack two 8-bit MACs (DSP48E2), the dense array packs as many pairs of
PEs as it lacks blocks for: two rows share an activation. Both products fit side by side, 17 bits in
fields of 18, but no sum does, so the sums of a pair lie in LUTs, and these are counted.

Source: docs/machines/inner_join.md, "Area, clock and its dense arrays"; WP486, Deep Learning with
INT8 Optimization on Xilinx Devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.common import decoder, postprocess
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.dense import total_cycles
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.machines.inner_join.area import array as array_model
from sparsesim.machines.inner_join.area import packed_sums
from sparsesim.machines.inner_join.area import pe as pe_model
from sparsesim.machines.inner_join.area.bounds import least_cycles
from sparsesim.machines.inner_join.area.buffers import column_bram36, row_bram36
from sparsesim.machines.inner_join.area.clock import dense_pes
from sparsesim.machines.inner_join.area.packed_sums import PackedSums
from sparsesim.machines.inner_join.area.parts import pe_of, postprocess_of, surround_of
from sparsesim.machines.inner_join.parameters import MOST_LINES, PLACED_FEED_LATENCY, InnerJoinArray
from sparsesim.spec import Accelerator
from sparsesim.spec.device import dram_bits_per_cycle

# Widest operands of two products in one DSP48E2: weights side by side in 27 bits, products of 17
# bits in fields of 18.
_PACKED_WEIGHT_BITS, _PACKED_ACT_BITS = 8, 9


@dataclass(frozen=True)
class InnerJoinDense:
    """Rows and columns of dense PEs of one kind: see `sparsesim.area.rivalry.DenseArray`."""

    kind: _Kind
    rows: int
    cols: int
    least_seconds: float

    @property
    def accelerator(self) -> Accelerator:
        """It, at its own clock."""
        return self.kind.template.with_(rows=self.rows, cols=self.cols)

    @property
    def clock_mhz(self) -> float:
        """That of its kind."""
        return self.kind.template.clock_mhz

    @property
    def clock_source(self) -> str:
        """That of its kind."""
        return self.kind.clock_source

    @property
    def packed_pairs(self) -> int:
        """Pairs of PEs that share multiplier blocks."""
        return self.kind.pairs(self.rows, self.cols)

    def resources(self) -> Resources:
        """What it takes, as its parts have it but for the packed multipliers."""
        return self.kind.resources(self.rows, self.cols)

    def cycles(self, limit: int | None) -> int | None:
        """Exact total cycles of the rivalry's work."""
        work, device = self.kind.rivalry.work, self.kind.rivalry.device
        least = self.kind.least_of_each(self.rows, self.cols)
        return total_cycles(work, self.accelerator, device, limit, least)


def dense_arrays(rivalry: Rivalry) -> Iterator[InnerJoinDense]:
    """Arrays of all dense PEs, those that may be the fastest first; some exceed the budget."""
    kinds = [_Kind(rivalry, window, lanes) for window, lanes in dense_pes()]
    sizes = [kind.sizes() for kind in kinds]
    owner = np.repeat(np.arange(len(kinds)), [len(rows) for rows, _, _ in sizes])
    rows, cols, seconds = (np.concatenate(parts) for parts in zip(*sizes, strict=True))
    for index in np.argsort(seconds, kind="stable").tolist():
        kind = kinds[owner[index]]
        yield InnerJoinDense(kind, int(rows[index]), int(cols[index]), float(seconds[index]))


def dense_template(accelerator: Accelerator, window: int, lanes: int) -> Accelerator:
    """A dense PE of a window and lanes beside an accelerator of any machine, at 1 MHz."""
    given = accelerator.array
    placed = InnerJoinArray(feed_latency=PLACED_FEED_LATENCY)
    own = given if isinstance(given, InnerJoinArray) else placed
    size = {"rows": 1, "cols": 1, "window": window, "lanes": lanes}
    array = own.model_dump() | size | {"queue_depth": 2 * own.feed_latency}
    return dense_accelerator(accelerator, "inner_join", array, 1.0)


class _Kind:
    """Dense arrays of one kind of PE in a rivalry, and what they take."""

    def __init__(self, rivalry: Rivalry, window: int, lanes: int) -> None:
        self.rivalry, self.lanes = rivalry, lanes
        accelerator, family = rivalry.accelerator, rivalry.family
        template = dense_template(accelerator, window, lanes)
        clock_mhz, self.clock_source = rivalry.clock_of(template)
        self.template = template.with_(clock_mhz=clock_mhz)
        self.bits_per_cycle = float(dram_bits_per_cycle(rivalry.device, self.template))
        fits_block = (
            accelerator.weight_bits <= _PACKED_WEIGHT_BITS
            and accelerator.act_bits <= _PACKED_ACT_BITS
        )
        self.packs = family == "xcup" and rivalry.device.macs8_per_dsp >= 2 and fits_block
        self.surround = surround_of(self.template, family)
        self.pe = pe_model.MODEL.resources(pe_of(self.template, family))
        self.post = postprocess.MODEL.resources(postprocess_of(self.template, family))
        self.row, self.col = (
            decoder.MODEL.resources(Decoder(family, window, bits))
            for bits in (accelerator.weight_bits, accelerator.act_bits)
        )
        self.row_bram36: dict[int, float] = {}
        self.column_bram36: dict[int, float] = {}
        self.pair = Resources()
        if self.packs:  # a multiplier less for each lane of a pair, sums in LUTs instead
            sums = PackedSums(family, lanes, accelerator.acc_bits)
            self.pair = packed_sums.MODEL.resources(sums) + Resources(dsp=-lanes)

    def pairs(self, rows: int, cols: int) -> int:
        """Pairs of PEs that share blocks: as many as blocks are lacking, at most all."""
        if not self.packs:
            return 0
        lacking = rows * cols * self.lanes + cols * self.post.dsp - self.rivalry.budget.dsp
        return int(min(-(-max(lacking, 0) // self.lanes), rows // 2 * cols))

    def resources(self, rows: int, cols: int) -> Resources:
        """What so many rows and columns take."""
        return (
            self.pe * (rows * cols)
            + self.pair * self.pairs(rows, cols)
            + array_model.MODEL.resources(replace(self.surround, rows=rows, cols=cols))
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
        work, budget = self.rivalry.work, self.rivalry.budget
        most_rows = min(MOST_LINES, max(item.geometry.filters for item in work))
        most_cols = min(MOST_LINES, max(item.geometry.positions for item in work))
        columns = np.arange(1, most_cols + 1)
        # At least: every PE its look-up tables, every lane, or two of a pair, a multiplier.
        lut = (budget.lut - (self.col.lut + self.post.lut) * columns) / (
            self.row.lut + self.pe.lut * columns
        )
        blocks = (budget.dsp - self.post.dsp * columns) / (columns * self.lanes)
        if self.packs:
            blocks = 2 * blocks + 1
        most = np.clip(np.minimum(lut, blocks), 0, most_rows).astype(np.int64)
        cols = np.repeat(columns, most)
        rows = np.arange(len(cols)) - np.repeat(np.cumsum(most) - most, most) + 1
        least = least_cycles(work, self.template, rows, cols, self.bits_per_cycle)
        return rows, cols, least / (self.template.clock_mhz * 1e6)

    def least_of_each(self, rows: int, cols: int) -> list[float]:
        """Cycles that each item of the work takes at least on so many rows and columns."""
        size = np.array(rows), np.array(cols)
        return [
            float(least_cycles([item], self.template, *size, self.bits_per_cycle))
            for item in self.rivalry.work
        ]
