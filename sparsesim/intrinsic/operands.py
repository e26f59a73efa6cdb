"""Operands of an emulated layer as whole numbers: floats in a format, a quantised layer's own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.numbers import type_range
from sparsesim.errors import ModelError, SpecError
from sparsesim.fixed_point.product import WIDEST_OPERAND_BITS, signed_bits
from sparsesim.intrinsic.formats import DEFAULT_OPERAND_BITS, Fixed, finest, rounded
from sparsesim.spec.arithmetic import Arithmetic, Rounding

Ranges = Mapping[str, tuple[float, float]]
"""Tensor name -> its least and greatest value over all images."""


def float_format(arithmetic: Arithmetic, role: str, span: tuple[float, float], where: str) -> Fixed:
    """The format of a float operand.

    Args:
        arithmetic: as written.
        role: `act` or `weight`.
        span: its least and greatest value, for a fraction that was left out.
        where: names the layer in errors.
    Raises:
        SpecError: no fraction holds the values.
    """
    bits = getattr(arithmetic, f"{role}_bits") or DEFAULT_OPERAND_BITS
    fraction = getattr(arithmetic, f"{role}_fraction")
    if fraction is not None:
        return Fixed(bits, fraction)
    try:
        return Fixed(bits, finest(*span, bits, arithmetic.operand_rounding))
    except SpecError as error:
        raise SpecError(f"{where}: {role}_bits {bits}: {error}") from None


def integer_format(arithmetic: Arithmetic, role: str, low: int, high: int, where: str) -> Fixed:
    """The format of a quantised layer's operand: its integers as they are.

    Args:
        low, high: its least and greatest value, zero point subtracted.
    Raises:
        SpecError: a fraction, or fewer bits than they need.
    """
    bits = getattr(arithmetic, f"{role}_bits")
    needed = signed_bits(low, high)
    if getattr(arithmetic, f"{role}_fraction") is not None:
        raise SpecError(
            f"{where} is quantised, its integers are the operands; leave {role}_fraction out"
        )
    if needed > (bits or WIDEST_OPERAND_BITS):
        allowed = f"at least {needed}" if needed <= WIDEST_OPERAND_BITS else "narrower types"
        raise SpecError(
            f"{where}: {role}_bits {bits or WIDEST_OPERAND_BITS} do not hold its integers from "
            f"{low} to {high}; use {allowed}"
        )
    return Fixed(bits or needed, 0)


def quantised(
    values: NDArray[np.floating], made: Fixed, rounding: Rounding, where: str
) -> tuple[NDArray[np.int16], int]:
    """Floats in a format, and how many saturated.

    Raises:
        ModelError: not a number.
    """
    steps = rounded(values.astype(np.float64) * 2.0**made.fraction, rounding)
    kept = np.clip(steps, made.low, made.high)
    saturated = int(np.count_nonzero(kept != steps))
    if saturated and np.isnan(steps).any():
        raise ModelError(f"{where}: an operand is not a number (NaN); fixed point has none")
    return kept.astype(np.int16), saturated


def whole(values: NDArray, zero: NDArray | None) -> NDArray[np.int32]:
    """A quantised operand with its zero point subtracted."""
    steps = values.astype(np.int32)
    return steps if zero is None else steps - zero.astype(np.int32)


def reach(values: NDArray, zero: NDArray | None, zero_is_known: bool) -> tuple[int, int]:
    """The least and greatest value that an operand of this type may have, zero point subtracted.

    Args:
        values: of an integer type.
        zero: its zero points; None: 0.
        zero_is_known: else any of the type may come.
    """
    low, high = type_range(values.dtype)
    if not zero_is_known:
        return low - high, high - low
    zeros = np.zeros(1, np.int32) if zero is None else zero.astype(np.int32)
    return low - int(zeros.max()), high - int(zeros.min())
