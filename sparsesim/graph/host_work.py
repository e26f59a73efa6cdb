"""What runs on the host: operators, and an estimate of the MACs inside them.

The estimate is for `mac_coverage` only: host work is named and never counted as free silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import onnx

from sparsesim.graph.layers import Graph, HostStep, Shape
from sparsesim.graph.recognise import KINDS


@dataclass(frozen=True)
class HostWork:
    """Work outside the modelled array, for one run.

    Attributes:
        operators: ONNX operator -> number of nodes.
        macs: node name -> estimated MACs, for operators that multiply and accumulate; -1 where
            shapes are unknown.
        reasons: node name -> why a MAC node is not a layer.
    """

    operators: Mapping[str, int]
    macs: Mapping[str, int]
    reasons: Mapping[str, str]

    @property
    def known_macs(self) -> int:
        """Sum of the estimates that could be made."""
        return sum(macs for macs in self.macs.values() if macs > 0)


def host_work(graph: Graph) -> HostWork:
    """Operators and estimated MACs of all host steps of a graph."""
    operators: Counter[str] = Counter()
    macs: dict[str, int] = {}
    for step in graph.steps:
        if not isinstance(step, HostStep):
            continue
        for index in step.nodes:
            node = graph.model.graph.node[index]
            operators[node.op_type] += 1
            estimate = _macs(node, graph.shapes)
            if estimate is not None:
                macs[node.name] = estimate
    reasons = {name: why for name, why in graph.reasons.items() if name in macs}
    return HostWork(dict(operators), macs, reasons)


def _macs(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int | None:
    """MACs of a node; None where it makes none, -1 where they are unknown."""
    bodies = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    if bodies:
        inside = [_macs(inner, {}) for body in bodies for inner in body.node]
        return -1 if any(count is not None for count in inside) else None
    try:
        if node.op_type in ("LSTM", "GRU", "RNN"):
            return _recurrent(node, shapes)
        if node.op_type == "Einsum":
            return _einsum(node, shapes)
        if node.op_type in ("Attention", "DeformConv", "MultiHeadAttention"):
            return -1
        if node.op_type in KINDS:
            return _product(node, shapes)
    except (KeyError, TypeError, ValueError):
        return -1
    return None


def _known(shapes: Mapping[str, Shape], name: str) -> tuple[int, ...]:
    """A shape without gaps; ValueError where a length is unknown."""
    shape = tuple(length for length in shapes[name] if length is not None)
    if len(shape) != len(shapes[name]):
        raise ValueError(name)
    return shape


def _recurrent(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Gates x hidden x (input + hidden) a step, batch and direction; [length, batch, input]."""
    x, recurrence = _known(shapes, node.input[0]), _known(shapes, node.input[2])
    directions, gates_hidden, hidden = recurrence
    return prod((x[0], x[1], directions, gates_hidden, x[2] + hidden))


def _einsum(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int | None:
    """The product of all index lengths, once for each operand after the first."""
    if len(node.input) < 2:
        return None
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation")
    lengths: dict[str, int] = {}
    terms = equation.replace(" ", "").split("->")[0].split(",")
    for term, name in zip(terms, node.input, strict=True):
        for index, length in zip(term, _known(shapes, name), strict=True):
            lengths[index] = max(lengths.get(index, 1), length)
    return prod(lengths.values()) * (len(terms) - 1)


def _product(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Output elements times reduction."""
    quantised = node.op_type.startswith("QLinear")
    a = _known(shapes, node.input[0])
    b = _known(shapes, node.input[3 if quantised else 1])
    output = prod(_known(shapes, node.output[0]))
    if "Conv" in node.op_type:
        return output * prod(b[1:])
    return output * a[-1]
