"""Shapes and types of a folded graph's tensors, by onnx's inference."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.layers import Shape

# Larger constants are declared, not copied: inference reads values only of shapes and the like.
_READ_ELEMENTS = 1024


def infer(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray]
) -> tuple[dict[str, Shape], dict[str, np.dtype]]:
    """Shapes and types of all tensors; a free batch (first axis of an input) counts as 1.

    Args:
        model: without initialisers.
        constants: these, by name.
    Returns:
        shape by name (None for an unknown length; the name is absent where the rank is unknown),
        and dtype by name.
    """
    declared = onnx.ModelProto()
    declared.CopyFrom(model)
    graph = declared.graph
    listed = {value.name for value in graph.input}
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_value = 1
    del graph.value_info[:]
    for name, array in constants.items():
        if array.size <= _READ_ELEMENTS:
            graph.initializer.append(onnx.numpy_helper.from_array(array, name))
        elif name not in listed:
            element = helper.np_dtype_to_tensor_dtype(array.dtype)
            graph.input.append(helper.make_tensor_value_info(name, element, array.shape))
    # Inference is a help for the eye; execution finds the real shapes.
    with contextlib.suppress(Exception):
        graph = onnx.shape_inference.infer_shapes(declared, data_prop=True).graph
    shapes: dict[str, Shape] = {name: array.shape for name, array in constants.items()}
    types = {name: array.dtype for name, array in constants.items()}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        tensor = value.type.tensor_type
        if not value.type.HasField("tensor_type") or not tensor.elem_type:
            continue
        types.setdefault(value.name, helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        if tensor.HasField("shape"):
            dims = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
            shapes.setdefault(value.name, dims)
    return shapes, types
