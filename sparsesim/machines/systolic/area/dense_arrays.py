"""Dense arrays of `systolic` beside another accelerator, by the least time that each needs.

Both dataflows with overlapped preload, in the clock of their default arrays. Of rows and columns
that leave a layer as many folds only the fewest are tried: more of them take longer to fill and
cost more. No two products share a multiplier block, which sums that pass through it fill.

Source: docs/machines/systolic.md, "Area, clock and its dense arrays".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.dense import total_cycles
from sparsesim.area.opponent import fits
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.machines.systolic.area.bounds import Sizes, least_cycles
from sparsesim.machines.systolic.parameters import MOST_LINES, Dataflow, SystolicArray
from sparsesim.spec import Accelerator
from sparsesim.spec.device import dram_bits_per_cycle

Ints = NDArray[np.int64]

_TURNS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Cycles in which units take a position's results of all columns."""
_DEPTHS = (64, 128, 512)


@dataclass(frozen=True, eq=False)
class SystolicDense:
    """One of them: see `sparsesim.area.rivalry.DenseArray`."""

    kind: _Kind
    array: SystolicArray
    least_seconds: float

    @cached_property
    def accelerator(self) -> Accelerator:
        """It, at the clock of its dataflow."""
        return self.kind.template.with_(array=self.array)

    @property
    def clock_mhz(self) -> float:
        """That of its dataflow."""
        return self.kind.template.clock_mhz

    @property
    def clock_source(self) -> str:
        """That of its dataflow."""
        return self.kind.clock_source

    @property
    def packed_pairs(self) -> int:
        """None of its multipliers share a block."""
        return 0

    def resources(self) -> Resources:
        """What it takes, as its parts have it."""
        return self._resources

    def cycles(self, limit: int | None) -> int | None:
        """Exact total cycles of the rivalry's work."""
        rivalry, sizes = self.kind.rivalry, Sizes.of(self.array)
        least = [
            float(least_cycles([item], self.kind.template, sizes, self.kind.bits_per_cycle)[0])
            for item in rivalry.work
        ]
        return total_cycles(rivalry.work, self.accelerator, rivalry.device, limit, least)

    @cached_property
    def _resources(self) -> Resources:
        total = Resources()
        for part in self.accelerator.rules.parts(self.accelerator, self.kind.rivalry.family):
            total += part.resources * part.times
        return total


def dense_arrays(rivalry: Rivalry) -> Iterator[SystolicDense]:
    """Arrays of both dataflows, those that may be the fastest first; all fit the budget."""
    kinds = [_Kind(rivalry, dataflow) for dataflow in get_args(Dataflow)]
    owner = np.repeat(np.arange(len(kinds)), [len(kind.seconds) for kind in kinds])
    number = np.concatenate([np.arange(len(kind.seconds)) for kind in kinds])
    seconds = np.concatenate([kind.seconds for kind in kinds])
    for at in np.argsort(seconds, kind="stable").tolist():
        kind, index = kinds[owner[at]], int(number[at])
        if not kind.may_fit[index]:
            continue
        candidate = SystolicDense(kind, kind.array(index), float(seconds[at]))
        if fits(candidate.resources(), rivalry.budget):
            yield candidate
        else:
            kind.drop_larger(index)


class _Kind:
    """Dense arrays of one dataflow in a rivalry.

    Attributes:
        template: one of them, at the clock of all.
        sizes: of all that may fit by their multipliers.
        seconds: float64, that each takes at least.
        may_fit: bool, no smaller one was found not to fit.
    """

    def __init__(self, rivalry: Rivalry, dataflow: Dataflow) -> None:
        self.rivalry = rivalry
        template = dense_accelerator(rivalry.accelerator, "systolic", {"dataflow": dataflow}, 1.0)
        clock_mhz, self.clock_source = rivalry.clock_of(template)
        self.template = template.with_(clock_mhz=clock_mhz)
        self.bits_per_cycle = float(dram_bits_per_cycle(rivalry.device, self.template))
        self.sizes = _sizes(rivalry, dataflow)
        cycles = least_cycles(rivalry.work, self.template, self.sizes, self.bits_per_cycle)
        self.seconds = cycles / (clock_mhz * 1e6)
        self.may_fit = np.ones(len(cycles), bool)

    def array(self, index: int) -> SystolicArray:
        """One of them."""
        rows, cols, units, depth = (int(part[index]) for part in self.sizes.keys)
        dataflow = self.sizes.dataflow
        return SystolicArray(rows=rows, cols=cols, units=units, depth=depth, dataflow=dataflow)

    def drop_larger(self, index: int) -> None:
        """One does not fit, so none does that is as large in everything."""
        self.may_fit &= np.any([part < part[index] for part in self.sizes.keys], axis=0)


def _sizes(rivalry: Rivalry, dataflow: Dataflow) -> Sizes:
    shapes, most = [item.geometry for item in rivalry.work], int(rivalry.budget.dsp)
    keeps_weights = dataflow == "weight_stationary"
    rows = _fewest({one.reduction if keeps_weights else one.positions for one in shapes})
    cols = _fewest({one.filters for one in shapes})
    rows, cols = (part.reshape(-1) for part in np.meshgrid(rows, cols))
    rows, cols = rows[rows * cols <= most], cols[rows * cols <= most]
    longest = max(one.positions for one in shapes)
    parts, before = [], np.zeros_like(cols)
    for turns in _TURNS:
        units = -(-cols // turns)
        new, before = units != before, units
        for depth in _depths(longest) if keeps_weights else (1,):
            keys = rows[new], cols[new], units[new]
            parts.append(np.stack([*keys, np.full_like(keys[0], depth)]))
    return Sizes(dataflow, *np.concatenate(parts, axis=1))


def _fewest(lengths: Iterable[int]) -> Ints:
    """The fewest lines that cut some length into so many folds, of all numbers of folds."""
    found = [-(-length // np.arange(1, length + 1)) for length in lengths]
    lines = np.unique(np.concatenate(found))
    return lines[lines <= MOST_LINES]


def _depths(positions: int) -> tuple[int, ...]:
    """Those up to the first that holds all positions."""
    return tuple(d for i, d in enumerate(_DEPTHS) if i == 0 or _DEPTHS[i - 1] < positions)
