"""Shapes and types of a folded graph's tensors.

onnx's inference tells most. It stops at operators that it does not know, of other domains: ONNX
Runtime, which will run them, knows what they give (`runtime_types`), and the file may say it, too.
Where two know, inference's word stands before the runtime's, and the file's comes last: what a
file notes beside its nodes may be left from before somebody changed it (docs/decisions/types.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.fix import FIRST_WITHOUT_LISTED_INITIALISERS
from sparsesim.graph.layers import Shape
from sparsesim.graph.runtime_types import Told, runtime_types

# Larger constants are declared, not copied: inference reads values only of shapes and the like.
_READ_ELEMENTS = 1024
_ELEMENTS = frozenset(onnx.TensorProto.DataType.values()) - {onnx.TensorProto.UNDEFINED}


def infer(
    model: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    custom_ops: Sequence[str] = (),
    batch_axes: Mapping[str, int | None] | None = None,
) -> tuple[dict[str, Shape], dict[str, np.dtype]]:
    """Shapes and types of all tensors; a free batch counts as 1.

    Args:
        model: without initialisers; what its `value_info` says is taken where nothing else tells.
        constants: these, by name.
        custom_ops: libraries of its operators.
        batch_axes: of each input; None: the first axis of all.
    Returns:
        shape by name (None for an unknown length; the name is absent where the rank is unknown),
        and dtype by name.
    """
    declared, batches = _declared(model, constants, batch_axes)
    inferred = _inferred(declared)
    known = _told(inferred, batches)
    missing = _missing(declared.graph.node, inferred, known)
    told = runtime_types(declared, constants, missing, custom_ops)
    more = _more(known, told, _told(model.graph.value_info, batches))
    if more:
        declared.graph.value_info.extend(
            helper.make_tensor_value_info(name, *said) for name, said in more.items()
        )
        known = {**more, **_told(_inferred(declared), batches)}
    shapes: dict[str, Shape] = {name: array.shape for name, array in constants.items()}
    types = {name: array.dtype for name, array in constants.items()}
    for name, (element, shape) in known.items():
        with contextlib.suppress(KeyError):  # no type of ONNX: the runtime refuses the model
            types.setdefault(name, helper.tensor_dtype_to_np_dtype(element))
        if shape is not None:
            shapes.setdefault(name, shape)
    return shapes, types


def _declared(
    model: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    batch_axes: Mapping[str, int | None] | None,
) -> tuple[onnx.ModelProto, set[str]]:
    """The model for inference: constants in it or declared, free batches 1; their symbols."""
    declared = onnx.ModelProto()
    declared.CopyFrom(model)
    graph = declared.graph
    batches = set()
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        axis = batch_axes.get(value.name) if batch_axes is not None else 0 if dims else None
        if axis is not None and not dims[axis].HasField("dim_value"):
            batches.add(dims[axis].dim_param)
            dims[axis].dim_value = 1
    del graph.value_info[:]
    declare_constants(declared, constants, _READ_ELEMENTS)
    return declared, batches - {""}


def declare_constants(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray], most_elements: int
) -> None:
    """Give a model constants, in place: their values up to so many elements, larger ones as inputs.

    Args:
        model: without initialisers; an input that has the name of a constant stays.
        constants: by name.
        most_elements: of a constant whose values are copied.
    """
    model.ir_version = max(model.ir_version, FIRST_WITHOUT_LISTED_INITIALISERS)
    listed = {value.name for value in model.graph.input}
    for name, array in constants.items():
        if array.size <= most_elements:
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
        elif name not in listed:
            element = helper.np_dtype_to_tensor_dtype(array.dtype)
            model.graph.input.append(helper.make_tensor_value_info(name, element, array.shape))


def _inferred(declared: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    graph = declared.graph
    # Inference is a help for the eye; execution finds the real shapes.
    with contextlib.suppress(Exception):
        graph = onnx.shape_inference.infer_shapes(declared, data_prop=True).graph
    return [*graph.input, *graph.value_info, *graph.output]


def _told(values: Iterable[onnx.ValueInfoProto], batches: Collection[str]) -> dict[str, Told]:
    """Element types and shapes that are noted, a length that bears a batch's name being 1."""
    found: dict[str, Told] = {}
    for value in values:
        tensor = value.type.tensor_type
        if not value.type.HasField("tensor_type") or tensor.elem_type not in _ELEMENTS:
            continue
        shape = None
        if tensor.HasField("shape"):
            shape = tuple(_length(dim, batches) for dim in tensor.shape.dim)
        found.setdefault(value.name, (tensor.elem_type, shape))
    return found


def _length(dim: onnx.TensorShapeProto.Dimension, batches: Collection[str]) -> int | None:
    if dim.HasField("dim_value"):
        return dim.dim_value if dim.dim_value >= 0 else None  # some exporters write -1
    return 1 if dim.dim_param in batches else None


def _missing(
    nodes: Iterable[onnx.NodeProto],
    inferred: Iterable[onnx.ValueInfoProto],
    known: Mapping[str, Told],
) -> list[str]:
    """Tensors that inference gives no type, or that a node which it does not know gives."""
    typed = {value.name for value in inferred if value.type.WhichOneof("value") is not None}
    typed -= {name for name, (_, shape) in known.items() if None in (shape or (None,))}
    found = []
    for node in nodes:
        foreign = not onnx.defs.has(node.op_type, node.domain)
        found += [n for n in node.output if n and n not in typed and (foreign or n not in known)]
    return found


def _more(*words: Mapping[str, Told]) -> dict[str, Told]:
    """What later words tell beyond the first."""
    found = {}
    for name in dict.fromkeys(name for later in words[1:] for name in later):
        said = [word[name] for word in words if name in word]
        joined = reduce(_joined, said)
        if joined != words[0].get(name):
            found[name] = joined
    return found


def _joined(first: Told, second: Told) -> Told:
    """The first word; where it leaves out lengths, and the two agree otherwise, the second's."""
    (element, shape), (other, lengths) = first, second
    if other != element or lengths is None:
        return first
    if shape is None:
        return element, lengths
    if len(shape) != len(lengths):
        return first
    pairs = list(zip(shape, lengths, strict=True))
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return first
    return element, tuple(b if a is None else a for a, b in pairs)
