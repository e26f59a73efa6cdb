"""The formats of one layer, every width and fraction settled.

Magnitudes are those of the formats themselves and of the layer's real weights: a fraction chosen
here holds for any activation, whatever the order of the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import SpecError
from sparsesim.spec.arithmetic import Arithmetic, Rounding

DEFAULT_OPERAND_BITS = 8
_FINEST, _COARSEST = 64, -64


@dataclass(frozen=True)
class Fixed:
    """Whole multiples of 2^-fraction that `bits` hold in two's complement."""

    bits: int
    fraction: int

    @property
    def low(self) -> int:
        """The least multiple."""
        return -(1 << (self.bits - 1))

    @property
    def high(self) -> int:
        """The greatest multiple."""
        return (1 << (self.bits - 1)) - 1

    def __str__(self) -> str:
        return f"{self.bits}/{self.fraction}"


@dataclass(frozen=True)
class Formats:
    """What a layer computes in.

    Attributes:
        activation, weight: operands; of a quantised layer its own integers, fraction 0.
        product: None: as wide as a product can get, so that none leaves it.
        product_fraction: that of the products.
        acc: of the sum.
        chosen: names of the fractions that the user left open.
    """

    activation: Fixed
    weight: Fixed
    product: Fixed | None
    product_fraction: int
    acc: Fixed
    chosen: tuple[str, ...]

    @property
    def exact_fraction(self) -> int:
        """The fraction in which every product is exact."""
        return self.activation.fraction + self.weight.fraction


@dataclass(frozen=True)
class Heaviest:
    """How large a layer's products and sums can get, in whole weights of its format.

    Attributes:
        weight: the largest magnitude of a weight.
        filter: the largest sum of magnitudes that meets one output.
        reduction: K.
    """

    weight: int
    filter: int
    reduction: int


def finest(low: float, high: float, bits: int, rounding: Rounding) -> int:
    """The largest fraction, -64 to 64, in which neither end of a range saturates; of 0 bits - 1.

    Raises:
        SpecError: not even the coarsest holds it.
    """
    if low == high == 0:
        return bits - 1
    ends = np.array([low, high], dtype=np.float64)
    if not np.isfinite(ends).all():
        raise SpecError("some values are NaN or infinity, which no fraction holds")
    for fraction in range(_FINEST, _COARSEST - 1, -1):
        steps = rounded(ends * 2.0**fraction, rounding)
        made = Fixed(bits, fraction)
        if made.low <= steps.min() and steps.max() <= made.high:
            return fraction
    raise SpecError(f"no fraction from {_COARSEST} to {_FINEST} holds {low:g} to {high:g}")


def rounded(values: NDArray[np.float64], rounding: Rounding) -> NDArray[np.float64]:
    """Whole numbers, as floats."""
    if rounding == "nearest_even":
        return np.rint(values)
    return np.trunc(values) if rounding == "toward_zero" else np.floor(values)


def shifted(value: int, dropped: int, rounding: Rounding) -> int:
    """value / 2^dropped, rounded; dropped from 0."""
    whole, rest = value >> dropped, value & ((1 << dropped) - 1)
    if rounding == "toward_zero":
        return whole + (value < 0 and rest != 0)
    if rounding == "down":
        return whole
    return whole + (2 * rest + (whole & 1) > 1 << dropped)


def settle(
    arithmetic: Arithmetic, activation: Fixed, weight: Fixed, heaviest: Heaviest, where: str
) -> Formats:
    """Choose the fractions of products and sums that the user left open.

    Args:
        arithmetic: as written.
        activation, weight: of the operands.
        heaviest: the layer's weights.
        where: names the layer in errors.
    Raises:
        SpecError: products finer than the sums, or no fraction in which the sums fit.
    """
    exact = activation.fraction + weight.fraction
    acc, product = arithmetic.acc_fraction, arithmetic.product_fraction
    if product is None:
        finest_product = _fitting_products(arithmetic, activation, heaviest, exact)
        if acc is None:
            acc = _fitting_sums(arithmetic, activation, heaviest, exact, finest_product, where)
        product = min(acc, finest_product)
    elif acc is None:
        acc = product
    chosen = [
        name
        for name in ("act_fraction", "weight_fraction", "product_fraction", "acc_fraction")
        if getattr(arithmetic, name) is None
    ]
    width = arithmetic.product_bits
    return Formats(
        activation=activation,
        weight=weight,
        product=None if width is None else Fixed(width, product),
        product_fraction=product,
        acc=Fixed(arithmetic.acc_bits, acc),
        chosen=tuple(chosen),
    )


def _fitting_products(
    arithmetic: Arithmetic, activation: Fixed, heaviest: Heaviest, exact: int
) -> int:
    """The finest fraction, up to the exact one, in which no product saturates."""
    if arithmetic.product_bits is None:
        return exact
    made, dropped = Fixed(arithmetic.product_bits, 0), 0
    largest = heaviest.weight << (activation.bits - 1)
    rounding = arithmetic.product_rounding
    while (
        shifted(-largest, dropped, rounding) < made.low
        or shifted(largest, dropped, rounding) > made.high
    ):
        dropped += 1
    return exact - dropped


def _fitting_sums(
    arithmetic: Arithmetic,
    activation: Fixed,
    heaviest: Heaviest,
    exact: int,
    finest_product: int,
    where: str,
) -> int:
    """The finest fraction in which a sum stays in its format, whatever it is a sum of."""
    limit = Fixed(arithmetic.acc_bits, 0).high
    largest = heaviest.filter << (activation.bits - 1)
    for dropped in range(exact - finest_product, exact - finest_product + 63):
        grown = {  # rounding may add to each product, half a step or almost one
            "nearest_even": (2 * largest + (heaviest.reduction << dropped)) >> (dropped + 1),
            "toward_zero": largest >> dropped,
            "down": (largest + heaviest.reduction * ((1 << dropped) - 1)) >> dropped,
        }
        if (grown[arithmetic.product_rounding] if dropped else largest) <= limit:
            return exact - dropped
    raise SpecError(
        f"{where}: acc_bits {arithmetic.acc_bits} hold no sum of {heaviest.reduction} rounded "
        "products; give acc_fraction, or more bits"
    )
