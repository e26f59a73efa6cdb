"""Float32 convolutions in register tiles: faster than unfolding and a BLAS product, no copies.

It needs 32 vector registers of 512 bits; `usable` says whether this machine has them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from math import prod

import numpy as np

from sparsesim.engine.columns import INPUT, OUTPUT
from sparsesim.engine.finish import Finish
from sparsesim.engine.shapes import Convolution
from sparsesim.engine.threads import each, ranges, thread_count

_LANES, _POSITIONS, _FILTERS = 16, 14, 32  # as in kernels.py, whose import costs Numba's

# Operands in one block of k: 32 filters of them and a tile's panel stay in the first-level cache.
_LONGEST = 512
# Floats that a block of positions may have in panels and sums: most of the second-level cache.
_FLOATS = 200_000
# Below this many multiplications a second thread costs more than it brings.
_SMALL = 200_000
_LONG = 10_000_000
# Fewer tiles than this to a thread: the filters are shared out instead.
_LEAST_TILES = 6

_local = threading.local()


@cache
def usable() -> bool:
    """Does this machine have the vectors that the tiles are made for?"""
    from llvmlite.binding import get_host_cpu_features

    return bool(get_host_cpu_features().get("avx512f"))


def pack(matrix: np.ndarray) -> np.ndarray:
    """Weights as the tiles read them.

    Args:
        matrix: float32, (groups, filters, K).
    Returns:
        float32, (groups, blocks, K, 32): 32 filters side by side, zeros behind the last.
    """
    groups, filters, reduction = matrix.shape
    blocks = -(-filters // _FILTERS)
    out = np.zeros((groups, blocks, reduction, _FILTERS), dtype=np.float32)
    for block in range(blocks):
        part = matrix[:, block * _FILTERS : (block + 1) * _FILTERS]
        out[:, block, :, : part.shape[1]] = part.transpose(0, 2, 1)
    return out


def convolve(x: np.ndarray, packed: np.ndarray, shape: Convolution, finish: Finish) -> np.ndarray:
    """A convolution, finished.

    Args:
        x: float32, (batch, channels, depth, rows, columns), C order.
        packed: the weight as `pack` gives it.
        shape: its shapes.
        finish: as products.convolve has it.
    Returns:
        float32, (batch, groups * filters, positions).
    """
    from sparsesim.engine.tiles import kernels

    plan = _plan(shape, thread_count())
    groups, filters = shape.groups, shape.filters
    out = np.empty((shape.batch, groups * filters, plan.positions), dtype=np.float32)
    images = x.reshape(shape.batch * groups, plan.inputs)
    results = out.reshape(shape.batch * groups, filters * plan.positions)
    weights = packed.reshape(groups, packed.size // groups)
    bias, bounds = finish.clamp or _nothing(groups * filters)

    def run(part: _Part) -> None:
        image, group = divmod(part.piece, groups)
        kernels.convolve(
            images[part.piece],
            plan.numbers,
            weights[group],
            bias[group * filters : (group + 1) * filters],
            bounds,
            part.cut,
            _scratch(plan.scratch),
            results[part.piece],
        )
        if finish.clamp is None:
            sums = out[image, part.first : part.last, part.start : part.stop]
            finish.block(sums, image, part.first, part.start)

    each(run, plan.parts)
    return out


@dataclass(frozen=True)
class _Part:
    """What a thread does at once: some filters at some positions of a piece (image, group)."""

    piece: int
    first: int
    last: int
    start: int
    stop: int
    cut: np.ndarray


@dataclass(frozen=True)
class _Plan:
    """All that a convolution's shapes say; `inputs`: elements of a piece."""

    numbers: np.ndarray
    positions: int
    inputs: int
    scratch: int
    parts: list[tuple[_Part]]


@lru_cache(maxsize=1024)
def _plan(shape: Convolution, threads: int) -> _Plan:
    """Kept: computing it in cold caches would take a tenth of a small layer's time."""
    channels, filters, taps = shape.channels, shape.filters, prod(shape.kernel)
    positions, blocks = shape.positions, -(-shape.filters // _FILTERS)
    depth, most = _block(channels, taps, blocks, positions)
    scratch = -(-most // _POSITIONS) * _LANES * depth * taps
    scratch += (most + _LANES) * _FILTERS * (blocks if depth < channels else 1)
    pieces = shape.batch * shape.groups
    # Where there are enough pieces they need no cutting.
    work = filters * channels * taps * positions if pieces < 2 * threads else 0
    rows, columns = _ranges(work, blocks, positions, threads)
    parts = []
    for piece in range(pieces):
        before = piece % shape.groups * filters
        for (top, bottom), (start, stop) in product(rows, columns):
            first, last = before + top * _FILTERS, before + min(filters, bottom * _FILTERS)
            cut = np.array([channels, filters, depth, most, top, bottom, start, stop])
            parts.append((_Part(piece, first, last, start, stop, cut),))
    return _Plan(_numbers(shape), positions, channels * prod(shape.input), scratch, parts)


def _ranges(
    multiplications: int, blocks: int, positions: int, threads: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Ranges of filter blocks and of positions that make a piece's parts for the threads."""
    if threads == 1 or multiplications < _SMALL:
        return [(0, blocks)], [(0, positions)]
    # More parts than threads where they are long: a core may be slower than another.
    parts = threads * (2 if multiplications > threads * _LONG else 1)
    parts = min(parts, positions // (_LEAST_TILES * _POSITIONS))
    if parts >= threads:
        return [(0, blocks)], ranges(positions, parts, _POSITIONS)
    return ranges(blocks, threads), [(0, positions)]


def _nothing(filters: int) -> tuple[np.ndarray, np.ndarray]:
    """A bias and bounds that change nothing."""
    return np.zeros(filters, dtype=np.float32), np.array([-np.inf, np.inf], dtype=np.float32)


def _numbers(shape: Convolution) -> np.ndarray:
    """The shape as kernels take it; a convolution of points is one row of them."""
    numbers = shape.array()
    points = shape.kernel == shape.stride == (1, 1, 1) and not any(shape.pad)
    if points and shape.input == shape.output:
        numbers[INPUT : OUTPUT + 3] = (1, 1, prod(shape.input)) * 2
    return numbers


def _block(channels: int, taps: int, blocks: int, positions: int) -> tuple[int, int]:
    """Channels and positions of a block."""
    parts = -(-channels // max(1, _LONGEST // taps))
    depth = -(-channels // parts)
    floats = _LANES * depth * taps + _POSITIONS * _FILTERS * (blocks if parts > 1 else 1)
    tiles = min(16, max(4, _FLOATS // floats))
    return depth, min(tiles, -(-positions // _POSITIONS)) * _POSITIONS


def _scratch(length: int) -> np.ndarray:
    """This thread's own floats, at a cache line's start; what they hold is left from before."""
    held = getattr(_local, "floats", None)
    if held is None or held.size < length:
        whole = np.zeros(length + _LANES, dtype=np.float32)
        _local.floats = held = whole[-(whole.ctypes.data // 4) % _LANES :]
    return held
