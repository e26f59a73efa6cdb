"""fixed_point: two's complement of `width` bits, `fraction` of them behind the point."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import quantiser

Rounding = Literal["toward_zero", "down", "nearest_even", "stochastic"]


def _as_onnx(
    nodes: OnnxNodes, tensor: str, width: int, fraction: int, rounding: Rounding, seed: int
) -> str:
    """Mul by 2^fraction; Round, Floor, or Sign * Floor of Abs; Clip; Mul by 2^-fraction; Shrink."""
    if rounding == "stochastic":
        raise SpecError(
            "rounding 'stochastic' draws at random, so it cannot stand behind a layer as plain "
            "ONNX; use toward_zero, down or nearest_even"
        )
    wide = nodes.widen(tensor)
    steps = nodes.add("Mul", wide, nodes.number(2.0**fraction))
    if rounding == "toward_zero":
        whole = nodes.add("Floor", nodes.add("Abs", steps))
        steps = nodes.add("Mul", nodes.add("Sign", steps), whole)
    else:
        steps = nodes.add("Floor" if rounding == "down" else "Round", steps)
    low, high = _bounds(width)
    steps = nodes.add("Clip", steps, nodes.number(low), nodes.number(high))
    values = nodes.add("Mul", steps, nodes.number(2.0**-fraction))
    return nodes.narrow(nodes.positive_zero(values))


@quantiser("fixed_point", as_onnx=_as_onnx)
def fixed_point(
    values: NDArray[Any],
    width: Annotated[int, Field(ge=1, le=24)],
    fraction: Annotated[int, Field(ge=-64, le=64)],
    rounding: Rounding = "nearest_even",
    seed: Annotated[int, Field(ge=0)] = 0,
) -> NDArray[Any]:
    """Two's complement of `width` bits, `fraction` of them behind the point; it saturates.

    Steps of 2^-fraction from -2^(width-1-fraction) to 2^(width-1-fraction) - 2^-fraction.

    Args:
        values: floats, any shape. float32 holds every value of the grid exactly.
        width: 1 to 24 bits, the sign among them. One bit knows -1 and 0 steps.
        fraction: -64 to 64. Above `width` all values are below 1/2; below 0 the steps are larger
            than 1, and a magnitude whose quotient by a step underflows counts as 0.
        rounding: `nearest_even` (to nearest, half to even), `toward_zero`, `down` (to minus
            infinity), or `stochastic`: up with the probability of the part that is cut off, so
            that the mean stays; what lies on the grid stays.
        seed: of `stochastic`, 0 or more; each call draws anew from it.
    """
    kind = values.dtype.type
    with np.errstate(over="ignore"):  # infinity saturates
        steps = values * kind(2.0**fraction)
    if rounding == "toward_zero":
        whole = np.trunc(steps)
    elif rounding == "nearest_even":
        whole = np.rint(steps)
    else:
        whole = np.floor(steps)
        if rounding == "stochastic":
            with np.errstate(invalid="ignore"):  # infinity less infinity: it saturates anyway
                cut = steps - whole
            whole = whole + (np.random.default_rng(seed).random(values.shape) < cut)
    low, high = _bounds(width)
    return np.clip(whole, low, high).astype(kind) * kind(2.0**-fraction) + kind(0)


def _bounds(width: int) -> tuple[float, float]:
    """The least and the largest number of steps."""
    return -(2.0 ** (width - 1)), 2.0 ** (width - 1) - 1
