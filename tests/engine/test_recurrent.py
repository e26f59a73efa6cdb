"""Recurrent layers against ONNX Runtime and against ONNX's equations."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from naive_recurrent import NaiveNode, functions
from onnx import helper
from recurrent_models import Case, one_node, recurrent

import sparsesim as ss
from sparsesim.engine.recurrent.quantise import dynamic
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

F = np.float32
LSTM = [{}, {"peepholes": True}, {"input_forget": 1}, {"peepholes": True, "input_forget": 1}]
GRU = [{"linear_before_reset": 0}, {"linear_before_reset": 1}]
VARIANTS = [("LSTM", more) for more in LSTM] + [("GRU", more) for more in GRU] + [("RNN", {})]


def outputs_of(case: Case, x):
    """Ours, ONNX Runtime's and the twin's."""
    graph = ss.load(case.model)
    assert [layer.name for layer in graph.layers] == ["net/rec/input", "net/rec/hidden"]
    ours = Engine(graph).run({"x": x})
    session = ort.InferenceSession(
        case.model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return ours, session.run(None, {"x": x}), case.node.run(x)


def compare(case: Case, x):
    ours, runtime, twin = outputs_of(case, x)
    for mine, theirs, plain in zip(ours, runtime, twin, strict=False):
        assert mine.dtype == theirs.dtype and mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, atol=3e-6)
        np.testing.assert_allclose(mine, plain, atol=3e-6)


@pytest.mark.parametrize(("op", "more"), VARIANTS)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"batch": 3, "initial": True},
        {"batch": 3, "lengths": [5, 2, 4]},
        {"batch": 3, "lengths": [0, 5, 1], "initial": True, "clip": 0.4},
        {"clip": 0.3, "bias": False, "initial": True},
        {"steps": 1, "batch": 2, "hidden": 1},
    ],
)
def test_outputs_are_those_of_onnx(op, more, direction, given):
    random = np.random.default_rng(7)
    case = recurrent(random, op, direction=direction, **more, **given)
    compare(case, random.standard_normal(case.shape).astype(F))


@pytest.mark.parametrize(
    ("name", "alpha", "beta"),
    [
        ("Relu", (), ()),
        ("Tanh", (), ()),
        ("Sigmoid", (), ()),
        ("Softsign", (), ()),
        ("Softplus", (), ()),
        ("Affine", (0.7,), (0.2,)),
        ("LeakyRelu", (), ()),
        ("LeakyRelu", (0.3,), ()),
        ("ThresholdedRelu", (0.4,), ()),
        ("ScaledTanh", (1.2,), (0.6,)),
        ("HardSigmoid", (), ()),
        ("HardSigmoid", (0.3,), (0.4,)),
        ("Elu", (), ()),
        ("Elu", (0.5,), ()),
    ],
)
def test_every_activation_is_onnx_s(name, alpha, beta):
    random = np.random.default_rng(3)
    case = recurrent(random, "RNN", batch=2, activations=[name], alpha=alpha, beta=beta)
    compare(case, random.standard_normal(case.shape).astype(F))


def test_numbers_go_to_the_functions_that_take_them_in_order():
    random = np.random.default_rng(4)
    case = recurrent(
        random,
        "LSTM",
        direction="bidirectional",
        activations=["HardSigmoid", "Tanh", "Elu", "Sigmoid", "LeakyRelu", "ScaledTanh"],
        alpha=(0.3, 0.7, 0.05, 1.1),
        beta=(0.45, 0.8),
    )
    compare(case, random.standard_normal(case.shape).astype(F))


def test_only_some_outputs_and_operands_that_are_inputs():
    random = np.random.default_rng(5)
    case = recurrent(random, "LSTM", batch=2, initial=True)
    node = case.model.graph.node[0]
    node.output[:] = ["", "Y_h"]
    del case.model.graph.output[2], case.model.graph.output[0]
    state = next(i for i in case.model.graph.initializer if i.name == "H0")
    case.model.graph.initializer.remove(state)
    case.model.graph.input.append(helper.make_tensor_value_info("H0", 1, [1, 2, 3]))
    x = random.standard_normal(case.shape).astype(F)
    case.node.h0 = random.standard_normal((1, 2, 3)).astype(F)
    (found,) = Engine(ss.load(case.model)).run({"x": x, "H0": case.node.h0})
    np.testing.assert_allclose(found, case.node.run(x)[1], atol=3e-6)


def test_lengths_out_of_range_are_refused():
    case = recurrent(np.random.default_rng(5), "GRU", batch=2, lengths=[6, 1])
    with pytest.raises(ModelError) as raised:
        Engine(ss.load(case.model)).run({"x": np.zeros(case.shape, F)})
    assert str(raised.value) == "net/rec/hidden: its sequence_lens are [6, 1]; use 2 of 0 to 5"


@pytest.mark.parametrize(("name", "wanted"), [("B", [1, 18]), ("H0", [1, 2, 3])])
def test_operands_of_other_shapes_are_refused(name, wanted):
    case = recurrent(np.random.default_rng(5), "GRU", batch=2, initial=True)
    tensor = next(i for i in case.model.graph.initializer if i.name == name)
    case.model.graph.initializer.remove(tensor)
    case.model.graph.input.append(helper.make_tensor_value_info(name, 1, ["a"] * len(wanted)))
    given = {"x": np.zeros(case.shape, F), name: np.zeros([1] * len(wanted), F)}
    with pytest.raises(ModelError) as raised:
        Engine(ss.load(case.model)).run(given)
    role = {"B": "B", "H0": "initial_h"}[name]
    assert str(raised.value) == f"net/rec/hidden: its {role} is {[1] * len(wanted)}; use {wanted}"


def test_no_steps_and_no_batch_make_empty_outputs():
    case = recurrent(np.random.default_rng(5), "LSTM", initial=False)
    for dim in case.model.graph.input[0].type.tensor_type.shape.dim[:2]:
        dim.dim_param = "n"
    for output in case.model.graph.output:
        for at, dim in enumerate(output.type.tensor_type.shape.dim):
            dim.dim_param = f"{output.name}{at}"
    graph = ss.load(case.model)
    for shape in ((0, 2, 4), (3, 0, 4)):
        y, y_h, _ = Engine(graph).run({"x": np.zeros(shape, F)})
        assert y.shape == (shape[0], 1, shape[1], 3) and y_h.shape == (1, shape[1], 3)


# DynamicQuantizeLSTM: integers by NumPy alone, since a runtime may saturate them.


def dynamic_lstm(random, kind, per_channel, directions=1, steps=4, batch=2, inputs=6, hidden=5):
    """A model of one such node, and its constants."""
    info = np.iinfo(kind)
    draw = lambda *shape: random.integers(info.min, info.max + 1, shape).astype(kind)  # noqa: E731
    size = (directions, 4 * hidden) if per_channel else (directions,)
    constants = {
        "W": draw(directions, inputs, 4 * hidden),
        "R": draw(directions, hidden, 4 * hidden),
        "B": random.standard_normal((directions, 8 * hidden)).astype(F) * F(0.1),
        "Ws": random.uniform(0.002, 0.004, size).astype(F),
        "Wz": random.integers(info.min // 8, 20, size).astype(kind),
        "Rs": random.uniform(0.002, 0.004, size).astype(F),
        "Rz": random.integers(info.min // 8, 20, size).astype(kind),
    }
    node = helper.make_node(
        "DynamicQuantizeLSTM",
        ["x", "W", "R", "B", "", "", "", "", "Ws", "Wz", "Rs", "Rz"],
        ["Y", "Y_h", "Y_c"],
        "net/rec",
        domain="com.microsoft",
        hidden_size=hidden,
        direction="bidirectional" if directions == 2 else "forward",
    )
    state = directions, batch, hidden
    outputs = {"Y": (steps, *state), "Y_h": state, "Y_c": state}
    domains = ("", "com.microsoft")
    return one_node(node, (steps, batch, inputs), outputs, constants, domains), constants


def quantised(x):
    """Steps and zero point by ONNX's DynamicQuantizeLinear, in float32."""
    low, high = min(F(0), x.min()), max(F(0), x.max())
    scale = F(1) if high == low else F(F(high - low) / F(255))
    zero = int(np.clip(np.rint(F(0) - low / scale), 0, 255))
    return np.clip(np.rint(x / scale).astype(int) + zero, 0, 255), scale, zero


