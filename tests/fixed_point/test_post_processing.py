"""What the post-processing unit can stand for, and that it then gives what ONNX defines."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from fixed_point_models import F, layer, model, node
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

import sparsesim as ss
from sparsesim.engine.kernels import requantise as onnx_requantise
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError
from sparsesim.fixed_point.execute import FixedPoint
from sparsesim.fixed_point.post_processing import PostProcessing
from sparsesim.fixed_point.requantise import requantise, scale_of

EXAMPLES = int(200 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
MACHINE = ss.Accelerator()
STEP = 2.0**-3  # of the output; operands and sums are exact in float32, so no rounding differs
EVERY = np.stack(np.meshgrid(np.arange(256), np.arange(256)), -1).reshape(-1, 2).astype(np.uint8)


def behind(*ops: str) -> list:
    """Nodes from `s` to `r`; QuantizeLinear and DequantizeLinear take the output's numbers."""
    nodes, tensor = [], "s"
    for index, text in enumerate(ops):
        op, *numbers = text.split()
        after = "r" if index + 1 == len(ops) else f"t{index}"
        if op == "Q" or op == "DQ":
            scale = numbers[0] if numbers else "sy"
            whole = "QuantizeLinear" if op == "Q" else "DequantizeLinear"
            nodes.append(node(whole, f"{tensor} {scale} zy", after))
        elif op == "Clip":
            nodes.append(node(op, " ".join([tensor, *numbers]), after))
        elif op == "Shrink":
            nodes.append(node(op, tensor, after, lambd=float(numbers[0]), bias=0.0))
        else:
            nodes.append(node(op, tensor, after))
        tensor = after
    return nodes


def sweep(ops, kind=np.uint8, zero=100, bias=7) -> ss.Graph:
    """A product of pairs: sums of -127 * 255 .. 100 * 255 and a bias, then these operators."""
    constants = {
        "sx": F(2.0**-5),
        "zx": np.uint8(3),
        "w": np.array([[100], [-127]], np.int8),
        "sw": F(2.0**-6),
        "zw": np.int8(0),
        "b": np.array([bias], np.int32),
        "sb": F(2.0**-11),
        "sy": F(STEP),
        "s2": F(STEP / 2),
        "zy": np.array(zero, kind),
        "lo": F(-1.0),
        "half": F(0.55),
        "hi": F(4.3),
        "below": F(-7.77),
    }
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf"),
        node("DequantizeLinear", "b sb", "bf", axis=0),
        node("Gemm", "xf wf bf", "s", "layer"),
        *behind(*ops),
    ]
    return ss.load(model(nodes, {"x": (np.uint8, EVERY.shape)}, ["r"], constants))


def post_of(graph: ss.Graph, feed) -> tuple[PostProcessing | None, str]:
    product = FixedPoint(graph, MACHINE).layers["layer"].product({**graph.constants, **feed})
    return product.post, product.reason


# operators -> relu, threshold, low and high in steps from the zero point, operators it stands for;
# None: the ends of the type.
EXPRESSED = {
    ("Q",): (False, 0, None, None, 0),
    ("Relu", "Q"): (True, 0, 0, None, 2),
    ("Clip lo hi", "Q"): (False, 0, -8, 34, 2),  # -1 / 0.125 and 4.3 / 0.125 = 34.4
    ("Clip half hi", "Q"): (False, 0, 4, 34, 2),  # 0.55 / 0.125 = 4.4; the negative ones, too
    ("Relu", "Clip below hi", "Q"): (True, 0, 0, 34, 2),  # folding makes one Clip of both
    ("Q", "DQ", "Relu", "Q"): (True, 0, 0, None, 3),
    ("Q", "DQ", "Shrink 0.5", "Q"): (False, 4, None, None, 3),  # the edge is zero
    ("Q", "DQ", "Shrink 0.49", "Q"): (False, 3, None, None, 3),
    ("Q", "DQ", "Shrink 0.12", "Q"): (False, 0, None, None, 3),
    ("Q", "DQ", "Shrink 999", "Q"): (True, 0, 0, 0, 3),  # all of them
    ("Q", "DQ", "Relu", "Shrink 0.5", "Q"): (True, 4, 0, None, 4),
    ("Q", "DQ", "Clip lo hi", "Shrink 0.5", "Q"): (False, 4, -8, 34, 4),
    ("Relu", "Q", "DQ", "Shrink 0.5", "Q"): (True, 4, 0, None, 5),
    ("Q", "DQ", "Relu", "Q", "DQ", "Shrink 0.3", "Q"): (True, 2, 0, None, 6),
}


