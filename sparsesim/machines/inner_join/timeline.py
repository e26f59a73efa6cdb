"""When each PE ends its work on each window of a pass, by docs/machines/inner_join.md.

For finding where the Verilog leaves the model, window by window. Cycles and classes of whole layers
come from `counting.py`, a hundred times faster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.timeline import Tile, Timeline


def timeline(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    scheme: Scheme,
    array: InnerJoinArray,
    drains: bool = True,
) -> Timeline:
    """Run the recurrence; see `Machine.timeline`. The ends are by row and column.

    Source: docs/machines/inner_join.md, "Cycles of a pass", whose names these are.
    """
    rows, cols = array.rows, array.cols
    depth, latency = array.queue_depth, array.feed_latency
    tiles = tile_order(len(weights), len(activations), array)
    windows = -(-weights.shape[1] // array.window)
    ends = np.empty((len(tiles) * windows, rows, cols), dtype=np.int64)
    # One cycle before the first of each: -1, which bounds nothing.
    push_w, push_a = np.full((rows, 1), -1), np.full((1, cols), -1)
    last = np.full((rows, cols), -1)
    drained = np.full((rows, cols), -1)  # of each PE, its last active tile's result
    drain = np.full(cols, -1)  # the last one of each column
    for number, tile in enumerate(tiles):
        service, active = _service(activations, weights, scheme, array, tile)
        for k in range(windows):
            w = number * windows + k
            push_w, push_a = push_w + 1, push_a + 1
            if w >= depth:
                known = ends[w - depth] + latency
                push_w = np.maximum(push_w, known.max(axis=1, keepdims=True))
                push_a = np.maximum(push_a, known.max(axis=0, keepdims=True))
            start = np.maximum(np.maximum(push_w, push_a) + latency, last + 1)
            if drains and k == windows - 1:
                start = np.where(active, np.maximum(start, drained + 1), start)
            last = ends[w] = start + service[k] - 1
        if drains:
            for i in range(rows):
                due = np.maximum(drain + 1, last[i] + array.pe_latency)
                drain = np.where(active[i], due, drain)
                drained[i] = np.where(active[i], drain, drained[i])
    cycles = int((drain if drains else last).max()) + 1
    return Timeline(
        cycles,
        tiles,
        ends.reshape(len(tiles), windows, rows, cols),
        place="PE",
        step="window",
        last_waits_for="the drain of the PE's last result",
    )


def tile_order(filters: int, positions: int, array: InnerJoinArray) -> tuple[Tile, ...]:
    """The tiles of a pass of that many filters and positions, in order, counted from (0, 0)."""
    along_filters = range(-(-filters // array.rows))
    along_positions = range(-(-positions // array.cols))
    if array.loop_order == "positions_inner":
        return tuple((m, p) for m in along_filters for p in along_positions)
    return tuple((m, p) for p in along_positions for m in along_filters)


def _service(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    scheme: Scheme,
    array: InnerJoinArray,
    tile: Tile,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cycles of work, (windows, rows, cols), and which PEs are active, (rows, cols)."""
    act, columns = _mask(activations, tile[1], array.cols, array.window)
    weight, lines = _mask(weights, tile[0], array.rows, array.window)
    reduction = weights.shape[1]
    if "activation" not in scheme.skips:
        act = np.ones_like(act)
    if "weight" not in scheme.skips:
        weight = np.ones_like(weight)
    # Where nothing is skipped, behind K there are no pairs all the same.
    act[-1, :, (reduction - 1) % array.window + 1 :] = 0
    pairs = weight @ np.swapaxes(act, 1, 2)  # at most 64: exact
    active = lines[:, None] & columns[None, :]
    cycles = np.maximum(1, -(-pairs.astype(np.int64) // array.lanes))
    return np.where(active, cycles, 1), active


def _mask(
    values: NDArray[np.int16], tile: int, lines: int, window: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """1 where not zero, (windows, lines, window), and which lines exist in the tile."""
    part = values[tile * lines : (tile + 1) * lines]
    windows = -(-values.shape[1] // window)
    mask = np.zeros((lines, windows * window), dtype=np.float32)
    mask[: len(part), : values.shape[1]] = part != 0
    exist = np.arange(lines) < len(part)
    return np.ascontiguousarray(np.swapaxes(mask.reshape(lines, windows, window), 0, 1)), exist
