"""Operands in the layout of the kernels: whole windows, an array tile's columns side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PART_BITS = 16
UNBOUNDED = 32767  # cycles of an operand that its scheme does not look at


@dataclass(frozen=True, eq=False)
class Windows:
    """One operand cut into windows. It depends on the array's rows or columns and on the window.

    Attributes:
        masks: uint16, shape (groups, tiles, windows, parts, lines filled up); element k of a
            window is bit k % 16 of part k // 16.
        words: the operand as it came, uint64, shape (groups, lines, words of K bits).
        reduction: K.
        window: elements in a window.
        lines: filters or positions.
        tile: lines of a tile: rows or columns of the array.
        cycles: what `window_cycles` has found, by what was asked: further machines ask again.
    """

    masks: NDArray[np.uint16]
    words: NDArray[np.uint64]
    reduction: int
    window: int
    lines: int
    tile: int
    cycles: dict[tuple[str, int], NDArray[np.uint16]] = field(default_factory=dict)


def cut_windows(
    words: NDArray[np.uint64], reduction: int, window: int, tile: int, filled: int
) -> Windows:
    """Cut an operand into windows.

    Args:
        words: operand bits, shape ([groups,] lines, words of K bits and one more).
        reduction: K.
        window: elements in a window, 1 to 64.
        tile: lines of a tile.
        filled: lines of a tile with those that fill vectors up.
    """
    from sparsesim.machines.inner_join.operands.kernels import cut

    words = np.ascontiguousarray(words if words.ndim == 3 else words[None])
    groups, lines = words.shape[:2]
    shape = (groups, -(-lines // tile), -(-reduction // window), -(-window // PART_BITS), filled)
    masks = np.empty(shape, dtype=np.uint16)
    cut(words, reduction, window, tile, masks)
    return Windows(masks, words, reduction, window, lines, tile)


def window_cycles(operand: Windows, counts: str, lanes: int) -> NDArray[np.uint16]:
    """Cycles that one operand asks of each window; a PE takes the lesser of its two operands'.

    Lines beyond the operand ask for one cycle: an inactive PE takes no more.

    Args:
        operand: its windows.
        counts: `ones` (its non-zero elements), `all` (the window's length) or `nothing`.
        lanes: pairs multiplied in a cycle.
    Returns:
        uint16, shape (groups, tiles, windows, 1, lines filled up).
    """
    if (counts, lanes) not in operand.cycles:
        operand.cycles[counts, lanes] = _window_cycles(operand, counts, lanes)
    return operand.cycles[counts, lanes]


def _window_cycles(operand: Windows, counts: str, lanes: int) -> NDArray[np.uint16]:
    from sparsesim.machines.inner_join.operands.kernels import count_window_ones

    groups, tiles, windows, _, filled = operand.masks.shape
    cycles = np.empty((groups, tiles, windows, 1, filled), dtype=np.uint16)
    if counts == "ones":
        count_window_ones(operand.masks, lanes, cycles)
    elif counts == "all":
        lengths = np.full(windows, operand.window)
        lengths[-1] = operand.reduction - (windows - 1) * operand.window
        cycles[:] = -(-lengths // lanes)[:, None, None]
    else:
        cycles[:] = UNBOUNDED
    cycles[..., operand.tile :] = 1
    cycles[:, -1, ..., operand.lines - (tiles - 1) * operand.tile :] = 1
    return cycles
