"""What ONNX Runtime knows of tensors: it has the types of all operators that it can run.

It is asked only for tensors that onnx's inference cannot tell; nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto

from sparsesim.graph.layers import Shape
from sparsesim.graph.session import open_session, session_options

Told = tuple[int, Shape | None]
"""ONNX element type and shape; None: its rank is not known."""

_ELEMENTS = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE}


def runtime_types(
    declared: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    names: Iterable[str],
    custom_ops: Sequence[str] = (),
) -> dict[str, Told]:
    """Element types and shapes of tensors.

    Args:
        declared: a model whose inputs stand for its larger constants.
        constants: all of them, by name, for kernels that want constants.
        names: tensors, made by its nodes.
        custom_ops: libraries of its operators.
    Returns:
        by name; absent: not known, or no tensor. All are absent where ONNX Runtime does not take
        the model: an error then comes from whoever runs it.
    """
    wanted = [onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names)]
    if not wanted:
        return {}
    asking = onnx.ModelProto()
    asking.CopyFrom(declared)
    del asking.graph.output[:]
    asking.graph.output.extend(wanted)
    found = _outputs(asking, custom_ops)
    if found is None:
        found = _outputs(_with_all_constants(asking, constants), custom_ops)
    return found or {}


def _with_all_constants(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray]
) -> onnx.ModelProto:
    there = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    for name, array in constants.items():
        if name not in there:
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return model


def _outputs(model: onnx.ModelProto, custom_ops: Sequence[str]) -> dict[str, Told] | None:
    try:
        options = session_options(custom_ops, optimised=False)
        session = open_session(model.SerializeToString(), options)
    except Exception:  # also where the model exceeds a protobuf's 2 GiB
        return None
    found = {}
    for value in session.get_outputs():
        element = _element(value.type)
        if element:
            found[value.name] = (element, _shape(value.shape))
    return found


def _element(said: str) -> int:
    """The element type behind `tensor(float)` and the like; 0 for what is no tensor."""
    if not said.startswith("tensor("):
        return 0
    word = said[len("tensor(") : -1]
    return _ELEMENTS.get(word) or dict(TensorProto.DataType.items()).get(word.upper(), 0)


def _shape(said: list[int | str | None]) -> Shape | None:
    """A shape; its binding says of a scalar and of an unknown rank the same: nothing."""
    return tuple(n if isinstance(n, int) and n >= 0 else None for n in said) if said else None
