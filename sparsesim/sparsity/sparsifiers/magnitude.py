"""magnitude: |x| <= threshold becomes 0.

The edge is zero, too, as ONNX's Shrink has it (the paper says "below").
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.sparsifiers import sparsifier
from sparsesim.spec.thresholds import LARGEST_THRESHOLD


def _as_onnx(nodes: OnnxNodes, tensor: str, threshold: float) -> str:
    """Shrink (bias 0), which our engine fuses behind its layer."""
    # Rounded here as Shrink's attribute is, so that weights and activations mean the same edge.
    edge = float(np.float32(threshold))
    return nodes.add("Shrink", tensor, attributes={"lambd": edge, "bias": 0.0})


@sparsifier("magnitude", as_onnx=_as_onnx, opset=9)
def magnitude(
    values: NDArray[Any], threshold: Annotated[float, Field(ge=0, le=LARGEST_THRESHOLD)]
) -> NDArray[Any]:
    """|x| <= threshold becomes 0.

    Args:
        values: any shape.
        threshold: in the values' own units, 0 or more; compared as float32, as Shrink does.
    """
    return np.where(np.abs(values) <= np.float32(threshold), values.dtype.type(0), values)
