"""Cycles and classes of passes on the inner-join array, by docs/machines/inner_join.md.

The recurrence itself runs in `kernels.py`. Here stands what it is run on: which operands set the
service times under each scheme, which passes are equal and so counted once, how wide the vectors'
lanes must be, and how sums of PE-cycles become classes of lane-slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.columns import GROUP, K0, K1, M0, M1, P0, P1
from sparsesim.machines.counted import Counted
from sparsesim.machines.inner_join.columns import (
    BUSY,
    CYCLES,
    EFFECTUAL,
    INEFFECTUAL,
    OPERAND_WAIT,
    UNUSED,
    WAITS,
)
from sparsesim.machines.inner_join.operands import Windows, cut_windows, window_cycles
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme

VECTOR_BITS = 512
_LINE_BYTES = 64
_FLOORS = {np.int16: -28_000, np.int32: -(2**30)}
_LIMITS = {np.int16: 8_000, np.int32: 2**28}

# Which operands' bits set service times.
_ACTIVATIONS, _WEIGHTS, _BOTH = 1, 2, 3
# What each operand asks cycles for, activations then weights, by what is skipped; see
# `window_cycles`. Where both are skipped the kernel looks at masks.
_ASKED = {
    0: ("all", "nothing"),
    _ACTIVATIONS: ("ones", "nothing"),
    _WEIGHTS: ("nothing", "ones"),
}


def prepare(role: str, words: NDArray[np.uint64], reduction: int, array: InnerJoinArray) -> Windows:
    """Lay an operand out: a tile's lines side by side, filled up to what kernels take at once."""
    tile, most = (array.cols, 32) if role == "activation" else (array.rows, 16)
    return cut_windows(words, reduction, array.window, tile, _filled(tile, most))


