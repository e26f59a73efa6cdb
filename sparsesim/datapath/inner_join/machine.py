"""The inner-join array as a datapath: cycles and classes of passes, by DESIGN section 3.

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
from sparsesim.spec.accelerator import Accelerator

VECTOR_BITS = 512
FLOORS = {np.int16: -28_000, np.int32: -(2**30)}
LIMITS = {np.int16: 8_000, np.int32: 2**28}

# By scheme: what each operand counts where it alone sets a PE's cycles (activations, weights), and
# the columns of a pass that make it equal to another: sizes "M" and "P" or the very lines "m", "p".
_GIVEN = {
    "none": ("all", "nothing"),
    "activation": ("ones", "nothing"),
    "weight": ("nothing", "ones"),
}
_SAME = {"none": "MP", "activation": "Mp", "weight": "mP", "two_sided": "mp"}


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
            weights: of `prepare_weights`, for the same `rows` and `window`.
            passes: shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains. Filters m0 to m1 (m0 a
                multiple of rows, m1 too or all filters), positions likewise with columns, windows
                w0 to w1. A pass with drains = 0 is one tile and ends with its last work.
            pairs: `count_pairs` of the same passes.
            skipping: the scheme, whatever the accelerator's own is.
            accelerator: the machine.
        Returns:
            int64, shape (n, 8): cycles, then lane-slots in the order of `CLASSES`.
        """
        from sparsesim.datapath.inner_join.kernels import count_cycles

        kept, back = _distinct(passes, skipping)
        lanes = min(accelerator.lanes, accelerator.window)
        if skipping == "two_sided":
            act, weight, parts = activations.masks, weights.masks, activations.masks.shape[3]
        else:
            of_act, of_weight = _GIVEN[skipping]
            act = window_cycles(activations, of_act, lanes)
            weight = window_cycles(weights, of_weight, lanes)
            parts = 0
        plan = _plan(activations, weights, accelerator)
        state = np.empty(plan.state_size + 64, dtype=plan.lane)
        first = -state.ctypes.data % 64 // state.itemsize
        sums = np.empty((len(kept), 6), dtype=np.int64)
        count_cycles(
            act.reshape(-1),
            weight.reshape(-1),
            kept,
            plan.sizes,
            (plan.lane(0),) * plan.columns,
            (0,) * plan.tree_rows,
            (0,) * parts,
            state[first : first + plan.state_size],
            sums,
        )
        return _classes(sums[back], pairs, skipping, accelerator.lanes)


@dataclass(frozen=True)
class _Plan:
    """How the kernel lays the array out.

    Attributes:
        lane: int16 or int32, the times' type.
        columns: array columns in a vector.
        tree_rows: rows whose maxima are found together.
        state_size: elements of the kernel's state.
        sizes: what kernels.py numbers.
    """

    lane: type[np.int16] | type[np.int32]
    columns: int
    tree_rows: int
    state_size: int
    sizes: NDArray[np.int64]


def _filled(lines: int, most: int) -> int:
    """Lines of a tile with those that fill vectors up: 8, 16, ... to `most`, then multiples."""
    power = max(8, 1 << (lines - 1).bit_length())
    return power if power <= most else -(-lines // most) * most


def _plan(activations: Windows, weights: Windows, accelerator: Accelerator) -> _Plan:
    cols, rows = activations.masks.shape[4], weights.masks.shape[4]
    # One window moves the latest time on by no more than `step`, the end of a tile by `end` more
    # (a PE waits for the results of its column at most), and no PE is more than 2 * queue_depth
    # windows behind another; the rings hold times that are queue_depth windows older.
    step = accelerator.window + 2 * accelerator.feed_latency
    end = accelerator.pe_latency + 2 * accelerator.rows + 2
    spread = (3 * accelerator.queue_depth + 3) * (step + end)
    vectors = rows * cols // (VECTOR_BITS // 16)
    narrow = max(spread, vectors * accelerator.window, vectors * end) < LIMITS[np.int16]
    lane = np.int16 if narrow else np.int32
    vectors = rows * cols // (VECTOR_BITS // 16 if narrow else VECTOR_BITS // 32)
    width = VECTOR_BITS // (16 if narrow else 32)
    columns = min(cols, width)
    chunk = min(LIMITS[lane] // step, LIMITS[lane] // (vectors * accelerator.window))
    edge = cols // columns * width
    ring = edge + rows
    state_size = 2 * rows * cols + 2 * edge + rows + accelerator.queue_depth * ring
    state_size += rows * columns if cols > columns else 0
    sizes = (
        accelerator.rows,
        accelerator.cols,
        accelerator.queue_depth,
        accelerator.feed_latency,
        accelerator.pe_latency,
        min(accelerator.lanes, accelerator.window),
        accelerator.loop_order == "positions_inner",
        activations.masks.shape[1],
        weights.masks.shape[1],
        activations.masks.shape[2],
        cols,
        rows,
        chunk,
        LIMITS[lane],
        FLOORS[lane],
    )
    return _Plan(lane, columns, 8 if rows == 8 else 16, state_size, np.array(sizes, dtype=np.int64))


def _distinct(
    passes: NDArray[np.int64], skipping: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Passes that a scheme can tell apart, and for each pass which of them it equals."""
    keys = passes.copy()
    same = _SAME[skipping]
    if "M" in same:
        keys[:, 2] -= keys[:, 1]
        keys[:, 1] = 0
    if "P" in same:
        keys[:, 4] -= keys[:, 3]
        keys[:, 3] = 0
    if same == "MP":
        keys[:, 0] = 0
    seen: dict[bytes, int] = {}
    first, back = [], []
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