@pytest.mark.parametrize(("kind", "zero"), [("u1", 100), ("u1", 130), ("i1", -20), ("i1", 0)])
@pytest.mark.parametrize("ops", EXPRESSED)
def test_every_sum_becomes_what_onnx_makes_of_it(ops, kind, zero):
    graph, feed = sweep(ops, kind, zero), {"x": EVERY}
    post, reason = post_of(graph, feed)
    relu, threshold, low, high, chain = EXPRESSED[ops]
    info = np.iinfo(kind)
    assert post is not None and reason == ""
    assert (post.relu, post.threshold, post.zero_point, post.dtype, post.chain) == (
        relu,
        threshold,
        zero,
        np.dtype(kind),
        chain,
    )
    assert post.low == (info.min if low is None else zero + low)
    assert post.high == (info.max if high is None else zero + high)
    mine, onnx = FixedPoint(graph, MACHINE).run(feed)[0], Engine(graph).run(feed)[0]
    assert mine.dtype == onnx.dtype == kind
    np.testing.assert_array_equal(mine, onnx)
    assert ops == ("Q", "DQ", "Shrink 999", "Q") or len(np.unique(mine)) > 20


# operators -> how many the unit stands for (None: no post-processing at all), and why
REST = "behind it: no clamp and threshold of its steps"
LEFT = {
    ("Sigmoid", "Q"): (None, "Sigmoid stands before its output is quantised"),
    ("Shrink 0.5", "Q"): (None, "Shrink stands before its output is quantised"),
    ("Relu", "Tanh", "Q"): (None, "Tanh stands before its output is quantised"),
    ("Relu",): (None, "its output is float"),
    ("Q", "DQ", "LeakyRelu", "Q"): (0, f"DequantizeLinear, LeakyRelu, QuantizeLinear {REST}"),
    ("Q", "DQ", "Relu", "Q s2"): (0, f"DequantizeLinear, Relu, QuantizeLinear {REST}"),
    ("Relu", "Q", "DQ", "Sigmoid", "Q"): (2, f"DequantizeLinear, Sigmoid, QuantizeLinear {REST}"),
    ("Q", "DQ", "Relu", "Q", "DQ", "Sigmoid", "Q"): (
        3,
        f"DequantizeLinear, Sigmoid, QuantizeLinear {REST}",
    ),
}


@pytest.mark.parametrize("ops", LEFT)
def test_what_it_cannot_express_is_left_to_the_engine(ops):
    graph, feed = sweep(ops), {"x": EVERY}
    post, reason = post_of(graph, feed)
    chain, why = LEFT[ops]
    assert (None if post is None else post.chain, reason) == (chain, why)
    mine, onnx = FixedPoint(graph, MACHINE).run(feed)[0], Engine(graph).run(feed)[0]
    assert mine.dtype == onnx.dtype
    np.testing.assert_array_equal(mine, onnx)


def test_a_convolution_that_the_engine_finishes():
    x, w = (np.uint8, (2, 4, 7, 6), 7), (np.int8, (5, 4, 3, 3), 0)
    feed = {"x": EVERY.reshape(-1)[: 2 * 4 * 7 * 6].reshape(x[1])}
    for chain, output in (([], None), (behind("Tanh"), (np.uint8, 10, 0.01))):
        graph = ss.load(layer("Conv", x, w, channels=True, chain=chain, output=output))
        assert post_of(graph, feed)[0] is None
        mine, onnx = FixedPoint(graph, MACHINE).run(feed)[0], Engine(graph).run(feed)[0]
        np.testing.assert_array_equal(mine, onnx)


@pytest.mark.parametrize("kind", ["u2", "i2"])
def test_outputs_of_sixteen_bits_are_the_engines(kind):
    graph, feed = sweep(("Q",), kind), {"x": EVERY}
    name = np.dtype(kind).name
    assert post_of(graph, feed) == (None, f"its output is {name}; the datapath gives 8 bits")
    mine, onnx = FixedPoint(graph, MACHINE).run(feed)[0], Engine(graph).run(feed)[0]
    np.testing.assert_array_equal(mine, onnx)