def count(
    activations: Windows,
    weights: Windows,
    passes: Passes,
    pairs: Pairs,
    scheme: Scheme,
    array: InnerJoinArray,
) -> Counted:
    """Cycles of passes and where they went; releases the GIL, so threads can share the work.

    Args:
        activations, weights: of `prepare`, for the same `cols` or `rows` and the same `window`.
        passes: filters m0 a multiple of rows, m1 too or all filters, positions likewise with
            columns, elements with windows. A pass that does not drain is one tile and ends with
            its last work.
        pairs: `count_pairs` of the same passes.
        scheme: whatever the accelerator's own is.
        array: its parameters.
    """
    sums = _sums(activations, weights, passes, scheme, array)
    multiplied = pairs.left(scheme.skips)
    slots = np.empty((len(sums.cycles), 7), dtype=np.int64)
    slots[:, EFFECTUAL] = pairs.effectual
    slots[:, INEFFECTUAL] = multiplied - pairs.effectual
    slots[:, UNUSED] = sums.busy * array.lanes - multiplied
    slots[:, WAITS:] = sums.others * array.lanes
    filters, positions, elements = passes.filters, passes.positions, passes.elements
    row_tiles, column_tiles = -(-filters // array.rows), -(-positions // array.cols)
    return Counted(
        cycles=sums.cycles,
        slots=slots,
        multiplied=multiplied,
        # A tile's columns read their strings once for each row tile, its rows once for each column
        # tile.
        read_activations=row_tiles * positions * elements,
        read_weights=column_tiles * filters * elements,
        paces={"drain": filters * column_tiles * passes.drains},  # a column's results
    )


def longest_pass_windows(passes: Passes, array: InnerJoinArray) -> int:
    """Windows of the longest pass: those of a tile, tile after tile."""
    tiles = -(-passes.filters // array.rows) * -(-passes.positions // array.cols)
    return int((tiles * -(-passes.elements // array.window)).max())


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the kernel gives of n passes: PE-cycles, but for `cycles`.

    Attributes:
        cycles, busy: shape (n,).
        others: shape (n, 4): operand_wait, drain_wait, inactive, fill_drain.
    """

    cycles: NDArray[np.int64]
    busy: NDArray[np.int64]
    others: NDArray[np.int64]


def _sums(
    activations: Windows, weights: Windows, passes: Passes, scheme: Scheme, array: InnerJoinArray
) -> _Sums:
    from sparsesim.machines.inner_join.kernels import count_passes

    matters = _ACTIVATIONS * ("activation" in scheme.skips) + _WEIGHTS * ("weight" in scheme.skips)
    groups, tiles = activations.masks.shape[:2]
    steps = groups // len(weights.masks)
    table = passes.over_steps(steps, tiles * array.cols).table.copy()
    table[:, K0] //= array.window  # from here on in windows
    table[:, K1] = -(-table[:, K1] // array.window)
    distinct, back = _distinct(table, matters)
    act, weight = activations.masks, weights.masks
    lanes = min(array.lanes, array.window)
    if matters in _ASKED:
        of_activations, of_weights = _ASKED[matters]
        act = window_cycles(activations, of_activations, lanes)
        weight = window_cycles(weights, of_weights, lanes)
    plan = _plan(activations, weights, array)
    scratch = np.empty(2 * plan.state_size + _LINE_BYTES, dtype=plan.lane)
    scratch = scratch[-scratch.ctypes.data % _LINE_BYTES // scratch.itemsize :]
    sums = np.empty((len(distinct), 6), dtype=np.int64)
    count_passes(
        act.reshape(-1),
        weight.reshape(-1),
        distinct,
        matters,
        plan.sizes,
        (
            (plan.lane(0),) * plan.shape,
            (0,) * plan.tree,
            (0,) * activations.masks.shape[3],
            (lanes - 1, -(-65536 // lanes)) if lanes > 1 else (),
        ),
        scratch[: 2 * plan.state_size],
        sums,
    )
    found = sums[back]
    return _Sums(found[:, CYCLES], found[:, BUSY], found[:, OPERAND_WAIT:])


@dataclass(frozen=True)
class _Plan:
    """How the kernel lays the array out.

    Attributes:
        lane: int16 or int32, the type of times.
        shape: log2 of the array's columns in a vector.
        tree: log2 of the rows whose maxima are found together.
        state_size: elements of the kernel's state.
        sizes: what array/kernels.py numbers.
    """

    lane: type[np.int16] | type[np.int32]
    shape: int
    tree: int
    state_size: int
    sizes: NDArray[np.int64]


def _filled(lines: int, most: int) -> int:
    """Lines of a tile with those that fill vectors up: 8, 16, ... to `most`, then multiples."""
    power = max(8, 1 << (lines - 1).bit_length())
    return power if power <= most else -(-lines // most) * most


def _plan(activations: Windows, weights: Windows, array: InnerJoinArray) -> _Plan:
    cols, rows = activations.masks.shape[4], weights.masks.shape[4]
    depth, window = array.queue_depth, array.window
    # One window moves the latest time on by `step` at most, the end of a tile by `end` more: a PE
    # waits for the results of its column. A PE is at most 2 * depth windows behind another, and the
    # rings hold times of depth windows before. A vector's lane sums up, over the array, what PEs
    # work in one window and what they wait for at one tile's end.
    step = window + 2 * array.feed_latency
    end = array.pe_latency + 2 * array.rows + 2
    spread = (3 * depth + 3) * (step + end)
    vectors = rows * cols // (VECTOR_BITS // 16)
    waited = vectors * (depth * (step + end) + end)
    narrow = max(spread, vectors * window, waited // 4) < _LIMITS[np.int16]
    lane = np.int16 if narrow else np.int32
    width = VECTOR_BITS // (16 if narrow else 32)
    columns = min(cols, width)
    chunk = _LIMITS[lane] // max(step, rows * cols // width * window)
    edge = cols * width // columns
    row_edge = -(-rows // width) * width
    sizes = (
        array.rows,
        array.cols,
        depth,
        array.feed_latency,
        array.pe_latency,
        array.loop_order == "positions_inner",
        rows,
        cols,
        row_edge,
        chunk,
        _LIMITS[lane],
        _FLOORS[lane],
        activations.masks.shape[1] * (activations.masks.shape[0] // len(weights.masks)),
        weights.masks.shape[1],
        activations.masks.shape[2],
    )
    tops = rows * columns if cols > columns else 0
    return _Plan(
        lane=lane,
        shape=columns.bit_length() - 1,
        tree=3 if rows == 8 else 4,
        state_size=2 * rows * cols
        + 2 * edge
        + row_edge
        + depth * (edge + row_edge)
        + tops * width // columns,
        sizes=np.array(sizes, dtype=np.int64),
    )


def _distinct(
    passes: NDArray[np.int64], matters: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Passes that a scheme can tell apart, and for each pass which of them it equals."""
    # Where both matter no two passes are of the same filters and positions.
    if matters == _BOTH or len(passes) == 1:
        return passes, np.arange(len(passes))
    keys = passes.copy()
    if not matters:
        keys[:, GROUP] = 0
    if not matters & _ACTIVATIONS:
        keys[:, P1] -= keys[:, P0]
        keys[:, P0] = 0
    if not matters & _WEIGHTS:
        keys[:, M1] -= keys[:, M0]
        keys[:, M0] = 0
    seen: dict[bytes, int] = {}
    first: list[int] = []
    back: list[int] = []
    for index, key in enumerate(keys):
        number = seen.setdefault(key.tobytes(), len(seen))
        back.append(number)
        if number == len(first):
            first.append(index)
    return passes[first], np.array(back)
