"""QONNX files against QONNX's own executor and its functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from qonnx_models import GENERAL, executed, f, model, quant

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

pytest.importorskip("qonnx")
RNG = np.random.default_rng(11)
MODES = ("ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_EVEN", "HALF_UP", "HALF_DOWN")


def error(made: onnx.ModelProto) -> str:
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    return str(caught.value)


def halves(count: int) -> np.ndarray:
    """Values of which many lie on the edge between two codes."""
    return (RNG.integers(-40, 40, count) / 4).astype(np.float32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("bits", "signed", "narrow"),
    [(1, 0, 0), (2, 1, 1), (2, 0, 0), (3, 1, 0), (4, 0, 1), (8, 1, 0), (8, 1, 1), (8, 0, 0)],
)
@pytest.mark.parametrize("zero", [0, 1, -2, 0.5])
def test_computed_operands(mode, bits, signed, narrow, zero):
    nodes = [quant("x", "y", "b", signed=signed, narrow=narrow, rounding_mode=mode)]
    made = model(nodes, {"s": f(0.5), "z": f(zero), "b": f(bits)}, {"x": [1, 96]}, {"y": [1, 96]})
    x = halves(96)[None] * (1 << max(0, bits - 3))
    want = executed(made, {"x": x})["y"]
    assert Engine(ss.load(made)).run({"x": x})[0].tolist() == want.tolist()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bits", [1, 2, 3, 5, 8, 12, 16])
@pytest.mark.parametrize("scale", [f(0.5), f([[0.5, 1, 2, 0.25]]), f([[0.5], [1], [3]])])
def test_weights(mode, bits, scale):
    nodes = [
        quant("w", "q", "b", narrow=1, rounding_mode=mode),
        helper.make_node("MatMul", ["x", "q"], ["y"], name="layer"),
    ]
    w = halves(12).reshape(3, 4)
    constants = {"w": w, "s": scale, "z": f(0), "b": f(bits)}
    made = model(nodes, constants, {"x": [2, 3]}, {"y": [2, 4]})
    x = RNG.integers(-4, 5, (2, 3)).astype(np.float32)
    graph = ss.load(made)
    assert Engine(graph).run({"x": x})[0].tolist() == executed(made, {"x": x})["y"].tolist()
    assert [layer.name for layer in graph.layers] == ["layer"]


@pytest.mark.parametrize("domain", ["onnx.brevitas", GENERAL, "finn.custom_op.general"])
@pytest.mark.parametrize("imports", [True, False])
@pytest.mark.parametrize("opset", [9, 11, 13, 17])
def test_every_domain_and_the_files_that_import_none(domain, imports, opset):
    nodes = [
        quant("x", "xq", "b4"),
        quant("w", "wq", "b2", narrow=1),
        helper.make_node("MatMul", ["xq", "wq"], ["y"], name="layer"),
    ]
    w = RNG.standard_normal((8, 4)).astype(np.float32)
    constants = {"w": w, "s": f(0.5), "z": f(0), "b4": f(4), "b2": f(2)}
    made = model(nodes, constants, {"x": [1, 8]}, {"y": [1, 4]}, opset, domain, imports)
    graph = ss.load(made)
    (layer,) = graph.layers
    assert layer.is_integer
    codes = graph.constants[layer.weight]
    assert codes.dtype == np.int8
    want = np.clip(np.rint(w / np.float32(0.5)), -1, 1)
    assert codes.tolist() == want.tolist()
    x = RNG.standard_normal((1, 8)).astype(np.float32)
    acts = np.clip(np.rint(x / 0.5), -8, 7)
    assert Engine(graph).run({"x": x})[0].tolist() == (acts @ want * 0.25).tolist()
    record = ss.estimate(ss.execute(graph, {"x": x})).layers[0]
    pairs = sum(int(((acts[0] != 0) & (want[:, c] != 0)).sum()) for c in range(4))
    assert (record.macs, record.effectual_macs) == (32, pairs)
    assert record.weight_sparsity == (want == 0).mean()
    assert record.activation_sparsity == (acts == 0).mean()


def network_of(seed: int) -> onnx.ModelProto:
    """Convolution, normalisation, ReLU, pooling, a truncated mean, a layer of one bit."""
    nodes = [
        quant("x", "x0", "b8"),
        quant("w1", "w1q", "b3", scale="s1", narrow=1),
        helper.make_node("Conv", ["x0", "w1q"], ["c1"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c1", "g", "h", "m", "v"], ["n1"], name="norm"),
        helper.make_node("Relu", ["n1"], ["r1"], name="relu"),
        quant("r1", "q1", "b2", scale="s2", signed=0),
        helper.make_node("AveragePool", ["q1"], ["a1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Trunc", ["a1", "s3", "z", "b4", "b2"], ["t1"], rounding_mode="FLOOR"),
        helper.make_node("Flatten", ["t1"], ["f1"]),
        helper.make_node("BipolarQuant", ["w2", "s1b"], ["w2q"]),
        helper.make_node("MatMul", ["f1", "w2q"], ["y0"], name="fc"),
        helper.make_node("BipolarQuant", ["y0", "s1b"], ["y1"]),
        quant("w3", "w3q", "b4", narrow=1),
        helper.make_node("MatMul", ["y1", "w3q"], ["y"], name="last"),
    ]
    rng = np.random.default_rng(seed)
    constants = {
        "w1": rng.standard_normal((4, 2, 3, 3)).astype(np.float32),
        "w2": rng.standard_normal((36, 5)).astype(np.float32),
        "w3": rng.standard_normal((5, 3)).astype(np.float32),
        "g": f([1, 2, 0.5, 1]),
        "h": f([0, 0.5, -0.5, 0]),
        "m": f([0, 0, 0, 1]),
        "v": f([1, 4, 1, 1]),
        **{"s": f(0.125), "s1": f(0.25), "s1b": f(0.5), "s2": f(1), "s3": f(0.25), "z": f(0)},
        **{f"b{bits}": f(bits) for bits in (2, 3, 4, 8)},
    }
    return model(nodes, constants, {"x": [1, 2, 6, 6]}, {"y": [1, 3]})


def test_a_network_of_all_of_them():
    made = network_of(11)
    graph = ss.load(made)
    assert [layer.name for layer in graph.layers] == ["conv", "fc", "last"]
    for _ in range(5):
        x = RNG.standard_normal((1, 2, 6, 6)).astype(np.float32)
        want = executed(made, {"x": x})["y"]
        assert np.allclose(Engine(graph).run({"x": x})[0], want, rtol=1e-5, atol=1e-5)
        layers = ss.estimate(ss.execute(graph, {"x": x})).layers
        assert layers[1].weight_sparsity == layers[2].activation_sparsity == 0


def test_the_saved_model_is_plain_onnx(tmp_path: Path):
    import onnxruntime as ort

    made = network_of(11)
    graph = ss.load(made)
    ss.save(graph, tmp_path / "plain.onnx")
    session = ort.InferenceSession(tmp_path / "plain.onnx", providers=["CPUExecutionProvider"])
    x = RNG.standard_normal((1, 2, 6, 6)).astype(np.float32)
    want = executed(made, {"x": x})["y"]
    assert np.allclose(session.run(None, {"x": x})[0], want, rtol=1e-5, atol=1e-5)
    again = ss.load(tmp_path / "plain.onnx")
    assert [layer.is_integer for layer in again.layers] == [
        layer.is_integer for layer in graph.layers
    ]


def test_a_file_is_its_own_reference(tmp_path: Path):
    """Outputs of a sparser network are compared with those of the plain form of the file."""
    onnx.save(network_of(7), tmp_path / "small.onnx")
    graph = ss.load(tmp_path / "small.onnx")
    sparser = ss.sparsify(graph, ss.Thresholds(weights={"last": 0.2}))
    x = RNG.standard_normal((1, 2, 6, 6)).astype(np.float32)
    trace = ss.execute(sparser, {"x": x})
    run = next(iter(trace.images))
    want = executed(network_of(7), {"x": x})["y"]
    assert np.allclose(run.reference[0], want, rtol=1e-5, atol=1e-5)
    found = ss.estimate(trace).output_error
    assert found is not None
    off = np.abs(run.outputs[0] - want).max() / (want.max() - want.min())
    assert found.mean == pytest.approx(off, rel=1e-4)
    assert off > 0  # a threshold of 0.2 drops the codes of 0.125


def test_scales_that_are_computed_from_constants():
    nodes = [
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        helper.make_node("Div", ["half", "four"], ["s"]),
        quant("x", "y", "b"),
    ]
    constants = {"four": f(4), "z": f(0), "b": f(3)}
    made = model(nodes, constants, {"x": [1, 40]}, {"y": [1, 40]})
    x = halves(40)[None] / 8
    want = np.clip(np.rint(x / 0.125), -4, 3) * 0.125
    assert Engine(ss.load(made)).run({"x": x})[0].tolist() == want.tolist()


def test_scales_that_the_model_computes_stay_floats():
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["s"], keepdims=1),
        quant("x", "xq", "b"),
        quant("w", "wq", "b", scale="one"),
        helper.make_node("MatMul", ["xq", "wq"], ["y"], name="layer"),
    ]
    constants = {"w": halves(12).reshape(4, 3), "z": f(0), "b": f(3), "one": f(1)}
    made = model(nodes, constants, {"x": [1, 4]}, {"y": [1, 3]})
    x = f([[0.5, -1, 2, 1]])
    graph = ss.load(made)
    assert not graph.layers[0].is_integer
    assert Engine(graph).run({"x": x})[0].tolist() == executed(made, {"x": x})["y"].tolist()


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize(("bits_in", "bits_out"), [(6, 4), (8, 8), (10, 7)])
@pytest.mark.parametrize("mode", ["FLOOR", "ROUND", "CEIL"])
def test_truncation(second, bits_in, bits_out, mode):
    from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

    scale, zero = f(0.25), f(0)
    out = f(0.25 * 2 ** (bits_in - bits_out))
    inputs = ["x", "s", "z", "bi", *(["so"] if second else []), "bo"]
    nodes = [helper.make_node("Trunc", inputs, ["y"], rounding_mode=mode)]
    constants = {"s": scale, "z": zero, "bi": f(bits_in), "bo": f(bits_out), "so": out}
    made = model(nodes, constants, {"x": [1, 64]}, {"y": [1, 64]})
    x = (RNG.integers(-(2 ** (bits_in - 1)), 2 ** (bits_in - 1), (1, 64)) / 4).astype(np.float32)
    if second:
        arguments = (x, scale, zero, f(bits_in), 0, 1, out, np.asarray(bits_out), mode)
        want = trunc_v2(*arguments)
    else:
        want = trunc_v1(x, scale, zero, f(bits_in), f(bits_out), mode)
    assert Engine(ss.load(made)).run({"x": x})[0].tolist() == want.tolist()


def test_bad_files_are_one_line():
    x, y = {"x": [1, 4]}, {"y": [1, 4]}
    constants = {"s": f(1), "z": f(0), "b": f(4)}
    made = model([quant("x", "y", "b")], {**constants, "b": f(2.5)}, x, y)
    assert error(made) == (
        "small: y: its bit width 2.5 is out of range; use a whole number from 1 to 32"
    )
    made = model([quant("x", "y", "b")], {**constants, "b": f(40)}, x, y)
    assert error(made) == (
        "small: y: its bit width 40 is out of range; use a whole number from 1 to 32"
    )
    made = model([quant("x", "y", "x")], constants, x, y)
    assert error(made) == "small: y: its bit width is no constant number; use one"
    made = model([quant("x", "y", "b", rounding_mode="SIDEWAYS")], constants, x, y)
    assert error(made) == (
        "small: y: its rounding mode 'SIDEWAYS' is unknown; use ROUND, HALF_EVEN, CEIL, FLOOR, UP, "
        "DOWN, ROUND_TO_ZERO, HALF_UP, HALF_DOWN"
    )
    nodes = [helper.make_node("MultiThreshold", ["x", "s"], ["y"])]
    assert error(model(nodes, constants, x, y)) == (
        f"small: MultiThreshold of {GENERAL} is not supported; of its operators Quant, IntQuant, "
        "BipolarQuant, Trunc are"
    )
