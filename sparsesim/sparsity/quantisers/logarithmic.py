"""logarithmic: a sign and a power of two, its exponent bounded."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import quantiser

Exponent = Annotated[int, Field(ge=-100, le=100)]


def _as_onnx(nodes: OnnxNodes, tensor: str, min_exponent: int, max_exponent: int) -> str:
    """Abs, Clip to the bounds, Mul Sub Add to cut all bits but the first, Mul by Sign, Where."""
    wide = nodes.widen(tensor)
    sizes = nodes.add("Abs", wide)
    low, high = nodes.number(2.0**min_exponent), nodes.number(2.0**max_exponent)
    bounded = nodes.add("Clip", sizes, low, high)
    large = nodes.add("Mul", bounded, nodes.number(_splitter(nodes.dtype)))
    power = nodes.add("Add", large, nodes.add("Sub", bounded, large))
    signed = nodes.add("Mul", nodes.add("Sign", wide), power)
    stays = nodes.add("Greater", sizes, nodes.number(2.0 ** (min_exponent - 1)))
    return nodes.narrow(nodes.add("Where", stays, signed, nodes.number(0)))


def _check(min_exponent: int, max_exponent: int) -> None:
    if min_exponent > max_exponent:
        raise SpecError(
            f"min_exponent {min_exponent} is out of range; use -100 to max_exponent, which is "
            f"{max_exponent}"
        )


@quantiser("logarithmic", as_onnx=_as_onnx, check=_check)
def logarithmic(
    values: NDArray[Any], min_exponent: Exponent, max_exponent: Exponent
) -> NDArray[Any]:
    """The nearest of 0 and +-2^e, e from min_exponent to max_exponent.

    Nearest in value: 1.5 * 2^e, midway between two, goes away from zero. |x| <= 2^(min_exponent-1),
    half the smallest power, becomes 0; above the largest power it saturates.

    Args:
        values: floats, any shape.
        min_exponent, max_exponent: -100 to 100, the first not above the second.
    """
    kind = values.dtype.type
    sizes = np.abs(values)
    bounded = np.clip(sizes, kind(2.0**min_exponent), kind(2.0**max_exponent))
    # Veltkamp's splitting: what stays of the sum is the number rounded to its first bit. Unlike a
    # logarithm it is exact, and the same in NumPy as in ONNX.
    large = bounded * kind(_splitter(values.dtype))
    power = large + (bounded - large)
    stays = sizes > kind(2.0 ** (min_exponent - 1))
    return np.where(stays, np.copysign(power, values), kind(0))


def _splitter(dtype: DTypeLike) -> float:
    """2^(fraction bits) + 1 of a float type."""
    return 2.0 ** np.finfo(np.dtype(dtype)).nmant + 1
