"""How large a tensor may be: what no machine here could hold is refused before it is computed."""

from __future__ import annotations

import contextlib
from math import prod

import onnx
from onnx import helper

from sparsesim.errors import ModelError
from sparsesim.graph.empty import refuse_empty
from sparsesim.graph.layers import Shape
from sparsesim.graph.names import printable
from sparsesim.graph.shapes import declared_shape

# 4 GiB of float32. The largest tensors of networks for such accelerators have some 10^8.
LARGEST_ELEMENTS = 1 << 30
# Larger constants are declared, not copied: inference reads values only of shapes and the like.
_READ_BYTES = 4096


def check_sizes(model: onnx.ModelProto, where: str) -> None:
    """Refuse a model in which a tensor of a known shape is too large.

    Args:
        model: checked; a free length counts as 1.
        where: the model's name in errors.
    Raises:
        ModelError: a tensor of more than `LARGEST_ELEMENTS`; a recurrent node on an empty one.
    """
    light = onnx.ModelProto(ir_version=max(model.ir_version, 4))
    light.opset_import.extend(model.opset_import)
    graph = light.graph
    graph.name = model.graph.name
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    constants = {tensor.name for tensor in model.graph.initializer}
    graph.input.extend(value for value in model.graph.input if value.name not in constants)
    for tensor in model.graph.initializer:
        check_elements(tensor.dims, f"{where}: tensor '{printable(tensor.name)}'")
        if len(tensor.raw_data) <= _READ_BYTES and prod(tensor.dims) * 8 <= _READ_BYTES:
            graph.initializer.append(tensor)
        else:
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    # What inference cannot tell, ONNX Runtime or the engine finds while running.
    with contextlib.suppress(Exception):
        graph = onnx.shape_inference.infer_shapes(light, data_prop=True).graph
    shapes: dict[str, Shape] = {t.name: tuple(t.dims) for t in model.graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        dims = [max(d.dim_value, 1) for d in value.type.tensor_type.shape.dim]
        check_elements(dims, f"{where}: tensor '{printable(value.name)}'")
        shapes[value.name] = declared_shape(value) or ()
    refuse_empty(model.graph.node, shapes, where)


def check_elements(shape, what: str) -> None:
    """ModelError where a tensor of this shape, named `what`, would be too large."""
    elements = prod(int(length) for length in shape)
    if elements > LARGEST_ELEMENTS:
        raise ModelError(
            f"{what} would have {elements:,} elements; use at most {LARGEST_ELEMENTS:,}"
        )
