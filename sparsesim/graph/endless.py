"""Loops that can't end: refused where a model is loaded, for ONNX Runtime would run them for ever.

Only those that tell it by constants; whether any other loop ends only running it tells.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from sparsesim.errors import ModelError
from sparsesim.graph.names import first_output, printable
from sparsesim.graph.walk import bodies

# Of an empty body ONNX Runtime runs some 10^5 a second.
MOST_TRIPS = 1 << 31
# Operators whose output has the value of their first input, where that is one number.
_SAME = ("Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten")

_Known = dict[str, int]


def refuse_endless(graph: onnx.GraphProto, where: str) -> None:
    """Refuse a graph with a Loop that never ends once it is entered, in bodies of bodies, too.

    Args:
        graph: of a checked model; its functions are inlined, its constants are no inputs.
        where: the model's name in errors.
    Raises:
        ModelError: a Loop whose body always goes on, and that has no trip count, or a constant one
            above `MOST_TRIPS`.
    """
    _check(graph, {}, where)


def _check(graph: onnx.GraphProto, around: Mapping[str, int], where: str) -> None:
    known = _constants(graph, around)
    for node in graph.node:
        is_loop = node.op_type == "Loop" and not node.domain
        for body in bodies(node):
            inner = dict(known)
            for value in body.input:
                inner.pop(value.name, None)
            if is_loop and len(body.input) > 1:
                inner[body.input[1].name] = 1  # a trip begins only where it holds
            _check(body, inner, where)
            if is_loop and _goes_on(body, inner):
                _refuse(node, known, where)


def _goes_on(body: onnx.GraphProto, around: Mapping[str, int]) -> bool:
    """Whether each trip says that there is another."""
    return bool(body.output) and bool(_constants(body, around).get(body.output[0].name))


def _refuse(node: onnx.NodeProto, known: Mapping[str, int], where: str) -> None:
    trips, condition = [*node.input, "", ""][:2]
    if condition and known.get(condition) == 0:  # never entered
        return
    count = known.get(trips)
    if trips and (count is None or count <= MOST_TRIPS):
        return
    has = f"a trip count of {count:,}" if trips else "no trip count"
    name = printable(node.name or first_output(node))
    raise ModelError(
        f"{where}: {name} (Loop) has {has}, and its condition is always true: it does not end; "
        f"give it a trip count of at most {MOST_TRIPS:,}, or a condition that becomes false"
    )


def _constants(graph: onnx.GraphProto, around: Mapping[str, int]) -> _Known:
    """Whole numbers and truths that are known before anything runs, by tensor."""
    known = dict(around)
    for tensor in graph.initializer:
        known.pop(tensor.name, None)
        _note(known, tensor.name, tensor)
    for node in graph.node:
        for name in node.output:
            known.pop(name, None)
        if node.domain or not node.output:
            continue
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    _note(known, node.output[0], attribute.t)
                elif attribute.name == "value_int":
                    known[node.output[0]] = attribute.i
        elif node.op_type in _SAME and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]]
        elif node.op_type == "Not" and node.input[0] in known:
            known[node.output[0]] = int(not known[node.input[0]])
    return known


def _note(known: _Known, name: str, tensor: onnx.TensorProto) -> None:
    if int(np.prod(tensor.dims)) == 1 and tensor.data_type in (
        onnx.TensorProto.BOOL,
        onnx.TensorProto.INT32,
        onnx.TensorProto.INT64,
    ):
        known[name] = int(numpy_helper.to_array(tensor).reshape(-1)[0])
