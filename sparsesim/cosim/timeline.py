"""When each PE ends its work on each window of a pass, by the recurrence of docs/model.md.

For finding where the Verilog leaves the model, window by window. Cycles and classes of whole layers
come from `sparsesim.machines`, a hundred times faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.spec import Accelerator

Tile = tuple[int, int]
"""Its number along the filters and along the positions."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """A pass, cycle by cycle, as the model has it.

    Attributes:
        ends: int64, (rows, cols, windows of all tiles in order): the cycle in which each PE ends
            its work on each, those behind the pass's end too.
        cycles: of the pass.
    """

    ends: NDArray[np.int64]
    cycles: int


def tile_order(filters: int, positions: int, accelerator: Accelerator) -> list[Tile]:
    """The tiles of a pass of that many filters and positions, in order, counted from (0, 0)."""
    along_filters = range(-(-filters // accelerator.rows))
    along_positions = range(-(-positions // accelerator.cols))
    if accelerator.loop_order == "positions_inner":
        return [(m, p) for m in along_filters for p in along_positions]
    return [(m, p) for p in along_positions for m in along_filters]


def model_ends(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    accelerator: Accelerator,
    drains: bool = True,
) -> NDArray[np.int64]:
    """`ends` of `model_timeline`."""
    return model_timeline(activations, weights, accelerator, drains).ends


def model_timeline(
    activations: NDArray[np.int16],
    weights: NDArray[np.int16],
    accelerator: Accelerator,
    drains: bool = True,
) -> Timeline:
    """Run the recurrence.

    Args:
        activations: (positions, K); weights: (filters, K); only which are zero matters.
        accelerator: the machine.
        drains: whether the pass ends its tiles; one that does not is a single tile.
    Source: docs/model.md, "Cycles of a pass", whose names these are.
    """
    rows, cols = accelerator.rows, accelerator.cols
    depth, latency = accelerator.queue_depth, accelerator.feed_latency
    tiles = tile_order(len(weights), len(activations), accelerator)
    windows = -(-weights.shape[1] // accelerator.window)
    ends = np.empty((len(tiles) * windows, rows, cols), dtype=np.int64)
    # One cycle before the first of each: -1, which bounds nothing.
    push_w, push_a = np.full((rows, 1), -1), np.full((1, cols), -1)
    last = np.full((rows, cols), -1)
    drained = np.full((rows, cols), -1)  # of each PE, its last active tile's result
    drain = np.full(cols, -1)  # the last one of each column
    for number, tile in enumerate(tiles):
        service, active = _service(activations, weights, accelerator, tile)
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
                due = np.maximum(drain + 1, last[i] + accelerator.array.pe_latency)
                drain = np.where(active[i], due, drain)
                drained[i] = np.where(active[i], drain, drained[i])
    cycles = int((drain if drains else last).max()) + 1
    return Timeline(np.ascontiguousarray(np.moveaxis(ends, 0, 2)), cycles)


def _service(
    activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator, tile: Tile
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cycles of work, (windows, rows, cols), and which PEs are active, (rows, cols)."""
    act, columns = _mask(activations, tile[1], accelerator.cols, accelerator.window)
    weight, lines = _mask(weights, tile[0], accelerator.rows, accelerator.window)
    skips = accelerator.skipping
    reduction = weights.shape[1]
    if skips not in ("activation", "two_sided"):
        act = np.ones_like(act)
    if skips not in ("weight", "two_sided"):
        weight = np.ones_like(weight)
    # Where nothing is skipped, behind K there are no pairs all the same.
    act[-1, :, (reduction - 1) % accelerator.window + 1 :] = 0
    pairs = weight @ np.swapaxes(act, 1, 2)  # at most 64: exact
    active = lines[:, None] & columns[None, :]
    cycles = np.maximum(1, -(-pairs.astype(np.int64) // accelerator.lanes))
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