def integer_lstm(constants, x):
    """Y, and the quantised states less their zero points that entered each step."""
    steps, batch, _ = x.shape
    directions, hidden, rows = constants["R"].shape
    y = np.zeros((steps, directions, batch, hidden), F)
    entered = np.zeros((directions, steps, batch, hidden), int)
    whole, x_scale, x_zero = quantised(x)
    along = lambda v, d: np.broadcast_to(np.reshape(v[d], (-1,)), rows)  # noqa: E731
    for d in range(directions):
        w = constants["W"][d].astype(int) - along(constants["Wz"], d).astype(int)
        r = constants["R"][d].astype(int) - along(constants["Rz"], d).astype(int)
        h, c = np.zeros((batch, hidden), F), np.zeros((batch, hidden), F)
        for step in range(steps):
            time = steps - 1 - step if d else step
            q, scale, zero = quantised(h)
            entered[d, step] = q - zero
            sums = ((whole[time] - x_zero) @ w) * (x_scale * along(constants["Ws"], d))
            sums = sums + ((q - zero) @ r) * (scale * along(constants["Rs"], d))
            sums = sums + constants["B"][d, :rows] + constants["B"][d, rows:]
            i, o, f, new = np.split(sums.astype(float), 4, axis=1)
            sigmoid = functions("sigmoid", None, None)
            c = (sigmoid(f) * c + sigmoid(i) * np.tanh(new)).astype(F)
            h = (sigmoid(o) * np.tanh(c)).astype(F)
            y[time, d] = h
    return y, entered, whole - x_zero


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_dynamically_quantised_lstm_multiplies_whole_numbers(kind, per_channel, directions):
    random = np.random.default_rng(11)
    model, constants = dynamic_lstm(random, kind, per_channel, directions)
    x = random.standard_normal((4, 2, 6)).astype(F)
    graph = ss.load(model)
    assert [layer.is_integer for layer in graph.layers] == [True, True]
    seen = _Seen()
    y, _, _ = Engine(graph).run({"x": x}, seen)
    expected, entered, inputs = integer_lstm(constants, x)
    np.testing.assert_allclose(y, expected, atol=2e-6)
    first, second = graph.layers
    found = seen.of[first.activation].astype(int) - int(seen.of[first.activation_zero])
    np.testing.assert_array_equal(found, inputs)
    states = seen.of[second.activation].astype(int) - seen.of[second.activation_zero].astype(int)
    # A state within a 2^-20th of a tie may fall to the other side.
    assert np.count_nonzero(states != entered.reshape(states.shape)) <= 1


