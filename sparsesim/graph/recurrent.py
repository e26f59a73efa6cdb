"""Recurrent nodes as layers: LSTM, GRU, RNN and ONNX Runtime's DynamicQuantizeLSTM.

The node stays one node of the model; it makes two products, each a layer. `NODE/input` multiplies W
with the inputs of all steps at once; `NODE/hidden` multiplies R with the states, one step behind
the other, and does all that is element-wise. How: engine/recurrent.

Source: docs/model.md, "Recurrent layers".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.graph.layers import Layer, Shape
from sparsesim.graph.names import unused

# Operator -> rows of W and R for each hidden unit.
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1, "DynamicQuantizeLSTM": 4}
DYNAMIC = "DynamicQuantizeLSTM"
ACTIVATIONS = (
    "Affine",
    "Elu",
    "HardSigmoid",
    "LeakyRelu",
    "Relu",
    "ScaledTanh",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "ThresholdedRelu",
)
_TAKES = {
    "alpha": ("affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"),
    "beta": ("affine", "hardsigmoid", "scaledtanh"),
}
INPUT, HIDDEN = "recurrent_input", "recurrent"
_ENDS = ("", ":scale", ":zero")
_FLOATS = ("float16", "float32", "float64")
# What a node reads beside X, W and R, in the order of its inputs.
_BESIDE = {
    "LSTM": ("B", "sequence_lens", "initial_h", "initial_c", "P"),
    DYNAMIC: ("B", "sequence_lens", "initial_h", "initial_c", "P"),
    "GRU": ("B", "sequence_lens", "initial_h"),
    "RNN": ("B", "sequence_lens", "initial_h"),
}


def is_recurrent(node: onnx.NodeProto) -> bool:
    """Whether a node is one of these operators."""
    domain = "com.microsoft" if node.op_type == DYNAMIC else ""
    return node.op_type in GATES and node.domain == domain


def parts_of(layer: Layer) -> int:
    """Products that a step of the hidden layer goes through, one behind the other.

    The candidate of a GRU reads the reset gate's product with the state where that gate stands in
    front of the product (`linear_before_reset` 0), so each of its gates is a product of its own.
    """
    return 3 if layer.op == "GRU" and not layer.attribute("linear_before_reset", 0) else 1


def is_turned(layer: Layer) -> bool:
    """Its weight is stored K first, filters last."""
    return layer.kind in (INPUT, HIDDEN) and layer.op == DYNAMIC


def recurrent_layers(
    node: onnx.NodeProto,
    constants: Mapping[str, np.ndarray],
    types: Mapping[str, np.dtype],
    taken: set[str],
) -> tuple[list[Layer], str]:
    """The two layers of a recurrent node, or none and why.

    Args:
        node: `is_recurrent` of it holds.
        constants, types: of the graph.
        taken: names of all nodes and tensors of the graph; those made are added to it.
    """
    reason = _reject(node, constants, types)
    if reason:
        return [], reason

    def own(name: str) -> str:
        """A name for a tensor or layer that the model itself has not."""
        return unused(name, taken)

    names = [*node.input, *[""] * 12]
    beside = names[3 : 3 + len(_BESIDE[node.op_type])]
    outputs = [*node.output, "", "", ""][:3]
    sums, gates = own(f"{node.name}:sums"), own(f"{node.name}:gates")
    x, states = ([own(f"{node.name}:{role}{end}") for end in _ENDS] for role in ("x", "states"))
    if node.op_type != DYNAMIC:
        x, states = [names[0], "", ""], [states[0], "", ""]
    common: dict[str, Any] = {
        "op": node.op_type,
        "attributes": tuple((a.name, helper.get_attribute_value(a)) for a in node.attribute),
        "nodes": (node.name,),
    }
    first = Layer(
        name=own(f"{node.name}/input"),
        kind=INPUT,
        **_operands(x, [names[1], *names[8:10]]),
        output=sums,
        inputs=(names[0],),
        others=tuple(name for name in x if name and name != names[0]),
        **common,
    )
    second = Layer(
        name=own(f"{node.name}/hidden"),
        kind=HIDDEN,
        **_operands(states, [names[2], *names[10:12]]),
        output=gates,
        inputs=(sums, *beside, *[""] * (5 - len(beside))),
        others=tuple(name for name in (*states, *outputs[::-1]) if name),
        results=tuple(outputs),
        **common,
    )
    return [first, second], ""


def _operands(activation: list[str], weight: list[str]) -> dict[str, Any]:
    """Both operands of a layer: tensor, scale and zero point of each."""
    given = zip(("activation", "weight"), (activation, weight), strict=True)
    return {
        f"{role}{end}": name
        for role, names in given
        for end, name in zip(("", "_scale", "_zero"), names, strict=True)
    }


def _reject(
    node: onnx.NodeProto, constants: Mapping[str, np.ndarray], types: Mapping[str, np.dtype]
) -> str:
    """Why a recurrent node stays on the host, or nothing."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    kind = str(types.get(node.input[0]))
    if kind not in _FLOATS:
        return f"its X is of type {kind}; layers take {' '.join(_FLOATS)}"
    names = [*node.input, *[""] * 12]
    for role, name in (("W", names[1]), ("R", names[2])):
        if name not in constants:
            return f"its {role} is computed while the model runs"
    quantisers = zip(
        ("W_scale", "W_zero_point", "R_scale", "R_zero_point"), names[8:12], strict=True
    )
    for role, name in quantisers:
        if name and name not in constants:
            return f"its {role} is computed while the model runs"
    unknown = [
        name.decode()
        for name in attributes.get("activations", ())
        if name.decode().lower() not in {known.lower() for known in ACTIVATIONS}
    ]
    if unknown:
        return f"its activation {unknown[0]} is none of {' '.join(ACTIVATIONS)}"
    lacking = _without_numbers(attributes)
    if lacking:
        return f"its activation {lacking} has no default in ONNX; give it numbers"
    return _misfit(node, attributes, constants[names[1]].shape, constants[names[2]].shape)


