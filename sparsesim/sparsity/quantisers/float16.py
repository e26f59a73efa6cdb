"""float16: through IEEE 754's half precision and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import quantiser

LARGEST = float(np.finfo(np.float16).max)  # 65504


def _as_onnx(nodes: OnnxNodes, tensor: str) -> str:
    """Clip, Cast to float16 (of doubles by float32) and back, Shrink by 0."""
    if nodes.dtype == np.float16:
        return nodes.positive_zero(tensor)
    clipped = nodes.add("Clip", tensor, nodes.number(-LARGEST), nodes.number(LARGEST))
    single = clipped if nodes.dtype == np.float32 else nodes.cast(clipped, np.float32)
    half = nodes.cast(single, np.float16)
    return nodes.positive_zero(nodes.cast(half, nodes.dtype))


@quantiser("float16", as_onnx=_as_onnx)
def float16(values: NDArray[Any]) -> NDArray[Any]:
    """The nearest float16 (half to even), subnormal ones too; beyond +-65504 it saturates.

    Args:
        values: floats, any shape; float64 is rounded to float32 first.
    """
    half = np.clip(values, -LARGEST, LARGEST).astype(np.float32).astype(np.float16)
    return half.astype(values.dtype) + values.dtype.type(0)
