"""Whether a feed fits a model's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.errors import InputError
from sparsesim.graph import Graph
from sparsesim.graph.names import printable
from sparsesim.graph.shapes import declared_shape


def check_feed(graph: Graph, feed: Mapping[str, Any]) -> None:
    """Check names, types and shapes; sequences, optionals and strings are left to the host.

    Args:
        graph: whose inputs are fed.
        feed: by name.
    Raises:
        InputError: an input that is missing or unknown, or of another type or shape.
    """
    expected = {value.name: value for value in graph.inputs}
    unknown = sorted(set(feed) - set(expected))
    missing = sorted(
        name
        for name, value in expected.items()
        if name not in feed and not value.type.HasField("optional_type")
    )
    if unknown or missing:
        names = ", ".join(f"'{printable(name)}'" for name in expected) or "none"
        what = "lacks" if missing else "holds"
        name = printable((missing or unknown)[0])
        raise InputError(f"{graph.source}: the feed {what} '{name}'; the model's inputs: {names}")
    for name, value in expected.items():
        if isinstance(feed.get(name), np.ndarray) and value.type.HasField("tensor_type"):
            _check_array(graph.source, feed[name], value)


def _check_array(source: str, array: np.ndarray, value: onnx.ValueInfoProto) -> None:
    tensor = value.type.tensor_type
    if tensor.elem_type in (onnx.TensorProto.UNDEFINED, onnx.TensorProto.STRING):
        return
    kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    shape = declared_shape(value)
    fits = shape is None or (
        len(shape) == array.ndim
        and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    )
    if array.dtype != kind or not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape or ())
        raise InputError(
            f"{source}: input '{printable(value.name)}' is {array.dtype} {list(array.shape)}; "
            f"the model takes {kind} [{wanted}]"
        )
