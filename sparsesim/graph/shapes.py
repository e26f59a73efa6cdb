"""Sizes of inputs: what a model declares, and what a user gives where it leaves some free.

What is given is written into the model as it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx

from sparsesim.errors import ModelError, nearest
from sparsesim.graph.layers import Shape
from sparsesim.graph.names import printable


def declared_shape(value: onnx.ValueInfoProto) -> Shape | None:
    """The sizes that a model declares, None for each that is free; None: not even a rank."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)


def with_shapes(
    model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]], where: str
) -> onnx.ModelProto:
    """A model in which these inputs have these sizes.

    A free length that has a name gets its size wherever the model says that name.

    Args:
        model: checked; it stays as it is.
        shapes: sizes by input, all of them, each 1 or more.
        where: the model's name in errors.
    Raises:
        ModelError: an input that it does not have, another rank, a size that is fixed to another,
            or a name that would get two.
    """
    if not shapes:
        return model
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    constants = {tensor.name for tensor in fixed.graph.initializer}
    inputs = {value.name: value for value in fixed.graph.input if value.name not in constants}
    names: dict[str, tuple[int, str]] = {}
    for name, sizes in shapes.items():
        if name not in inputs:
            hint = nearest(name, inputs) if inputs else "it takes none"
            raise ModelError(f"{where}: has no input '{name}' to give a shape; {hint}")
        for symbol, size in _written(inputs[name], sizes, where):
            before, other = names.setdefault(symbol, (size, name))
            if before != size:
                raise ModelError(
                    f"{where}: '{printable(symbol)}' is {before} in input '{other}' and {size} in "
                    f"input '{name}'; give it one size"
                )
    for value in [*fixed.graph.input, *fixed.graph.value_info, *fixed.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_value = names[dim.dim_param][0]
    return fixed


def _written(
    value: onnx.ValueInfoProto, sizes: Sequence[int], where: str
) -> Iterator[tuple[str, int]]:
    """Write sizes into an input; gives the names that had been there, and what they are now."""
    tensor, given = value.type.tensor_type, ", ".join(map(str, sizes))
    if not value.type.HasField("tensor_type"):
        raise ModelError(f"{where}: input '{value.name}' is no tensor; it has no shape to give")
    if any(size < 1 for size in sizes):
        raise ModelError(f"{where}: input '{value.name}' is given [{given}]; use sizes of 1 and up")
    if not tensor.HasField("shape"):
        for size in sizes:
            tensor.shape.dim.add().dim_value = size
        if not sizes:
            tensor.shape.SetInParent()
        return
    dims = list(tensor.shape.dim)
    takes = ", ".join(str(d.dim_value) if d.HasField("dim_value") else "any" for d in dims)
    if len(dims) != len(sizes):
        raise ModelError(
            f"{where}: input '{value.name}' is given [{given}]; it takes [{takes}], of as many axes"
        )
    for dim, size in zip(dims, sizes, strict=True):
        if dim.HasField("dim_value") and dim.dim_value != size:
            raise ModelError(
                f"{where}: input '{value.name}' is given [{given}]; it takes [{takes}], and what "
                "is fixed stays"
            )
        symbol = dim.dim_param
        dim.dim_value = size
        if symbol:
            yield symbol, size
