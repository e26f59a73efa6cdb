"""Each fused element-wise operator against ONNX Runtime's own, and behind a layer."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from sparsesim import elementwise
from sparsesim.engine.run import Engine
from sparsesim.graph import load

# operator -> attribute sets; the numbers are float32's own, as ONNX attributes are
ATTRIBUTES = {
    "Abs": [{}],
    "Celu": [{}, {"alpha": 2.5}],
    "Clip": [{}],
    "Elu": [{}, {"alpha": 0.5}],
    "Gelu": [{}, {"approximate": "tanh"}, {"approximate": "none"}],
    "HardSigmoid": [{}, {"alpha": 0.25, "beta": 0.75}],
    "HardSwish": [{}],
    "LeakyRelu": [{}, {"alpha": 0.25}, {"alpha": -0.5}],
    "Mish": [{}],
    "Relu": [{}],
    "Selu": [{}, {"alpha": 1.5, "gamma": 2.0}],
    "Shrink": [{}, {"lambd": 1.5}, {"lambd": 1.0, "bias": 0.25}],
    "Sigmoid": [{}],
    "Softplus": [{}],
    "Softsign": [{}],
    "Tanh": [{}],
    "ThresholdedRelu": [{}, {"alpha": 2.0}],
}
CASES = [(op, given) for op, all_given in ATTRIBUTES.items() for given in all_given]
EDGES = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.0, -2.0, 80.0, -80.0, 500.0, -500.0, 3e38, -3e38]


def reference(op: str, given: dict, x: np.ndarray) -> np.ndarray:
    import onnxruntime as ort

    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    value = [helper.make_tensor_value_info(name, kind, [None]) for name in "xy"]
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"], **given)], "g", *zip(value))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def numbers(op: str, given: dict, constants=None, inputs=("x",)) -> tuple[float, ...] | None:
    node = helper.make_node(op, list(inputs), ["y"], **given)
    return elementwise.find(op).numbers(node, constants or {})


def test_every_operator_is_tested():
    assert set(ATTRIBUTES) == set(elementwise.MODULES)


@pytest.mark.parametrize("op", elementwise.MODULES)
def test_its_file_names_it(op):
    assert op == elementwise.find(op).OP


@pytest.mark.parametrize("op,given", CASES)
def test_against_onnx_runtime(op, given):
    x = np.concatenate([EDGES, np.random.default_rng(3).normal(size=200) * 4]).astype("f4")
    wanted = reference(op, given, x)
    mine = x.copy()
    with np.errstate(over="ignore"):
        elementwise.find(op).kernel_(mine, np.array(numbers(op, given), dtype="f8"))
    np.testing.assert_allclose(mine, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("op,given", CASES)
def test_of_an_empty_tensor(op, given):
    elementwise.find(op).kernel_(np.zeros(0, "f4"), np.array(numbers(op, given), dtype="f8"))


@pytest.mark.parametrize("op", ["Relu", "Clip", "LeakyRelu", "Abs", "Tanh", "Shrink"])
def test_nan_stays_nan(op):
    x = np.array([np.nan, 1.0], "f4")
    elementwise.find(op).kernel_(x, np.array(numbers(op, {}), dtype="f8"))
    wanted = reference(op, {}, np.array([np.nan, 1.0], "f4"))
    np.testing.assert_array_equal(np.isnan(x), np.isnan(wanted))


def test_clip_takes_constant_bounds_and_no_computed_ones():
    bounds = {"low": np.float32(-1), "high": np.array([2.0], "f4")}
    assert numbers("Clip", {}, bounds, ("x", "low", "high")) == (-1.0, 2.0)
    assert numbers("Clip", {}, bounds, ("x", "", "high")) == (-np.inf, 2.0)
    assert numbers("Clip", {}, {"low": np.float32(0)}, ("x", "low", "high")) is None


def test_clip_of_opset_6_has_attributes():
    node = helper.make_node("Clip", ["x"], ["y"], min=-1.0, max=2.0)
    assert elementwise.find("Clip").numbers(node, {}) == (-1.0, 2.0)


@pytest.mark.parametrize("op,given", CASES)
def test_fused_behind_a_layer(op, given):
    import onnxruntime as ort

    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv"),
        helper.make_node(op, ["c"], ["y"], name="act", **given),
        helper.make_node("Relu", ["y"], ["z"], name="relu"),
    ]
    rng = np.random.default_rng(5)
    constants = {"w": rng.normal(size=(4, 3, 3, 3)), "b": rng.normal(size=4)}
    x = rng.normal(size=(1, 3, 6, 6)).astype("f4")
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, x.shape)],
        [helper.make_tensor_value_info("z", 1, [1, 4, 4, 4])],
        [onnx.numpy_helper.from_array(v.astype("f4"), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    loaded = load(model)
    assert [fused.op for fused in loaded.layers[0].chain] == [op, "Relu"]
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {"x": x})[0]
    np.testing.assert_allclose(Engine(loaded).run({"x": x})[0], wanted, rtol=1e-4, atol=1e-4)