def test_a_threshold_of_the_package_is_one_of_steps():
    whole = layer("Conv", (np.uint8, (1, 4, 7, 6), 7), (np.int8, (5, 4, 3, 3), 0))
    graph = ss.sparsify(ss.load(whole), ss.Thresholds(activations={"*": 0.31}))
    feed = {"x": EVERY.reshape(-1)[: 4 * 7 * 6].reshape(1, 4, 7, 6)}
    post, reason = post_of(graph, feed)
    assert post is not None and reason == ""
    assert (post.threshold, post.zero_point, post.relu) == (6, 10, False)  # 0.31 / 0.05 = 6.2
    y = FixedPoint(graph, MACHINE).run(feed)[0]
    np.testing.assert_array_equal(y, Engine(graph).run(feed)[0])
    assert not ((y != 10) & (np.abs(y.astype(int) - 10) <= 6)).any()


def test_a_float_bias_is_rounded_to_the_units_of_the_sums():
    whole = layer("Conv", (np.uint8, (1, 3, 4, 4), 7), (np.int8, (4, 3, 1, 1), 0), channels=True)
    nodes, constants = whole.graph.node, whole.graph.initializer
    bias = np.array([0.1, -2.0, 0.0, 1e-9], F)
    del nodes[2]  # the bias's DequantizeLinear
    constants.append(numpy_helper.from_array(bias, "bf"))
    graph = ss.load(whole)
    assert not graph.layers[0].bias_is_scaled
    post, _ = post_of(graph, {"x": np.zeros((1, 3, 4, 4), np.uint8)})
    assert post is not None
    unit = graph.constants["sx"] * graph.constants["sw"]
    np.testing.assert_array_equal(post.bias[0], np.rint(bias / unit))


@pytest.mark.parametrize("bias", [-(2**31), 2**31 - 1])
def test_a_bias_may_have_any_32_bits(bias):
    graph, feed = sweep(("Q",), bias=bias), {"x": EVERY}
    post, reason = post_of(graph, feed)
    assert post is not None and (post.bias.tolist(), reason) == ([[bias]], "")
    mine = FixedPoint(graph, MACHINE).run(feed)[0]
    assert set(mine.reshape(-1).tolist()) == {0 if bias < 0 else 255}


@pytest.mark.parametrize("wide", [1e6, -3e30])
def test_a_bias_of_more_bits_is_the_engines(wide):
    whole = layer("Gemm", (np.uint8, (1, 3), 7), (np.int8, (3, 2), 0))
    nodes, constants = whole.graph.node, whole.graph.initializer
    del nodes[2]
    constants.append(numpy_helper.from_array(np.array([0, wide], F), "bf"))
    graph = ss.load(whole)
    assert post_of(graph, {"x": np.zeros((1, 3), np.uint8)}) == (
        None,
        "its bias needs more than 32 bits",
    )


def test_a_scale_that_the_datapath_cannot_express_is_refused():
    whole = layer("Gemm", (np.uint8, (1, 3), 7), (np.int8, (3, 2), 0), output=(np.uint8, 0, 1e-20))
    graph = ss.load(whole)
    with pytest.raises(ModelError) as raised:
        FixedPoint(graph, MACHINE).run({"x": np.zeros((1, 3), np.uint8)})
    sx, sw, sy = (graph.constants[name].reshape(())[()] for name in ("sx", "sw", "sy"))
    assert str(raised.value) == (
        f"layer: requantising by {float(sx * sw / sy)!r} is out of range; the datapath scales by "
        "0 to below 2^32"
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(2.0**-30, 2.0, width=32),
    st.sampled_from((0, 3, 128, 255)),
)
def test_it_differs_from_onnx_beside_ties_only_and_by_one_step(total, scale, zero):
    expected = np.empty((1, 1), np.uint8)
    onnx_requantise(
        np.array([[total]]), np.zeros(1, "i8"), np.array([scale], F), zero, 0, 255, expected
    )
    numbers = (0, *scale_of(scale), False, 0, zero, 0, 255)
    found = requantise(np.array([[total]]), *numbers)
    apart = int(found.item()) - int(expected.item())
    assert abs(apart) <= 1
    if apart:
        y = Fraction(total) * Fraction(scale)
        assert abs(y - round(2 * y) / Fraction(2)) <= abs(y) / 2**23


def test_a_sum_that_float32_rounds_to_a_tie():
    # (2^24 + 1) / 2^25 is above one half; in float32 it is one half, which goes to 0.
    total = np.array([[2**24 + 1]])
    assert requantise(total, 0, *scale_of(2.0**-25), False, 0, 0, 0, 255).item() == 1
    assert np.rint(F(2**24 + 1) * F(2.0**-25)) == 0