def test_dynamic_quantisation_by_hand():
    # From -1 to 4: steps of 5/255; -1 is 0, zero is 51, 4 is 255.
    steps, scale, zero = dynamic(np.array([-1, 0, 4, 0.01], F))
    assert (steps.tolist(), scale, zero) == ([0, 51, 255, 52], F(5) / F(255), 51)
    steps, scale, zero = dynamic(np.zeros(3, F))
    assert (steps.tolist(), scale, zero) == ([0, 0, 0], 1, 0)
    steps, scale, zero = dynamic(np.array([2.0], F))  # zero is always in the range
    assert (steps.tolist(), zero) == ([255], 0)


class _Seen:
    """Keeps what the layers made."""

    def __init__(self):
        self.of = {}

    def layer(self, runner, tensors):
        self.of |= {name: tensors[name] for name in runner.layer.makes}

    def made(self, names, tensors):
        """Nothing of the host's."""


def test_the_twin_by_hand():
    # One unit, ReLU, x = 1, 2: h = 1; then 2 + 3 * 1 = 5.
    relu = functions("relu", None, None)
    node = NaiveNode("RNN", np.ones((1, 1, 1)), np.full((1, 1, 1), 3.0), [[relu]], [False])
    y, y_h, _ = node.run(np.array([1.0, 2.0]).reshape(2, 1, 1))
    assert y.ravel().tolist() == [1, 5] and y_h.item() == 5
    assert node.states.ravel().tolist() == [0, 1]
