"""Quantised and integer layers against whole numbers: integer outputs must be equal.

ONNX Runtime is a second witness where its products are exact on this processor.
"""

from __future__ import annotations

import numpy as np
import pytest
from exact_integers import expected
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from onnx_models import agree, close, model, node

from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(11)
CONV = {"x": (2, 3, 7, 6), "w": (4, 3, 3, 3)}
GEMM = {"x": (5, 12), "w": (12, 4)}
MATMUL = {"x": (2, 5, 12), "w": (12, 4)}


def integers(kind, shape, narrow=False):
    info = np.iinfo(kind)
    low, high = (-20, 20) if narrow else (info.min, info.max)
    return RNG.integers(max(low, info.min), high, shape, endpoint=True).astype(kind)


def qdq(op, shapes, x_kind, w_kind, channels, bias, chain, to, zeros=True, **attributes):
    """A layer between DequantizeLinear and QuantizeLinear nodes."""
    filters = shapes["w"][0] if op == "Conv" else shapes["w"][1]
    axis = 0 if op == "Conv" else 1
    zero = lambda kind, v, shape=(): np.full(shape, v if zeros else 0, kind)  # noqa: E731
    w_shape = (filters,) if channels else ()
    constants = {
        "w": integers(w_kind, shapes["w"]),
        "sx": np.float32(0.03),
        "zx": zero(x_kind, 7),
        "sw": RNG.uniform(0.001, 0.01, w_shape).astype("f4"),
        # ONNX Runtime's fused kernels take signed weights symmetric
        "zw": zero(w_kind, 120 if w_kind == "u1" else 0, w_shape),
        "sy": np.float32(0.05),
        "zy": zero(to or "u1", 10),
    }
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf", axis=axis),
    ]
    inputs = "xf wf"
    if bias:
        constants["b"] = RNG.integers(-900, 900, (filters,)).astype("i4")
        constants["sb"] = (constants["sx"] * constants["sw"]).astype("f4")
        nodes.append(node("DequantizeLinear", "b sb", "bf", axis=0))
        inputs += " bf"
    if op == "MatMul" and bias:
        nodes += [node("MatMul", "xf wf", "p", "layer"), node("Add", "p bf", "y0")]
    else:
        nodes.append(node(op, inputs, "y0", "layer", **attributes))
    name = "y0"
    for index, follower in enumerate(chain):
        nodes.append(node(follower, name, f"y{index + 1}"))
        name = f"y{index + 1}"
    if to:
        nodes.append(node("QuantizeLinear", f"{name} sy zy", "y"))
        name = "y"
    return model(nodes, {"x": (x_kind, shapes["x"])}, [name], constants)


@pytest.mark.parametrize("op,shapes", [("Conv", CONV), ("Gemm", GEMM), ("MatMul", MATMUL)])
@pytest.mark.parametrize("kinds", [("u1", "i1"), ("u1", "u1"), ("i1", "i1")])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_layer_between_quantisers(op, shapes, kinds, channels, bias):
    if kinds == ("i1", "i1") and op == "MatMul" and bias:
        kinds = ("u1", "i1")  # ONNX Runtime itself fails on its fused product here
    whole = qdq(op, shapes, *kinds, channels, bias, (), kinds[0])
    graph = agree(whole, {"x": integers(kinds[0], shapes["x"])})
    layer = graph.layers[0]
    assert layer.is_integer and layer.output_scale and layer.bias_is_scaled == bias


@pytest.mark.parametrize("op,shapes", [("Conv", CONV), ("Gemm", GEMM), ("MatMul", MATMUL)])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_quantised_layer_that_gives_floats(op, shapes, channels, bias):
    whole = qdq(op, shapes, "u1", "i1", channels, bias, (), None)
    graph = agree(whole, {"x": integers("u1", shapes["x"])})
    assert graph.layers[0].is_integer and not graph.layers[0].output_scale


