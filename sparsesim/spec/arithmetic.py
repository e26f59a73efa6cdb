"""The arithmetic of a MAC layer's inside: in which fixed-point numbers it multiplies and adds.

It knows no model: fractions that are left out are chosen by `sparsesim.intrinsic`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from sparsesim.spec.base import Spec

Rounding = Literal["nearest_even", "toward_zero", "down"]
Overflow = Literal["wrap", "saturate"]

Fraction = Annotated[int | None, Field(ge=-64, le=64)]


class Arithmetic(Spec):
    """Formats of every intermediate of a MAC layer: operands, products, running sums.

    A format of W bits with a fraction of F holds n / 2^F for whole n from -2^(W-1) to
    2^(W-1) - 1. A fraction may be below 0 or above W.

    Args:
        act_bits: width of an activation, 2 to 16; left out: 8, or what a quantised layer has.
        act_fraction: -64 to 64; left out: the largest in which no activation that the images
            bring saturates.
        weight_bits: width of a weight, 2 to 16; left out: 8, or what a quantised layer has.
        weight_fraction: left out: the largest in which none of the layer's weights saturates.
        operand_rounding: how operands are rounded; beyond their format they saturate.
        product_bits: width of a product, 2 to 48; left out: as wide as a product can get.
        product_fraction: left out: the largest, up to `acc_fraction` and to what is exact, in
            which no product of such operands saturates.
        product_rounding: how products are rounded to their fraction.
        product_overflow: what becomes of a product beyond its format.
        acc_bits: width of the running sum, 2 to 62.
        acc_fraction: `product_fraction` or more; left out: `product_fraction`, or where that is
            left out too the finest that is sure to hold any sum, up to what is exact.
        overflow: what becomes of a running sum beyond its format.
        lanes: products that are added exactly before they meet the sum, 1 to 4096: the sum is
            checked after each such cycle. Cycles are cut along all of K; zeros are not skipped.
        order: along K (kernel row, kernel column, channel fastest; of Gemm and MatMul the
            operand's own), or against it.
        bias: `after` adds it to the finished sum in the output's own numbers, as
            post-processing does; `before` starts the sum with it, rounded half to even.
    Raises:
        SpecError: unknown key, wrong type, out of range, products finer than the sum.
    Source: docs/model.md, "Intrinsic emulation"; Loroch et al. 2018, section 2.3.
    """

    act_bits: int | None = Field(default=None, ge=2, le=16)
    act_fraction: Fraction = None
    weight_bits: int | None = Field(default=None, ge=2, le=16)
    weight_fraction: Fraction = None
    operand_rounding: Rounding = "nearest_even"
    product_bits: int | None = Field(default=None, ge=2, le=48)
    product_fraction: Fraction = None
    product_rounding: Rounding = "nearest_even"
    product_overflow: Overflow = "saturate"
    acc_bits: int = Field(default=32, ge=2, le=62)
    acc_fraction: Fraction = None
    overflow: Overflow = "wrap"
    lanes: int = Field(default=1, ge=1, le=4096)
    order: Literal["ascending", "descending"] = "ascending"
    bias: Literal["after", "before"] = "after"

    @field_validator("acc_fraction")
    @classmethod
    def _keeps_the_products(cls, acc: int | None, info: ValidationInfo) -> int | None:
        product = info.data.get("product_fraction")
        if product is not None and acc is not None and product > acc:
            raise ValueError(
                f"is below product_fraction {product}; a sum keeps every bit of its products: use "
                f"at least {product}"
            )
        return acc
