"""Sparse tensors as the dense ones that they stand for: `sparse_initializer` and `sparse_value`.

ONNX's COO form: the values that are not zero, and where each lies, flat or by coordinates.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from sparsesim.errors import ModelError
from sparsesim.graph.limits import check_elements
from sparsesim.graph.names import printable
from sparsesim.graph.tensors import array_of
from sparsesim.graph.walk import graphs, nodes


def densify(model: onnx.ModelProto, where: str) -> None:
    """Put dense tensors for sparse ones, in place, in subgraphs and functions too.

    Args:
        model: parsed, its external data loaded.
        where: the model's name in errors.
    Raises:
        ModelError: indices out of range, unsorted or repeated; lengths that don't fit.
    """
    for graph in graphs(model):
        for sparse in graph.sparse_initializer:
            graph.initializer.append(_dense(sparse, where))
        del graph.sparse_initializer[:]
    for node in nodes(model):
        for attribute in node.attribute:
            if attribute.HasField("sparse_tensor") and attribute.name == "sparse_value":
                tensor = _dense(attribute.sparse_tensor, where)
                attribute.Clear()
                attribute.name, attribute.type = "value", onnx.AttributeProto.TENSOR
                attribute.t.CopyFrom(tensor)


def _dense(sparse: onnx.SparseTensorProto, where: str) -> onnx.TensorProto:
    name = sparse.values.name
    what = f"{where}: sparse tensor '{printable(name)}'"
    shape = tuple(sparse.dims)
    if not shape or min(shape) < 0:
        raise ModelError(f"{what} has the shape {list(shape)}; give lengths from 0")
    check_elements(shape, what)
    values, indices = array_of(sparse.values, what), array_of(sparse.indices, what)
    if values.ndim != 1:
        raise ModelError(f"{what}: its values have the shape {list(values.shape)}; give a list")
    if values.dtype == object:
        raise ModelError(f"{what} holds texts; only numbers can be sparse")
    dense = np.zeros(prod(shape), values.dtype)
    dense[_flat(indices, values.size, shape, what)] = values
    return numpy_helper.from_array(dense.reshape(shape), name)


def _flat(
    indices: NDArray[Any], count: int, shape: tuple[int, ...], what: str
) -> NDArray[np.int64]:
    """Where the values lie in the flat tensor: ascending, each place once."""
    if indices.dtype != np.int64:
        raise ModelError(f"{what}: its indices are {indices.dtype}; use int64")
    if indices.shape not in ((count,), (count, len(shape))):
        raise ModelError(
            f"{what}: its indices have the shape {list(indices.shape)}; "
            f"use [{count}] or [{count}, {len(shape)}]"
        )
    limits = np.array(shape if indices.ndim > 1 else [prod(shape)], np.int64)
    wrong = (indices < 0) | (indices >= limits)
    if wrong.any():
        found = indices[wrong][0]
        limit = int(np.broadcast_to(limits, indices.shape)[wrong][0])
        raise ModelError(f"{what}: index {found} is out of range; use 0 to {limit - 1}")
    if indices.ndim > 1:
        indices = np.ravel_multi_index(tuple(indices.T), shape) if count else indices[:, 0]
    later = np.diff(indices) <= 0
    if later.any():
        at = int(np.argmax(later)) + 1
        kind = "repeated" if indices[at] == indices[at - 1] else "not sorted"
        raise ModelError(f"{what}: its indices are {kind} at position {at}; sort them, each once")
    return indices
