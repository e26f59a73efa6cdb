"""The iso-resource baseline: the best dense array in a sparse one's LUTs, DSPs and block RAM.

Dense means the plain dense PE (`SKIPPING = 0`, `WINDOW = 1`, two windows a queue for each cycle of
feed latency, which is what keeps it fed), dense formats, buffers of the same size with ports for
its own lines, and post-processing a column as the sparse array has it. Both sides are priced by the
same model (`estimate`).

Where a multiplier block can pack two 8-bit MACs (DSP48E2), the dense array packs as many pairs of
PEs as it lacks blocks for: two rows share an activation. Both products fit side by side, 17 bits in
fields of 18, but no sum does, so the sums of a pair lie in LUTs, and these are counted.

Source: docs/model.md, "Baselines"; WP486, Deep Learning with INT8 Optimization on Xilinx Devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.buffers import column_bram36, row_bram36
from sparsesim.area.clock import dense_clock_mhz
from sparsesim.area.dense import ROUNDING, DenseWork, dense_work, least_cycles, total_cycles
from sparsesim.area.estimate import estimate, parts_of
from sparsesim.area.model import part_resources
from sparsesim.area.resources import Resources
from sparsesim.area.table import Design
from sparsesim.errors import SpecError
from sparsesim.result import Result, model
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.trace import Trace

_MOST_LINES = 1024
_MOST_EXACT = 100
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
    clock_mhz, clock_source = dense_clock_mhz(accelerator, family)
    maker = _Maker(accelerator, device, family, clock_mhz)
    best: tuple[int, int, int] | None = None  # cycles, rows, columns
    tried, is_proven = 0, True
    for least, rows, cols in _promising(work, maker, budget):
        if best is not None and least * ROUNDING >= best[0]:
            break
        if tried == _MOST_EXACT:
            is_proven = False
            break
        tried += 1
        try:
            limit = best[0] if best else None
            cycles = total_cycles(work, maker.dense(rows, cols), device, limit)
        except SpecError:  # a tile of it does not fit the buffers
            continue
        if cycles is not None:
            best = (cycles, rows, cols)
    if best is None:
        return None
    cycles, rows, cols = best
    seconds = cycles / (clock_mhz * 1e6)
    sparse_seconds = sparse_cycles / (accelerator.clock_mhz * 1e6)
    return model.IsoResource(
        family=family,
        rows=rows,
        cols=cols,
        packed_pairs=maker.pairs(rows, cols, budget),
        clock_mhz=clock_mhz,
        clock_source=clock_source,
        cycles=cycles,
        seconds=seconds,
        sparse_seconds=sparse_seconds,
        speedup=seconds / sparse_seconds,
        used=_record(maker.resources(rows, cols, budget).rounded()),
        budget=_record(budget),
        is_proven=is_proven,
    )


def dense_accelerator(
    accelerator: Accelerator, rows: int, cols: int, clock_mhz: float
) -> Accelerator:
    """Plain dense PEs with the buffers and the DRAM of an accelerator.

    Args:
        accelerator: the sparse one.
        rows, cols: of the dense array.
        clock_mhz: of the dense array.
    """
    return accelerator.with_(
        name="dense",
        rows=rows,
        cols=cols,
        window=1,
        lanes=1,
        queue_depth=2 * accelerator.feed_latency,
        skipping="none",
        activation_format="dense",
        weight_format="dense",
        clock_mhz=clock_mhz,
    )


def _record(resources: Resources) -> model.Resources:
    return model.Resources(**asdict(resources))


class _Maker:
    """Dense arrays beside one sparse accelerator, and what they take."""

    def __init__(
        self, accelerator: Accelerator, device: Device, family: str, clock_mhz: float
    ) -> None:
        fits = (
            accelerator.weight_bits <= _PACKED_WEIGHT_BITS
            and accelerator.act_bits <= _PACKED_ACT_BITS
        )
        self.packs = family == "xcup" and device.macs8_per_dsp >= 2 and fits
        self.family = family
        self.template = dense_accelerator(accelerator, 1, 1, clock_mhz)
        self.bits_per_cycle = float(dram_bits_per_cycle(device, self.template))
        pe, self.array, post, row, col = (part for part, _ in parts_of(self.template, family))
        self.pe, self.post = part_resources(pe), part_resources(post)
        self.row, self.col = part_resources(row), part_resources(col)
        self.row_bram36: dict[int, float] = {}
        self.column_bram36: dict[int, float] = {}
        self.pair = Resources()
        if self.packs:  # one multiplier less for a pair, sums in LUTs instead
            sums = Design("packed_sums", family, acc_bits=accelerator.acc_bits)
            self.pair = part_resources(sums) + Resources(dsp=-1)

    def dense(self, rows: int, cols: int) -> Accelerator:
        """The dense accelerator of so many rows and columns."""
        return self.template.with_(rows=rows, cols=cols)

    def pairs(self, rows: int, cols: int, budget: Resources) -> int:
        """Pairs of PEs that share a block: as many as blocks are lacking, at most all."""
        if not self.packs:
            return 0
        lacking = rows * cols + cols * self.post.dsp - budget.dsp
        return int(min(max(lacking, 0), rows // 2 * cols))

    def resources(self, rows: int, cols: int, budget: Resources) -> Resources:
        """What it takes, as `estimate` has it but for the packed multipliers."""
        return (
            self.pe * (rows * cols)
            + self.pair * self.pairs(rows, cols, budget)
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

    def least_dsps(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.float64]:
        """Multiplier blocks of arrays with all pairs packed."""
        return (-(-rows // 2) if self.packs else rows) * cols + self.post.dsp * cols


def _promising(
    work: Sequence[DenseWork], maker: _Maker, budget: Resources
) -> Iterator[tuple[float, int, int]]:
    """(least cycles, rows, columns) of arrays that fit, the most promising first."""
    most_rows = min(_MOST_LINES, max(item.geometry.filters for item in work))
    most_cols = min(_MOST_LINES, max(item.geometry.positions for item in work))
    rows, cols = np.mgrid[1 : most_rows + 1, 1 : most_cols + 1].reshape(2, -1)
    fits = maker.least_dsps(rows, cols) <= budget.dsp  # quick to ask first
    rows, cols = rows[fits], cols[fits]
    least = least_cycles(work, rows, cols, maker.bits_per_cycle)
    for index in np.argsort(least, kind="stable"):
        size = int(rows[index]), int(cols[index])
        used = maker.resources(*size, budget)
        if used.lut <= budget.lut and used.dsp <= budget.dsp and used.bram36 <= budget.bram36:
            yield float(least[index]), *size
