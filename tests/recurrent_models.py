"""Models of one recurrent node, and the plain twin of that node beside each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from naive_recurrent import GATES, NaiveNode, functions
from onnx import helper, numpy_helper

F = np.float32
DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
NUMBERS = {
    "LeakyRelu": (0.01, None),
    "HardSigmoid": (0.2, 0.5),
    "Elu": (1.0, None),
    "Affine": (None, None),
    "ScaledTanh": (None, None),
    "ThresholdedRelu": (None, None),
}
TAKES_BETA = ("Affine", "ScaledTanh", "HardSigmoid")


@dataclass
class Case:
    """A model whose node `net/rec` reads `x`, and that node's twin."""

    model: onnx.ModelProto
    node: NaiveNode
    shape: tuple[int, int, int]


def recurrent(
    random,
    op,
    *,
    steps=5,
    batch=1,
    inputs=4,
    hidden=3,
    direction="forward",
    bias=True,
    lengths=None,
    initial=False,
    peepholes=False,
    activations=(),
    alpha=(),
    beta=(),
    draw=None,
    **attributes,
) -> Case:
    """A node of drawn constants.

    Args:
        random: a generator; `draw(random, shape)` draws constants, by default normal ones.
        alpha, beta: numbers of the activations, in order.
        attributes: further ones of the node: clip, input_forget, linear_before_reset.
    """
    draw = draw or (lambda random, shape: random.standard_normal(shape).astype(F) * F(0.5))
    directions = 2 if direction == "bidirectional" else 1
    rows = GATES[op] * hidden
    state = directions, batch, hidden
    constants = {
        "W": draw(random, (directions, rows, inputs)),
        "R": draw(random, (directions, rows, hidden)),
        "B": draw(random, (directions, 2 * rows)) if bias else None,
        "L": None if lengths is None else np.array(lengths, np.int32),
        "H0": draw(random, state) if initial else None,
    }
    if op == "LSTM":
        constants["C0"] = draw(random, state) if initial else None
        constants["P"] = draw(random, (directions, 3 * hidden)) if peepholes else None
    names = ["x", *("" if array is None else name for name, array in constants.items())]
    outputs = ["Y", "Y_h", "Y_c"][: 3 if op == "LSTM" else 2]
    named = {"activations": list(activations)} if activations else {}
    named |= {"activation_alpha": list(alpha)} if alpha else {}
    named |= {"activation_beta": list(beta)} if beta else {}
    made = helper.make_node(
        op,
        names,
        outputs,
        "net/rec",
        hidden_size=hidden,
        direction=direction,
        **named,
        **attributes,
    )
    shapes = {"Y": (steps, directions, batch, hidden), "Y_h": state, "Y_c": state}
    model = one_node(made, (steps, batch, inputs), {n: shapes[n] for n in outputs}, constants)
    node = NaiveNode(
        op,
        constants["W"],
        constants["R"],
        _functions(activations or DEFAULTS[op] * directions, alpha, beta, len(DEFAULTS[op])),
        [direction == "reverse", True][:directions],
        constants["B"],
        constants["H0"],
        constants.get("C0"),
        constants.get("P"),
        lengths,
        attributes.get("clip"),
        bool(attributes.get("input_forget")),
        bool(attributes.get("linear_before_reset")),
    )
    return Case(model, node, (steps, batch, inputs))


def one_node(node, shape, outputs, constants, domains=("",)) -> onnx.ModelProto:
    """A model of one node that reads `x`."""
    float_ = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [node],
        "small",
        [helper.make_tensor_value_info("x", float_, shape)],
        [helper.make_tensor_value_info(name, float_, s) for name, s in outputs.items()],
        [numpy_helper.from_array(a, n) for n, a in constants.items() if a is not None],
    )
    opsets = [helper.make_opsetid(domain, 1 if domain else 17) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _functions(names, alpha, beta, each):
    alpha, beta, made = list(alpha), list(beta), []
    for name in names:
        a, b = NUMBERS.get(name, (None, None))
        if name in NUMBERS and alpha:
            a = alpha.pop(0)
        if name in TAKES_BETA and beta:
            b = beta.pop(0)
        made.append(functions(name.lower(), a, b))
    return [made[at : at + each] for at in range(0, len(made), each)]
