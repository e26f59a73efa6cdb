"""binary: the sign alone, times a scale."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import quantiser


def _as_onnx(nodes: OnnxNodes, tensor: str, scale: float | None) -> str:
    """Where it is Less than 0, -scale, else scale."""
    if scale is None:
        raise SpecError(
            "the scale is the mean of what flows unless it is given, and behind a layer it must "
            "be a fixed number; give scale"
        )
    wide = nodes.widen(tensor)
    negative = nodes.add("Less", wide, nodes.number(0))
    return nodes.narrow(nodes.add("Where", negative, nodes.number(-scale), nodes.number(scale)))


@quantiser("binary", as_onnx=_as_onnx)
def binary(
    values: NDArray[Any], scale: Annotated[float, Field(gt=0, le=65504)] | None = None
) -> NDArray[Any]:
    """-scale below zero, else +scale; the scale is the mean magnitude where none is given.

    +0 and -0 become +scale, so nothing is zero, but an array of zeros alone, whose mean is 0.

    Args:
        values: floats, any shape.
        scale: above 0; default: the mean magnitude, in float64, then rounded.
    Source: Rastegari et al., XNOR-Net, ECCV 2016 (one scale for the array, not for each filter).
    """
    kind = values.dtype.type
    mean = np.abs(values).mean(dtype=np.float64) if values.size else 0.0
    size = kind(mean if scale is None else scale)
    return np.where(values < 0, -size, size)
