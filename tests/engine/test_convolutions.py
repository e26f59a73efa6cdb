"""Float convolutions against ONNX Runtime: all forms of Conv and ConvTranspose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx_models import agree, model, node

SIDES = {1: "x", 2: "xy", 3: "xyz"}


def case(op, shape, weight, bias=True, kind=np.float32, chain=(), hosts=0, **attributes):
    """Run one convolution on random values; both sides must agree."""
    rng = np.random.default_rng(abs(hash((shape, weight))) % 1000)
    filters = weight[1] * attributes.get("group", 1) if op == "ConvTranspose" else weight[0]
    constants = {"w": rng.normal(size=weight).astype(kind)}
    if bias:
        constants["b"] = rng.normal(size=filters).astype(kind)
    nodes = [node(op, "x w b" if bias else "x w", "y0", "layer", **attributes)]
    for index, follower in enumerate(chain):
        nodes.append(node(follower, f"y{index}", f"y{index + 1}"))
    whole = model(nodes, {"x": (kind, shape)}, [f"y{len(chain)}"], constants)
    graph = agree(whole, {"x": rng.normal(size=shape).astype(kind)}, hosts=hosts)
    assert graph.layers[0].name == "layer"
    return graph


@pytest.mark.parametrize("spatial", [1, 2, 3])
@pytest.mark.parametrize("group", [1, 2, 4])
@pytest.mark.parametrize("auto_pad", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize("stride", [1, 2])
def test_conv(spatial, group, auto_pad, stride):
    size = (9, 8, 7)[:spatial]
    more = {"pads": [0, 1, 2, 1, 0, 2][: 2 * spatial]} if auto_pad == "NOTSET" else {}
    case(
        "Conv",
        (2, 4, *size),
        (8, 4 // group, *(3, 2, 3)[:spatial]),
        group=group,
        auto_pad=auto_pad,
        strides=[stride, 1, stride][:spatial],
        **more,
    )


@pytest.mark.parametrize("auto_pad", ["NOTSET", "VALID"])
def test_dilated_conv(auto_pad):
    case("Conv", (1, 3, 11, 12), (5, 3, 3, 3), auto_pad=auto_pad, dilations=[2, 3])


def test_conv_without_bias_and_with_a_kernel_as_large_as_its_input():
    case("Conv", (1, 3, 4, 5), (7, 3, 4, 5), bias=False, kernel_shape=[4, 5])


@pytest.mark.parametrize("chain", [("Relu",), ("Sigmoid", "Relu"), ("Relu", "Tanh")])
def test_conv_with_what_is_fused_behind(chain):
    graph = case("Conv", (1, 3, 6, 6), (4, 3, 3, 3), chain=chain)
    assert [fused.op for fused in graph.layers[0].chain] == list(chain)


@pytest.mark.parametrize("op,weight", [("Conv", (4, 3, 3, 3)), ("ConvTranspose", (3, 4, 3, 3))])
def test_float16(op, weight):
    # ONNX Runtime computes these in float32: the casts that it puts around them are taken out.
    case(op, (1, 3, 6, 6), weight, kind=np.float16, chain=("Relu",), hosts=0)


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("spatial", [1, 2, 3])
def test_depthwise(multiplier, spatial):
    case(
        "Conv",
        (2, 5, *(7, 6, 5)[:spatial]),
        (5 * multiplier, 1, *(3, 2, 3)[:spatial]),
        group=5,
        strides=[2, 1, 2][:spatial],
        pads=[1, 0, 1, 0, 1, 1][: 2 * spatial],
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_conv(data):
    draw = data.draw
    spatial = draw(st.integers(1, 3))
    axes = lambda low, high: [draw(st.integers(low, high)) for _ in range(spatial)]  # noqa: E731
    group, inside, outside = (draw(st.integers(1, 3)) for _ in range(3))
    size, kernel, stride, dilation = axes(1, 8), axes(1, 4), axes(1, 3), axes(1, 2)
    begin, end = axes(0, 2), axes(0, 2)
    for n, k, d, a, b in zip(size, kernel, dilation, begin, end, strict=True):
        assume(n + a + b >= d * (k - 1) + 1)
    case(
        "Conv",
        (draw(st.integers(1, 2)), group * inside, *size),
        (group * outside, inside, *kernel),
        bias=draw(st.booleans()),
        group=group,
        strides=stride,
        dilations=dilation,
        pads=begin + end,
    )


@pytest.mark.parametrize("spatial", [1, 2, 3])
@pytest.mark.parametrize("group", [1, 3])
@pytest.mark.parametrize("auto_pad", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"])
def test_conv_transpose(spatial, group, auto_pad):
    more = {"pads": [0, 1, 0, 1, 0, 1][: 2 * spatial]} if auto_pad == "NOTSET" else {}
    case(
        "ConvTranspose",
        (2, 6, *(5, 4, 3)[:spatial]),
        (6, 2, *(3, 3, 2)[:spatial]),
        group=group,
        auto_pad=auto_pad,
        strides=[2, 3, 2][:spatial],
        **more,
    )


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize("output_shape", [[10, 8], [11, 9], [9, 7]])
def test_conv_transpose_to_a_wanted_shape(auto_pad, output_shape):
    case(
        "ConvTranspose",
        (1, 3, 5, 4),
        (3, 2, 3, 3),
        auto_pad=auto_pad,
        strides=[2, 2],
        output_shape=output_shape,
    )


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER"])
def test_conv_transpose_with_output_padding(auto_pad):
    more = {"pads": [1, 1, 1, 1]} if auto_pad == "NOTSET" else {}
    case(
        "ConvTranspose",
        (1, 3, 5, 4),
        (3, 2, 3, 3),
        auto_pad=auto_pad,
        strides=[2, 2],
        output_padding=[1, 1],
        **more,
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_conv_transpose(data):
    draw = data.draw
    spatial = draw(st.integers(1, 3))
    axes = lambda low, high: [draw(st.integers(low, high)) for _ in range(spatial)]  # noqa: E731
    group, inside, outside = (draw(st.integers(1, 3)) for _ in range(3))
    size, kernel, stride, dilation = axes(1, 5), axes(1, 4), axes(1, 3), axes(1, 2)
    begin, end = axes(0, 2), axes(0, 2)
    extra = [draw(st.integers(0, s - 1)) for s in stride]
    lengths = zip(size, kernel, stride, dilation, begin, end, extra, strict=True)
    assume(all(s * (n - 1) + e + d * (k - 1) + 1 - a - b > 0 for n, k, s, d, a, b, e in lengths))
    case(
        "ConvTranspose",
        (draw(st.integers(1, 2)), group * inside, *size),
        (group * inside, outside, *kernel),
        bias=draw(st.booleans()),
        group=group,
        strides=stride,
        dilations=dilation,
        pads=begin + end,
        output_padding=extra,
    )


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
def test_a_computed_weight_and_bias(op):
    rng = np.random.default_rng(1)
    whole = model(
        [node(op, "x w b", "y", "layer", pads=[1, 1, 1, 1])],
        {"x": ("f4", (1, 3, 5, 5)), "w": ("f4", (3, 3, 3, 3)), "b": ("f4", (3,))},
        ["y"],
    )
    shapes = {"x": (1, 3, 5, 5), "w": (3, 3, 3, 3), "b": (3,)}
    agree(whole, {name: rng.normal(size=s).astype("f4") for name, s in shapes.items()})


def test_a_large_conv_in_blocks():
    case("Conv", (2, 32, 40, 40), (64, 32, 3, 3), pads=[1, 1, 1, 1], chain=("Relu",))


def test_an_empty_batch():
    whole = model(
        [node("Conv", "x w", "y", "layer")],
        {"x": ("f4", ("n", 3, 5, 5))},
        ["y"],
        {"w": np.ones((2, 3, 3, 3), "f4")},
    )
    agree(whole, {"x": np.zeros((0, 3, 5, 5), "f4")})