@pytest.mark.parametrize("chain", [("Relu",), ("LeakyRelu",), ("Sigmoid",), ("Relu", "Tanh")])
@pytest.mark.parametrize("op,shapes", [("Conv", CONV), ("MatMul", MATMUL)])
def test_activations_before_the_quantiser(op, shapes, chain):
    whole = qdq(op, shapes, "u1", "i1", True, True, chain, "u1")
    x = integers("u1", shapes["x"])
    graph = load(whole)
    assert len(graph.steps) == 1
    (ours,) = Engine(graph).run({"x": x})
    for (wanted,) in expected(whole, {"x": x}):
        # the float in between is rounded in another order: a step of the quantiser at most
        assert np.abs(ours.astype(int) - wanted.astype(int)).max() <= 1
        assert (ours != wanted).mean() < 0.01


@pytest.mark.parametrize("change", ["scale", "zero"])
def test_a_bias_in_other_units_than_the_sums(change):
    whole = qdq("Conv", CONV, "u1", "i1", True, True, (), None)
    nodes, constants = whole.graph.node, whole.graph.initializer
    if change == "scale":
        scale = next(tensor for tensor in constants if tensor.name == "sb")
        scale.CopyFrom(numpy_helper.from_array(2 * numpy_helper.to_array(scale), "sb"))
    else:
        constants.append(numpy_helper.from_array(np.full(4, 100, "i4"), "zb"))
        next(node for node in nodes if "bf" in node.output).input.append("zb")
    graph = agree(whole, {"x": integers("u1", CONV["x"])}, fused=False)
    assert graph.layers[0].is_integer and not graph.layers[0].bias_is_scaled


def test_a_relu_that_the_quantiser_makes_redundant():
    whole = qdq("Conv", CONV, "u1", "i1", True, True, ("Relu",), "u1", zeros=False)
    graph = agree(whole, {"x": integers("u1", CONV["x"])})
    assert graph.layers[0].output_scale and not graph.layers[0].chain


