"""Dense arrays of `systolic` beside another accelerator, by the least time that each needs.

Both dataflows with overlapped preload, in the clock of their default arrays. Of rows and columns
that leave a layer as many folds only the fewest are tried: more of them take longer to fill and
cost more. No two products share a multiplier block, which sums that pass through it fill.

Source: docs/machines/systolic.md, "Area, clock and its dense arrays".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.opponent import fits
from sparsesim.area.priced_array import PricedArray
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.machines.systolic.area.bounds import Sizes, least_cycles
from sparsesim.machines.systolic.parameters import MOST_LINES, Dataflow, SystolicArray
from sparsesim.spec import Accelerator
from sparsesim.spec.device import dram_bits_per_cycle

Ints = NDArray[np.int64]

_TURNS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Cycles in which units take a position's results of all columns."""
_DEPTHS = (64, 128, 512)


def dense_arrays(rivalry: Rivalry) -> Iterator[PricedArray]:
    """Arrays of both dataflows, those that may be the fastest first; all fit the budget."""
    kinds = [_Kind(rivalry, dataflow) for dataflow in get_args(Dataflow)]
    owner = np.repeat(np.arange(len(kinds)), [len(kind.seconds) for kind in kinds])
    number = np.concatenate([np.arange(len(kind.seconds)) for kind in kinds])
    seconds = np.concatenate([kind.seconds for kind in kinds])
    for at in np.argsort(seconds, kind="stable").tolist():
        kind, index = kinds[owner[at]], int(number[at])
        if not kind.may_fit[index]:
            continue
        candidate = kind.array(index)
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

    def array(self, index: int) -> PricedArray:
        """One of them."""
        rows, cols, units, depth = (int(part[index]) for part in self.sizes.keys)
        dataflow = self.sizes.dataflow
        own = SystolicArray(rows=rows, cols=cols, units=units, depth=depth, dataflow=dataflow)
        return PricedArray(
            self.rivalry,
            self.template.with_(array=own),
            self.clock_source,
            float(self.seconds[index]),
            self._least_of_each,
        )

    def _least_of_each(self, one: Accelerator) -> list[float]:
        array, work = one.array, self.rivalry.work
        assert isinstance(array, SystolicArray)
        sizes = Sizes.of(array)
        return [float(least_cycles([item], one, sizes, self.bits_per_cycle)[0]) for item in work]

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