def _without_numbers(attributes: dict) -> str:
    """The first activation that ONNX gives no default for and the node no number, in words.

    ONNX Runtime takes 0 there, others what an operator of that name once had.
    """
    left = {role: len(attributes.get(f"activation_{role}", ())) for role in ("alpha", "beta")}
    for name in (name.decode().lower() for name in attributes.get("activations", ())):
        for role in ("alpha", "beta"):
            if name in _TAKES[role]:
                left[role] -= 1
                if left[role] < 0 and name in ("affine", "scaledtanh", "thresholdedrelu"):
                    return f"{name} without {role}"
    return ""


def _misfit(node: onnx.NodeProto, attributes: dict, w: tuple[int, ...], r: tuple[int, ...]) -> str:
    """Shapes of W and R that are not those of the operator, in words."""
    gates = GATES[node.op_type]
    directions = 2 if attributes.get("direction", b"forward") == b"bidirectional" else 1
    turned = node.op_type == DYNAMIC
    if len(w) == 3 and len(r) == 3:
        (inputs, rows), hidden = (w[1:], r[1]) if turned else (w[:0:-1], r[2])
        wanted = directions, *((hidden, gates * hidden) if turned else (gates * hidden, hidden))
        named = attributes.get("hidden_size", hidden)
        fits = w[0] == directions and rows == gates * hidden and inputs >= 0
        if r == wanted and fits and named == hidden:
            return ""
    return (
        f"its W {list(w)} and R {list(r)} are none of {directions} directions, {gates} gates and "
        f"hidden_size {attributes.get('hidden_size', '?')}"
    )


def internal(
    layers: Collection[Layer],
    shapes: Mapping[str, Shape],
    constants: Mapping[str, np.ndarray],
) -> tuple[dict[str, Shape], dict[str, np.dtype]]:
    """Shapes and types of the tensors between the two layers of a node, as far as X's are known.

    Args:
        layers: of a graph.
        shapes, constants: of it.
    """
    found: dict[str, Shape] = {}
    types: dict[str, np.dtype] = {}
    steps: int | None = None
    batch: int | None = None
    for layer in layers:
        if layer.kind == INPUT:
            steps, batch, inputs = [*shapes.get(layer.inputs[0], ()), None, None, None][:3]
            rows = constants[layer.weight].size // max(inputs or 1, 1) if inputs else None
            found[layer.output] = steps, batch, rows
            if layer.is_integer:
                found[layer.activation] = steps, batch, inputs
        if layer.kind == HIDDEN:
            directions, first, last = constants[layer.weight].shape
            rows, hidden = (last, first) if is_turned(layer) else (first, last)
            parts = parts_of(layer)
            groups = None if steps is None else directions * parts * steps
            found[layer.activation] = groups, batch, hidden
            found[layer.output] = groups, batch, rows // parts
        if layer.is_recurrent and layer.is_integer:
            types[layer.activation] = np.dtype(np.uint8)
    return found, types
