"""Dense arrays of `stream` beside another accelerator, by the least time that each needs.

Rows of plain entries, one of every element, that stream either operand; rows and lanes in steps of
a few percent, stores of several depths. Feed latency and stash are those of the compared
accelerator where it has them. Lanes share multiplier blocks where these can take two (DSP48E2) and
are too few for one each: cycles are the same, and sums in LUTs are what it costs.

Source: docs/machines/stream.md, "Area, clock and its dense arrays".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.area.common import postprocess_unit
from sparsesim.area.common.postprocess_unit import PostprocessUnit
from sparsesim.area.priced_array import PricedArray
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.machines.scheme import OPERANDS
from sparsesim.machines.stream.area.bounds import Sizes, least_cycles
from sparsesim.machines.stream.area.buffers import entries_bram36, words_bram36
from sparsesim.machines.stream.area.parts import round_bits, row_resources
from sparsesim.machines.stream.area.row import Row
from sparsesim.machines.stream.parameters import (
    MOST_LANES,
    MOST_ROWS,
    PLACED_FEED_LATENCY,
    StreamArray,
    can_share,
    operand_bits,
)
from sparsesim.spec import Accelerator
from sparsesim.spec.device import dram_bits_per_cycle

Ints = NDArray[np.int64]

_UNITS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_MOST_OF_A_UNIT = 16  # rows that share one; with more, results set the pace of most layers
_DEPTHS = (128, 256, 512)
_ROUNDED = 1.0  # look-up tables and half blocks of RAM are rounded when all is added up
_KEYS = ("rows", "lanes", "units", "depth", "stash", "lanes_per_dsp")


def dense_arrays(rivalry: Rivalry) -> Iterator[PricedArray]:
    """Arrays that stream weights, and that stream activations, those that may be the fastest
    first; some exceed the budget. None where the area of `stream` is not known."""
    templates = [dense_template(rivalry.accelerator, streams) for streams in OPERANDS]
    if not templates[0].rules.parts(templates[0], rivalry.family):
        return
    kinds = [_Kind(rivalry, template) for template in templates]
    seconds = np.concatenate([kind.seconds for kind in kinds])
    of_first = len(kinds[0].seconds)
    for index in np.argsort(seconds, kind="stable").tolist():
        kind = kinds[index >= of_first]
        yield kind.array(index - of_first if index >= of_first else index)


def dense_template(accelerator: Accelerator, streams: str) -> Accelerator:
    """A dense array that streams an operand beside an accelerator of any machine, at 1 MHz."""
    given = accelerator.array
    placed = StreamArray(feed_latency=PLACED_FEED_LATENCY)
    own = given if isinstance(given, StreamArray) else placed
    array = own.model_dump() | {"dense_streams": streams, "lanes_per_dsp": 1}
    return dense_accelerator(accelerator, "stream", array, 1.0)


def sizes_of(accelerator: Accelerator) -> Sizes:
    """One array as the bounds take it."""
    array = accelerator.array
    assert isinstance(array, StreamArray)
    table = np.array([[getattr(array, key) for key in _KEYS]], dtype=np.int64)
    return Sizes(table, array.feed_latency, array.dense_streams)


class _Kind:
    """Dense arrays of one orientation in a rivalry."""

    def __init__(self, rivalry: Rivalry, template: Accelerator) -> None:
        self.rivalry = rivalry
        clock_mhz, self.clock_source = rivalry.clock_of(template)
        self.template = template.with_(clock_mhz=clock_mhz)
        array = template.array
        assert isinstance(array, StreamArray)
        self.sizes = _that_may_fit(_sizes(array, rivalry, self.template), self.template, rivalry)
        self.bits_per_cycle = float(dram_bits_per_cycle(rivalry.device, self.template))
        least = least_cycles(rivalry.work, self.template, self.sizes, self.bits_per_cycle)
        self.seconds = least / (clock_mhz * 1e6)

    def array(self, index: int) -> PricedArray:
        """One of them."""
        keys = dict(zip(_KEYS, self.sizes.table[index].tolist(), strict=True))
        return PricedArray(
            self.rivalry,
            self.template.with_(**keys),
            self.clock_source,
            float(self.seconds[index]),
            self._least_of_each,
        )

    def _least_of_each(self, one: Accelerator) -> list[float]:
        sizes, work = sizes_of(one), self.rivalry.work
        return [float(least_cycles([item], one, sizes, self.bits_per_cycle)[0]) for item in work]


def _sizes(array: StreamArray, rivalry: Rivalry, template: Accelerator) -> Sizes:
    """All arrays that may fit; stashes are the least that a whole tile of K cut needs."""
    blocks = int(rivalry.budget.dsp)
    unit = PostprocessUnit(rivalry.family, template.acc_bits)
    of_a_unit = postprocess_unit.MODEL.resources(unit).dsp
    of_a_block = 2 if can_share(template, rivalry.family) else 1
    most = of_a_block * blocks
    found = [
        (rows, lanes, units, depth, stash, 1 if rows * lanes + taken <= blocks else 2)
        for lanes in _steps(min(most, MOST_LANES))
        for rows in _steps(min(most // lanes, MOST_ROWS))
        for units in _UNITS
        for taken in [units * of_a_unit]
        if units <= rows <= _MOST_OF_A_UNIT * units
        and rows * -(-lanes // of_a_block) + taken <= blocks
        for stash in [max(array.stash, _power_of_two(-(-lanes // rows)))]
        for depth in sorted({*_DEPTHS, array.depth})
    ]
    table = np.array(found, dtype=np.int64).reshape(-1, len(_KEYS))
    return Sizes(table, array.feed_latency, array.dense_streams)


def _that_may_fit(sizes: Sizes, template: Accelerator, rivalry: Rivalry) -> Sizes:
    """Those whose rows, units and buffers for themselves exceed no budget: a few rows and lines are
    priced for thousands of arrays, most of which need not be made."""
    family, budget = rivalry.family, rivalry.budget
    bits = *operand_bits(template), template.acc_bits

    def row(lanes: int, depth: int, stash: int, lanes_per_dsp: int, rounds: int) -> Resources:
        return row_resources(Row(family, lanes, depth, stash, rounds, *bits, lanes_per_dsp))

    rounds = _of_each(sizes.rows, round_bits)
    of_a_row = np.column_stack([sizes.table[:, [1, 3, 4, 5]], rounds.astype(np.int64)])
    most = of_a_row.max(axis=0, initial=0) + 1
    code = np.ravel_multi_index(tuple(of_a_row.T), tuple(most))
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    priced = [row(*keys) for keys in of_a_row[first].tolist()]
    lut, bram36 = (np.array([getattr(one, key) for one in priced]) for key in ("lut", "bram36"))
    unit = postprocess_unit.MODEL.resources(PostprocessUnit(family, template.acc_bits))
    luts = sizes.rows * lut[index] + sizes.units * unit.lut
    blocks = sizes.rows * bram36[index]
    blocks += _of_each(sizes.rows, lambda rows: entries_bram36(template, rows))
    blocks += _of_each(sizes.lanes, lambda lanes: words_bram36(template, lanes))
    fits = (luts <= budget.lut + _ROUNDED) & (blocks <= budget.bram36 + _ROUNDED)
    return replace(sizes, table=sizes.table[fits])


def _of_each(values: Ints, price: Callable[[int], float]) -> NDArray[np.float64]:
    """A price of each value; equal ones are priced once."""
    found, index = np.unique(values, return_inverse=True)
    return np.array([price(value) for value in found.tolist()])[index]


def _steps(most: int) -> list[int]:
    """Whole numbers up to 32, then in steps of a few percent."""
    found = list(range(1, min(most, 32) + 1))
    while found and found[-1] < most:
        step = max(1, 1 << (found[-1].bit_length() - 5))
        found.append(min(found[-1] + step, most))
    return found


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
