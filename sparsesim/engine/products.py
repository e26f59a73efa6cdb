"""The heavy products: convolution, its transpose, and matrix products, over threads.

Operands are floats (integers exact in them). Convolutions run in register tiles where the machine
and the type allow it, else unfolded and in BLAS, as matrix products do. A `Finish` gets the sums
while they are in cache.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsesim.engine import kernels, tiles
from sparsesim.engine.columns import INPUT, PAD
from sparsesim.engine.finish import Finish
from sparsesim.engine.shapes import Convolution
from sparsesim.engine.threads import each, ranges, thread_count
from sparsesim.engine.weights import Prepared

# Unfolded columns of one block: about a core's second-level cache.
_BLOCK_BYTES = 1 << 20
_LEAST_POSITIONS = 192
# Below this many multiplications a second thread costs more than it brings.
_SMALL = 200_000
# Positions too few to fill a tile: the product is bound by reading the weight.
_FEW = 4

_Block = Callable[[np.ndarray, int, int, int], None]


def convolve(x: np.ndarray, weight: Prepared, shape: Convolution, finish: Finish) -> np.ndarray:
    """A convolution, finished.

    Args:
        x: (batch, channels, depth, rows, columns), C order.
        weight: its matrix is (groups, filters of a group, channels of a group * kernel volume).
        shape: its shapes.
        finish: what becomes of the sums.
    Returns:
        (batch, groups * filters, positions).
    """
    depthwise = shape.channels == 1 and shape.groups > 1
    few = shape.positions < _FEW
    if x.dtype == np.float32 and not depthwise and not few and tiles.usable():
        return tiles.convolve(x, weight.packed, shape, finish)
    return unfolded(x, weight.matrix, shape, finish.block)


def unfolded(x: np.ndarray, weight: np.ndarray, shape: Convolution, finish: _Block) -> np.ndarray:
    """A convolution by unfolding and BLAS, or by a loop where a group has one channel."""
    numbers = shape.array()
    positions = shape.positions
    out = np.empty((x.shape[0], shape.groups * shape.filters, positions), dtype=x.dtype)
    for image in range(x.shape[0]):
        if shape.channels == 1 and shape.groups > 1:
            _depthwise(x[image], weight, shape, numbers, out[image], finish, image)
        else:
            for group in range(shape.groups):
                inside = x[image, group * shape.channels : (group + 1) * shape.channels]
                first = group * shape.filters
                target = out[image, first : first + shape.filters]
                _grouped(inside, weight[group], shape, numbers, target, finish, first, image)
    return out


def _depthwise(x, weight, shape, numbers, out, finish, image) -> None:
    from sparsesim.engine.depthwise.kernels import depthwise

    flat, factors, target = x.reshape(-1), weight.reshape(-1), out.reshape(-1)

    def block(first: int, last: int) -> None:
        depthwise(flat, factors, numbers, shape.filters, first, last, target)
        finish(out[first:last], image, first, 0)

    small = out.size * weight.shape[-1] < _SMALL
    each(block, ranges(out.shape[0], 1 if small else 2 * thread_count()))


def _padded(x: np.ndarray, shape: Convolution) -> np.ndarray:
    """An image with zeros around it, as far as any kernel element reaches."""
    size = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(shape.output, shape.stride, shape.kernel, shape.dilation, strict=True)
    ]
    if shape.pad == (0, 0, 0) and all(
        have >= need for have, need in zip(shape.input, size, strict=True)
    ):
        return x
    size = [max(n, have + p) for n, have, p in zip(size, shape.input, shape.pad, strict=True)]
    out = np.zeros((x.shape[0], *size), dtype=x.dtype)
    inner = tuple(slice(p, p + n) for p, n in zip(shape.pad, shape.input, strict=True))
    out[(slice(None), *inner)] = x
    return out


def _grouped(x, weight, shape, numbers, out, finish, first, image) -> None:
    """One group: blocks of positions, or of filters where positions are few."""
    filters, reduction = weight.shape
    positions = out.shape[1]
    plain = (
        shape.kernel == shape.stride == (1, 1, 1)
        and shape.pad == (0, 0, 0)
        and shape.input == shape.output
    )
    if plain:
        flat = x.reshape(x.shape[0], -1)
    else:
        x = _padded(x, shape)
        numbers = numbers.copy()
        numbers[INPUT : INPUT + 3], numbers[PAD : PAD + 3] = x.shape[1:], 0
    threads = thread_count()
    small = filters * reduction * positions < _SMALL

    def columns(start: int, stop: int) -> np.ndarray:
        if plain:
            return flat[:, start:stop]
        unfolded = np.empty((reduction, stop - start), dtype=x.dtype)
        kernels.unfold(x, numbers, start, unfolded)
        return unfolded

    if small or threads == 1 or positions >= threads * _LEAST_POSITIONS:
        fitting = max(_LEAST_POSITIONS, _BLOCK_BYTES // (reduction * x.itemsize))
        parts = max(1 if small else threads, -(-positions // fitting))

        def block(start: int, stop: int) -> None:
            target = out[:, start:stop]
            np.matmul(weight, columns(start, stop), out=target)
            finish(target, image, first, start)

        each(block, ranges(positions, parts, 16))
        return

    shared = columns(0, positions)

    def rows(start: int, stop: int) -> None:
        target = out[start:stop]
        np.matmul(weight[start:stop], shared, out=target)
        finish(target, image, first + start, 0)

    each(rows, ranges(filters, threads, 16))


def convolve_transposed(
    x: np.ndarray, weight: Prepared, shape: Convolution, finish: Finish
) -> np.ndarray:
    """A transposed convolution; matrix as (groups, channels of a group, filters * volume)."""
    numbers = shape.array()
    positions = shape.positions
    out = np.empty((x.shape[0], shape.groups * shape.filters, *shape.output), dtype=x.dtype)
    flat = x.reshape(*x.shape[:2], int(np.prod(x.shape[2:])))

    def block(image: int, group: int) -> None:
        inside = flat[image, group * shape.channels : (group + 1) * shape.channels]
        columns = np.matmul(weight.matrix[group].T, inside)
        first = group * shape.filters
        target = out[image, first : first + shape.filters]
        kernels.fold_back(columns, numbers, target)
        finish.block(target.reshape(shape.filters, positions), image, first, 0)

    each(block, [(i, g) for i in range(x.shape[0]) for g in range(shape.groups)])
    return out.reshape(*out.shape[:2], positions)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b as numpy.matmul has it, blocks side by side.

    Args:
        a: (..., M, K). b: (..., K, N); batch axes broadcast.
    """
    if a.ndim == 1 or b.ndim == 1 or a.size * b.shape[-1] < _SMALL:
        return np.matmul(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.empty((*batch, a.shape[-2], b.shape[-1]), dtype=np.result_type(a, b))
    threads = thread_count()
    if not batch:
        if out.shape[0] >= out.shape[1]:
            each(
                lambda i, j: np.matmul(a[i:j], b, out=out[i:j]),
                ranges(out.shape[0], threads, 8),
            )
        else:
            each(
                lambda i, j: np.matmul(a, b[:, i:j], out=out[:, i:j]),
                ranges(out.shape[1], threads, 16),
            )
        return out
    left = np.broadcast_to(a, (*batch, *a.shape[-2:])).reshape(-1, *a.shape[-2:])
    right = np.broadcast_to(b, (*batch, *b.shape[-2:])).reshape(-1, *b.shape[-2:])
    flat = out.reshape(-1, *out.shape[-2:])
    each(
        lambda i, j: np.matmul(left[i:j], right[i:j], out=flat[i:j]),
        ranges(flat.shape[0], 2 * threads),
    )
    return out
