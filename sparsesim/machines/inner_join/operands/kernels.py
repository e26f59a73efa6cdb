"""Kernels that cut operand bits into windows and count what is in them."""

from __future__ import annotations

import numpy as np

from sparsesim.kernel import kernel
from sparsesim.machines.pairs.kernels import ones


@kernel
def cut(words, reduction, window, tile, out):
    """Cut operands into windows.

    Args:
        words: uint64, shape (groups, lines, words of K bits and one more).
        reduction: K.
        window: elements in a window, 1 to 64.
        tile: lines of a tile.
        out: uint16, shape (groups, tiles, windows, parts of 16 bits, lines filled up).
    """
    for group in range(out.shape[0]):
        for index in range(out.shape[1]):
            first = index * tile
            lines = min(tile, words.shape[1] - first)
            for number in range(out.shape[2]):
                for part in range(out.shape[3]):
                    at = number * window + part * 16
                    bits = min(16, window - part * 16, reduction - at)
                    into = out[group, index, number, part]
                    into[lines:] = 0
                    if bits <= 0:
                        into[:lines] = 0
                        continue
                    shift = np.uint64(at & 63)
                    inside = np.uint64((1 << bits) - 1)
                    if (at & 63) + bits <= 64:
                        for line in range(lines):
                            into[line] = (words[group, first + line, at >> 6] >> shift) & inside
                    else:
                        back = np.uint64(64 - (at & 63))
                        for line in range(lines):
                            low = words[group, first + line, at >> 6] >> shift
                            high = words[group, first + line, (at >> 6) + 1] << back
                            into[line] = (low | high) & inside


@kernel
def count_window_ones(masks, lanes, out):
    """Cycles of windows of which only the elements that are set are multiplied.

    Args:
        masks: uint16, shape (groups, tiles, windows, parts, lines).
        lanes: pairs multiplied in a cycle.
        out: uint16, shape (groups, tiles, windows, 1, lines); at least 1.
    """
    for group in range(masks.shape[0]):
        for tile in range(masks.shape[1]):
            for window in range(masks.shape[2]):
                into = out[group, tile, window, 0]
                into[:] = 0
                for part in range(masks.shape[3]):
                    of_part = masks[group, tile, window, part]
                    for line in range(into.size):
                        into[line] += ones(of_part[line])
                for line in range(into.size):
                    cycles = into[line] if lanes == 1 else (into[line] + lanes - 1) // lanes
                    into[line] = max(1, cycles)
