"""relative: |x| <= fraction * the largest magnitude becomes 0."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.sparsifiers import sparsifier


def _as_onnx(nodes: OnnxNodes, tensor: str, fraction: float) -> str:
    """Abs, ReduceMax over each image, Mul by the fraction; Where it is Greater, else 0."""
    wide = nodes.widen(tensor)
    sizes = nodes.add("Abs", wide)
    edge = nodes.add("Mul", nodes.largest(sizes), nodes.number(fraction))
    stays = nodes.add("Greater", sizes, edge)
    return nodes.narrow(nodes.add("Where", stays, wide, nodes.number(0)))


@sparsifier("relative", as_onnx=_as_onnx)
def relative(values: NDArray[Any], fraction: Annotated[float, Field(ge=0, le=1)]) -> NDArray[Any]:
    """|x| <= fraction of the largest magnitude becomes 0.

    The largest is that of the whole array; behind a layer that of each image.

    Args:
        values: any shape.
        fraction: 0 to 1; 1 makes everything zero. Its product with the largest magnitude is
            rounded to the values' type.
    """
    sizes = np.abs(values)
    edge = sizes.max(initial=0) * values.dtype.type(fraction)
    return np.where(sizes <= edge, values.dtype.type(0), values)
