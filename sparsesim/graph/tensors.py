"""Every tensor that a model holds, and whether its data fit its type and lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.walk import graphs, nodes


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Initialisers and tensors in attributes, in subgraphs and functions too."""
    for graph in graphs(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes(model):
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def check_tensors(model: onnx.ModelProto, where: str) -> None:
    """Check all tensors of a model, and the types of those that it declares.

    Args:
        model: parsed, its external data loaded.
        where: its name in errors.
    Raises:
        ModelError: naming the first whose data don't fit, or whose type is none of ONNX's.
    """
    known = onnx.TensorProto.DataType.values()
    for graph in graphs(model):
        for value in [*graph.input, *graph.value_info, *graph.output]:
            kind = value.type.tensor_type.elem_type
            if kind not in known:
                name = printable(value.name)
                raise ModelError(f"{where}: tensor '{name}' is of type {kind}, which ONNX lacks")
    for tensor in tensors(model):
        array_of(tensor, f"{where}: tensor '{printable(tensor.name)}'")


def array_of(tensor: onnx.TensorProto, what: str) -> NDArray[Any]:
    """A tensor's values.

    Raises:
        ModelError: its data don't fit its type and lengths; it starts with `what`.
    """
    if min(tensor.dims, default=0) < 0:
        raise ModelError(f"{what} has the shape {list(tensor.dims)}; give lengths from 0")
    try:
        return numpy_helper.to_array(tensor)
    except Exception as error:  # onnx and NumPy raise many kinds
        raise ModelError(f"{what}: its data do not fit its type and lengths") from error