@pytest.mark.parametrize("kinds", [("u1", "i1"), ("u1", "u1"), ("i1", "i1")])
@pytest.mark.parametrize("group", [1, 3])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_qlinear_conv(kinds, group, channels, bias):
    x_kind, w_kind = kinds
    filters = 6
    size = (filters,) if channels else ()
    constants = {
        "w": integers(w_kind, (filters, 6 // group, 3, 3)),
        "sx": np.float32(0.03),
        "zx": np.array(100 if x_kind == "u1" else -5, x_kind),
        "sw": RNG.uniform(0.001, 0.01, size).astype("f4"),
        "zw": np.full(size, 120 if w_kind == "u1" else 0, w_kind),
        "sy": np.float32(0.4),
        "zy": np.array(100 if x_kind == "u1" else -5, x_kind),
    }
    if bias:
        constants["b"] = RNG.integers(-9000, 9000, (filters,)).astype("i4")
    whole = model(
        [
            node(
                "QLinearConv",
                "x sx zx w sw zw sy zy" + (" b" if bias else ""),
                "y",
                "layer",
                group=group,
                pads=[1, 0, 1, 2],
                strides=[2, 1],
            )
        ],
        {"x": (x_kind, (2, 6, 7, 6))},
        ["y"],
        constants,
    )
    agree(whole, {"x": integers(x_kind, (2, 6, 7, 6))})


@pytest.mark.parametrize("kinds", [("u1", "u1"), ("u1", "i1"), ("i1", "i1")])
@pytest.mark.parametrize("shapes", [((5, 9), (9, 4)), ((2, 5, 9), (2, 9, 4))])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("columns", [False, True])
def test_qlinear_matmul(kinds, shapes, constant, columns):
    a_kind, b_kind = kinds
    columns &= b_kind == "i1" and len(shapes[1]) == 2  # else ONNX Runtime has no kernel
    size = (shapes[1][-1],) if columns else ()
    feed = {"a": integers(a_kind, shapes[0]), "b": integers(b_kind, shapes[1])}
    constants = {
        "sa": np.float32(0.02),
        "za": np.array(9, a_kind),
        "sb": RNG.uniform(0.01, 0.02, size).astype("f4"),
        "zb": np.full(size, 100 if b_kind == "u1" else 0, b_kind),
        "sy": np.float32(0.3),
        "zy": np.array(3, a_kind),
    }
    if constant:
        constants["b"] = feed.pop("b")
    whole = model(
        [node("QLinearMatMul", "a sa za b sb zb sy zy", "y", "layer")],
        {name: (array.dtype, array.shape) for name, array in feed.items()},
        ["y"],
        constants,
    )
    agree(whole, feed)


@pytest.mark.parametrize("kinds", [("u1", "u1"), ("u1", "i1"), ("i1", "i1"), ("i1", "u1")])
@pytest.mark.parametrize("zero", ["", "a", "b", "ab", "columns"])
@pytest.mark.parametrize("shapes", [((5, 9), (9, 4)), ((2, 5, 9), (2, 9, 4)), ((5, 9), (2, 9, 4))])
def test_matmul_integer(kinds, zero, shapes):
    a_kind, b_kind = kinds
    constants = {}
    if "a" in zero:
        constants["za"] = np.array(11, a_kind)
    if zero == "columns" and len(shapes[1]) == 2:
        constants["zb"] = RNG.integers(0, 9, shapes[1][-1]).astype(b_kind)
    elif "b" in zero:
        constants["zb"] = np.array(13, b_kind)
    inputs = f"a b {'za' if 'za' in constants else '-'} {'zb' if 'zb' in constants else '-'}"
    feed = {"a": integers(a_kind, shapes[0])}
    constants["b"] = integers(b_kind, shapes[1])
    whole = model(
        [node("MatMulInteger", inputs, "y", "layer")],
        {"a": (a_kind, shapes[0])},
        ["y"],
        constants,
    )
    agree(whole, feed)


@pytest.mark.parametrize("zero", ["", "x", "xw"])
@pytest.mark.parametrize("group", [1, 2])
def test_conv_integer(zero, group):
    constants = {"w": integers("u1", (4, 4 // group, 3, 3))}
    if "x" in zero:
        constants["zx"] = np.array(100, "u1")
    if "w" in zero:
        constants["zw"] = np.array(120, "u1")
    inputs = f"x w {'zx' if 'x' in zero else '-'} {'zw' if 'w' in zero else '-'}"
    whole = model(
        [node("ConvInteger", inputs, "y", "layer", group=group, pads=[1, 1, 0, 2])],
        {"x": ("u1", (1, 4, 6, 7))},
        ["y"],
        constants,
    )
    agree(whole, {"x": integers("u1", (1, 4, 6, 7))})


def test_zero_points_computed_while_running():
    nodes = [
        node("DynamicQuantizeLinear", "x", "xq sx zx"),
        node("MatMulInteger", "xq w zx zw", "sum", "layer"),
        node("Cast", "sum", "sumf", to=1),
        node("Mul", "sx sw", "unit"),
        node("Mul", "sumf unit", "y"),
    ]
    constants = {
        "w": integers("i1", (12, 4)),
        "zw": np.array(3, "i1"),
        "sw": np.float32(0.01),
    }
    whole = model(nodes, {"x": ("f4", (5, 12))}, ["sum", "y"], constants)
    agree(whole, {"x": RNG.normal(size=(5, 12)).astype("f4")}, hosts=2)


def test_dynamically_quantised_convolution():
    nodes = [
        node("DynamicQuantizeLinear", "x", "xq sx zx"),
        node("ConvInteger", "xq w zx zw", "y", "layer", pads=[1, 1, 1, 1]),
    ]
    constants = {"w": integers("u1", (4, 3, 3, 3)), "zw": np.array(120, "u1")}
    whole = model(nodes, {"x": ("f4", (2, 3, 6, 6))}, ["y"], constants)
    agree(whole, {"x": RNG.normal(size=(2, 3, 6, 6)).astype("f4")}, hosts=1)


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("channels", [False, True])
def test_a_quantised_transposed_convolution(group, channels):
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw", "wf", axis=1),
        node("ConvTranspose", "xf wf", "y", "layer", group=group, strides=[2, 2]),
    ]
    constants = {
        "w": integers("i1", (4, 3, 3, 3)),
        "sx": np.float32(0.02),
        "zx": np.uint8(7),
        "sw": RNG.uniform(0.1, 0.2, (3,) if channels else ()).astype("f4"),
    }
    whole = model(nodes, {"x": ("u1", (1, 4, 5, 5))}, ["y"], constants)
    by_group = channels and group > 1
    graph = agree(whole, {"x": integers("u1", (1, 4, 5, 5))}, hosts=int(by_group), fused=False)
    assert graph.layers[0].is_integer != by_group
    assert graph.weight(graph.layers[0]) is not None


def test_sums_beyond_what_float32_holds_exactly():
    # 255 x 255 x 3000 > 2^24: the product must go to float64
    whole = model(
        [node("MatMulInteger", "a b", "y", "layer")],
        {"a": ("u1", (3, 3000))},
        ["y"],
        {"b": np.full((3000, 2), 255, "u1")},
    )
    feed = {"a": np.full((3, 3000), 255, "u1")}
    feed["a"][0, 0] = 254
    agree(whole, feed)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.001, 0.2),
    st.floats(0.0001, 0.1),
    st.floats(0.001, 2.0),
    st.integers(0, 255),
    st.integers(0, 255),
    st.booleans(),
)
def test_requantisation_rounds_as_onnx_runtime(sx, sw, sy, zx, zy, channels):
    size = (4,) if channels else ()
    constants = {
        "w": integers("i1", (4, 3, 3, 3)),
        "sx": np.float32(sx),
        "zx": np.array(zx, "u1"),
        "sw": np.full(size, sw, "f4"),
        "zw": np.zeros(size, "i1"),
        "sy": np.float32(sy),
        "zy": np.array(zy, "u1"),
        "b": RNG.integers(-5000, 5000, 4).astype("i4"),
    }
    whole = model(
        [node("QLinearConv", "x sx zx w sw zw sy zy b", "y", "layer")],
        {"x": ("u1", (1, 3, 8, 8))},
        ["y"],
        constants,
    )
    agree(whole, {"x": integers("u1", (1, 3, 8, 8))})


@pytest.mark.parametrize("kind", ["i1", "u1"])
def test_quantised_products_of_two_computed_operands(kind):
    nodes = [
        node("DequantizeLinear", "a s z", "af"),
        node("DequantizeLinear", "b s z", "bf"),
        node("MatMul", "af bf", "yf", "layer"),
        node("QuantizeLinear", "yf sy z", "y"),
    ]
    constants = {"s": np.float32(0.02), "z": np.array(3, kind), "sy": np.float32(0.1)}
    whole = model(nodes, {"a": (kind, (5, 9)), "b": (kind, (9, 4))}, ["y"], constants)
    graph = agree(whole, {"a": integers(kind, (5, 9)), "b": integers(kind, (9, 4))})
    assert graph.layers[0].is_integer


def test_sixteen_bit_operands():
    nodes = [
        node("DequantizeLinear", "x sx", "xf"),
        node("DequantizeLinear", "w sw", "wf"),
        node("MatMul", "xf wf", "y", "layer"),
    ]
    constants = {"w": integers("i2", (40, 4)), "sx": np.float32(1e-4), "sw": np.float32(1e-4)}
    whole = model(nodes, {"x": ("i2", (5, 40))}, ["y"], constants)
    graph = agree(whole, {"x": integers("i2", (5, 40))})
    assert graph.layers[0].is_integer


def test_four_bit_weights():
    import ml_dtypes

    nodes = [
        node("DequantizeLinear", "x sx", "xf"),
        node("DequantizeLinear", "w sw", "wf", axis=1),
        node("MatMul", "xf wf", "y", "layer"),
    ]
    constants = {
        "w": RNG.integers(-8, 8, (40, 4)).astype(ml_dtypes.int4),
        "sx": np.float32(0.01),
        "sw": RNG.uniform(0.1, 0.2, 4).astype("f4"),
    }
    whole = model(nodes, {"x": ("u1", (5, 40))}, ["y"], constants)
    x = integers("u1", (5, 40))
    graph = load(whole)
    ours = Engine(graph).run({"x": x})[0]
    real = constants["w"].astype("f8") * constants["sw"].astype("f8")
    close(ours, (x * 0.01 @ real).astype("f4"))
    assert [layer.is_integer for layer in graph.layers] == [True]
