"""The inner-join array as a datapath: cycles and classes of passes, by docs/model.md.

The recurrence itself runs in `kernels.py`. Here stands what it is run on: which operands set the
service times under each scheme, which passes are equal and so counted once, how wide the vectors'
lanes must be, and how sums of PE-cycles become classes of lane-slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.datapath.inner_join.operands import Windows, cut_windows, window_cycles
from sparsesim.datapath.pairs import Pairs
from sparsesim.datapath.steps import over_steps
from sparsesim.spec.accelerator import Accelerator

VECTOR_BITS = 512
_LINE_BYTES = 64
_FLOORS = {np.int16: -28_000, np.int32: -(2**30)}
_LIMITS = {np.int16: 8_000, np.int32: 2**28}

# Which operands' bits set service times: 1 activations, 2 weights.
_MATTERS = {"none": 0, "activation": 1, "weight": 2, "two_sided": 3}
# What each operand asks cycles for, activations then weights; see `window_cycles`.
_ASKED = {
    "none": ("all", "nothing"),
    "activation": ("ones", "nothing"),
    "weight": ("nothing", "ones"),
}


class InnerJoin:
    """The datapath `inner_join`."""

    def prepare_activations(
        self, words: NDArray[np.uint64], reduction: int, accelerator: Accelerator
    ) -> Windows:
        """Lay activations out for `count_passes`; depends on `cols` and `window` alone.

        Args:
            words: operand bits, shape ([groups,] positions, words of K bits and one more).
            reduction: K.
            accelerator: the machine.
        """
        cols = accelerator.cols
        return cut_windows(words, reduction, accelerator.window, cols, _filled(cols, 32))

    def prepare_weights(
        self, words: NDArray[np.uint64], reduction: int, accelerator: Accelerator
    ) -> Windows:
        """Lay weights out for `count_passes`; depends on `rows` and `window` alone.

        Args:
            words: operand bits, shape ([groups,] filters, words of K bits and one more).
            reduction: K.
            accelerator: the machine.
        """
        rows = accelerator.rows
        return cut_windows(words, reduction, accelerator.window, rows, _filled(rows, 16))

    def count_passes(
        self,
        activations: Windows,
        weights: Windows,
        passes: NDArray[np.int64],
        pairs: Pairs,
        skipping: str,
        accelerator: Accelerator,
    ) -> NDArray[np.int64]:
        """Cycles of passes and where they went; releases the GIL, so threads can share the work.

        Args:
            activations: of `prepare_activations`, for the same `cols` and `window`.
            weights: of `prepare_weights`, for the same `rows` and `window`; each of its groups
                serves as many of the activations, one behind the other, as there are more.
            passes: shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains. Filters m0 to m1 (m0 a
                multiple of rows, m1 too or all filters), positions likewise with columns, windows
                w0 to w1. A pass with drains = 0 is one tile and ends with its last work.
            pairs: `count_pairs` of the same passes.
            skipping: the scheme, whatever the accelerator's own is.
            accelerator: the machine.
        Returns:
            int64, shape (n, 8): cycles, then lane-slots in the order of `CLASSES`.
        """
        from sparsesim.datapath.inner_join.kernels import count_passes

        matters = _MATTERS[skipping]
        groups, tiles = activations.masks.shape[:2]
        steps = groups // len(weights.masks)
        moved = over_steps(passes, steps, tiles * accelerator.cols)
        distinct, back = _distinct(moved, matters)
        act, weight = activations.masks, weights.masks
        lanes = min(accelerator.lanes, accelerator.window)
        if skipping in _ASKED:
            act = window_cycles(activations, _ASKED[skipping][0], lanes)
            weight = window_cycles(weights, _ASKED[skipping][1], lanes)
        plan = _plan(activations, weights, accelerator)
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
        return _classes(sums[back], pairs, skipping, accelerator.lanes)

    def drain_cycles(
        self, passes: NDArray[np.int64], accelerator: Accelerator
    ) -> NDArray[np.int64]:
        """Cycles that results take to leave: each column passes one a cycle.

        Args:
            passes: as for `count_passes`.
            accelerator: the machine.
        Returns:
            int64, shape (n,): a column's results; 0 where a pass ends no tile.
        """
        _, m0, m1, p0, p1, _, _, drains = passes.T
        return (m1 - m0) * -(-(p1 - p0) // accelerator.cols) * drains


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


def _plan(activations: Windows, weights: Windows, accelerator: Accelerator) -> _Plan:
    cols, rows = activations.masks.shape[4], weights.masks.shape[4]
    depth, window = accelerator.queue_depth, accelerator.window
    # One window moves the latest time on by `step` at most, the end of a tile by `end` more: a PE
    # waits for the results of its column. A PE is at most 2 * depth windows behind another, and the
    # rings hold times of depth windows before. A vector's lane sums up, over the array, what PEs
    # work in one window and what they wait for at one tile's end.
    step = window + 2 * accelerator.feed_latency
    end = accelerator.pe_latency + 2 * accelerator.rows + 2
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
        accelerator.rows,
        accelerator.cols,
        depth,
        accelerator.feed_latency,
        accelerator.pe_latency,
        accelerator.loop_order == "positions_inner",
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
    if matters == 3:  # no two passes are of the same filters and positions
        return passes, np.arange(len(passes))
    keys = passes.copy()
    if not matters:
        keys[:, 0] = 0
    if not matters & 1:
        keys[:, 4] -= keys[:, 3]
        keys[:, 3] = 0
    if not matters & 2:
        keys[:, 2] -= keys[:, 1]
        keys[:, 1] = 0
    seen: dict[bytes, int] = {}
    first: list[int] = []
    back: list[int] = []
    for index, key in enumerate(keys):
        number = seen.setdefault(key.tobytes(), len(seen))
        back.append(number)
        if number == len(first):
            first.append(index)
    return passes[first], np.array(back)


def _classes(sums: NDArray[np.int64], pairs: Pairs, skipping: str, lanes: int) -> NDArray[np.int64]:
    """Cycles and lane-slots by class from the kernel's PE-cycles."""
    multiplied = {
        "none": pairs.all,
        "activation": pairs.activation,
        "weight": pairs.weight,
        "two_sided": pairs.effectual,
    }[skipping]
    found = np.empty((len(sums), 8), dtype=np.int64)
    found[:, 0] = sums[:, 0]
    found[:, 1] = pairs.effectual
    found[:, 2] = multiplied - pairs.effectual
    found[:, 3] = sums[:, 1] * lanes - multiplied
    found[:, 4:] = sums[:, 2:] * lanes
    return found
