"""ternary: minus scale, zero, plus scale."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import quantiser

SHARE_OF_MEAN = 0.7


def _as_onnx(nodes: OnnxNodes, tensor: str, threshold: float | None, scale: float | None) -> str:
    """Where it is Greater than the threshold, scale; Where it is Less than minus it, -scale; 0."""
    if threshold is None or scale is None:
        raise SpecError(
            "threshold and scale are means of what flows unless they are given, and behind a "
            "layer they must be fixed numbers; give both"
        )
    wide = nodes.widen(tensor)
    below = nodes.add("Less", wide, nodes.number(-threshold))
    negative = nodes.add("Where", below, nodes.number(-scale), nodes.number(0))
    above = nodes.add("Greater", wide, nodes.number(threshold))
    return nodes.narrow(nodes.add("Where", above, nodes.number(scale), negative))


@quantiser("ternary", as_onnx=_as_onnx)
def ternary(
    values: NDArray[Any],
    threshold: Annotated[float, Field(ge=0, le=65504)] | None = None,
    scale: Annotated[float, Field(gt=0, le=65504)] | None = None,
) -> NDArray[Any]:
    """0 where |x| <= threshold, else scale with the sign of x.

    Args:
        values: floats, any shape.
        threshold: 0 or more; default: 0.7 times the mean magnitude.
        scale: above 0; default: the mean magnitude of the values above the threshold. Both
            defaults are computed in float64, then rounded to the values' type.
    Source: Li, Zhang and Liu, Ternary Weight Networks, 2016.
    """
    kind = values.dtype.type
    sizes = np.abs(values)
    if threshold is None:
        threshold = SHARE_OF_MEAN * sizes.mean(dtype=np.float64) if sizes.size else 0.0
    large = sizes > kind(threshold)
    if scale is None:
        scale = sizes[large].mean(dtype=np.float64) if large.any() else 0.0
    return np.where(large, np.where(values < 0, -kind(scale), kind(scale)), kind(0))
