"""The array's sums: exact products at the speed of BLAS, wrapped to the accumulator's width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.threads import each, ranges, single_threaded_blas, thread_count
from sparsesim.fixed_point import kernels
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.machines.scheme import OPERANDS
from sparsesim.machines.sum_order import SumOrder
from sparsesim.spec import Accelerator

_EXACT_FLOAT32 = 1 << 24
_EXACT_FLOAT64 = 1 << 53
_BLOCK_VALUES = 1 << 20  # operand values of one block: floats of it stay near the cache


@dataclass(frozen=True, eq=False)
class Computed:
    """What an array made of a product.

    Attributes:
        sums: int64, (groups, filters, positions), in the accumulator's two's complement. None
            where only the post-processed values left the machine.
        overflow: bool, (groups, filters, positions): a running sum left the accumulator; on a
            machine that flags none, the sum itself does not fit it.
        outputs: int16 values of the product's post-processing; None where it has none, or where
            they are to be made of the sums.
    """

    sums: NDArray[np.int64] | None
    overflow: NDArray[np.bool_]
    outputs: NDArray[np.int16] | None = None


Array = Callable[[LayerProduct, Accelerator], Computed]
"""Whatever computes products: `exact_sums`, or the Verilog."""


def exact_sums(product: LayerProduct, accelerator: Accelerator) -> Computed:
    """The sums that the array must give, and the values of their post-processing.

    Args:
        product: operands of up to 16 bits, K below 2^32.
        accelerator: its acc_bits, and in which order its machine adds up, which decides whether a
            running sum overflows on its way; where it flags none, only the sums are watched.
    """
    activations, weights = product.activations, product.weights
    # No partial sum of any order is larger.
    bound = _largest(activations) * int(_sizes(weights).sum(axis=-1).max(initial=0))
    sums = _multiply(weights, activations, bound)
    overflow = np.zeros(sums.shape, dtype=bool)
    limit = 1 << (accelerator.acc_bits - 1)
    if bound >= limit:
        fitting, order = wrapped(sums, accelerator.acc_bits), accelerator.sum_order
        if order.flags:
            reach = _multiply(_sizes(weights), _sizes(activations), bound)
            overflow = _overflows(product, order, accelerator.acc_bits, reach >= limit)
        else:
            overflow = fitting != sums
        sums = fitting
    outputs = product.post.apply(sums) if product.post else None
    return Computed(sums, overflow, outputs)


def wrapped(sums: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Sums in two's complement of so many bits, 1 to 64."""
    drop = 64 - bits
    return np.right_shift(np.left_shift(sums, drop), drop)


def _sizes(values: NDArray[np.int16]) -> NDArray[np.int32]:
    return np.abs(values.astype(np.int32))


def _largest(values: NDArray[np.int16]) -> int:
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))


def _multiply(
    weights: NDArray[np.integer], activations: NDArray[np.integer], bound: int
) -> NDArray[np.int64]:
    """(groups, filters, positions) of exact sums, none of them beyond `bound`."""
    kind = np.float32 if bound < _EXACT_FLOAT32 else np.float64
    exact = np.dtype(kind if bound < _EXACT_FLOAT64 else np.int64)  # no BLAS for integers
    groups, positions = activations.shape[:2]
    out = np.empty((groups, weights.shape[1], positions), dtype=np.int64)
    first = weights.astype(exact)

    def block(start: int, stop: int) -> None:
        columns = np.swapaxes(activations[:, start:stop].astype(exact), 1, 2)
        out[:, :, start:stop] = np.matmul(first, columns)

    parts = max(thread_count(), activations.size // _BLOCK_VALUES)
    with single_threaded_blas():
        each(block, ranges(positions, parts, 16))
    return out


def _overflows(
    product: LayerProduct, order: SumOrder, acc_bits: int, suspects: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the suspects' running sums leave the accumulator after a multiply cycle."""
    skips = [operand in order.skips for operand in OPERANDS]
    numbers = np.array([order.block, order.lanes, *skips, acc_bits], dtype=np.int64)
    out = np.zeros(suspects.shape, dtype=bool)

    def block(group: int, start: int, stop: int) -> None:
        kernels.overflows(
            product.activations[group, start:stop],
            product.weights[group],
            numbers,
            suspects[group, :, start:stop],
            out[group, :, start:stop],
        )

    parts = ranges(suspects.shape[2], 2 * thread_count())
    each(block, [(g, *part) for g in range(len(suspects)) if suspects[g].any() for part in parts])
    return out
