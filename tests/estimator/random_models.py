"""Small random models with all that the naive twin must know of their layers.

Values are small integers and scales powers of two, so that every runtime gets the same zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from hypothesis import strategies as st
from naive_estimate import Expected, convolution, product, transposed
from onnx import helper, numpy_helper

F = np.float32


@dataclass(frozen=True)
class Case:
    """A model, the shapes of its inputs for one run, and its layers in order."""

    model: onnx.ModelProto
    inputs: Mapping[str, tuple[int, ...]]
    layers: tuple[Expected, ...]


def node(op: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    """A node, named after its output."""
    return helper.make_node(op, inputs.split(), [output], name=f"net/{output}", **attributes)


def model(nodes, inputs, outputs, constants) -> onnx.ModelProto:
    """A model with float inputs; outputs by name and type."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in inputs.items()],
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(np.dtype(t)), None)
            for n, t in outputs.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    made.ir_version = 10
    for output in made.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def values(random, shape, density, dtype=F) -> np.ndarray:
    """Integers from -3 to 3, so many of them zero."""
    drawn = random.integers(1, 4, shape) * random.choice([-1, 1], shape)
    return (drawn * (random.random(shape) < density)).astype(dtype)


densities = st.sampled_from((0.0, 0.2, 0.5, 0.9, 1.0))


@st.composite
def shapes_of_convolution(draw, is_transposed=False):
    """Shapes and attributes: (x, weight, y, attributes)."""
    spatial = draw(st.sampled_from((1, 2, 2, 2, 3)))
    groups, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    channels = draw(st.sampled_from((1, 1, 2, 3, 5)))  # 1: depthwise
    batch = draw(st.sampled_from((1, 1, 1, 2)))
    largest = 3 if spatial == 3 else 5
    size, kernel, stride, dilation, before, after, out, extra = ([] for _ in range(8))
    for _ in range(spatial):
        n, s, d = draw(st.integers(1, largest)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
        b, a = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        if is_transposed:
            k, e = draw(st.integers(1, 3)), draw(st.integers(0, s - 1))
            full = s * (n - 1) + e + d * (k - 1) + 1
            b, a = (b, a) if full > b + a and n < 4 else (0, 0)
            o = full - b - a
            extra.append(e)
        else:
            k = draw(st.integers(1, min(3, (n + b + a - 1) // d + 1)))
            o = (n + b + a - d * (k - 1) - 1) // s + 1
        for part, value in zip(
            (size, kernel, stride, dilation, before, after, out),
            (n, k, s, d, b, a, o),
            strict=True,
        ):
            part.append(value)
    inside, outside = groups * channels, groups * per_group
    attributes = {
        "group": groups,
        "strides": stride,
        "dilations": dilation,
        "pads": [*before, *after],
    }
    if is_transposed:
        weight = (inside, per_group, *kernel)
        attributes["output_padding"] = extra
    else:
        weight = (outside, channels, *kernel)
    return (batch, inside, *size), weight, (batch, outside, *out), attributes


@st.composite
def convolutions(draw) -> Case:
    """A Conv or a ConvTranspose, with a bias and a Relu or without."""
    is_transposed = draw(st.booleans())
    x, w, y, attributes = draw(shapes_of_convolution(is_transposed))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    constants = {"w": values(random, w, draw(densities))}
    names = "x w"
    if draw(st.booleans()):
        names += " b"
        constants["b"] = values(random, y[1:2], 0.5)
    relu = draw(st.booleans())
    op, describe = ("ConvTranspose", transposed) if is_transposed else ("Conv", convolution)
    nodes = [node(op, names, "y", **attributes)] + [node("Relu", "y", "r")] * relu
    last = "r" if relu else "y"
    layer = describe("net/y", "x", "w", last, attributes, constants["w"], x, y)
    return Case(model(nodes, {"x": x}, {last: F}, constants), {"x": x}, (layer,))


@st.composite
def quantised(draw) -> Case:
    """A requantised Conv of tensors with zero points; the weight may have one a filter."""
    x, w, y, attributes = draw(shapes_of_convolution())
    random = np.random.default_rng(draw(st.integers(0, 99)))
    per_filter = draw(st.booleans())
    unsigned = draw(st.booleans())
    kind = np.uint8 if unsigned else np.int8
    x_zero, y_zero = (kind(draw(st.integers(3, 120))) for _ in range(2))
    w_zero = random.integers(-3, 4, w[0] if per_filter else ()).astype(np.int8)
    shaped = w_zero.reshape(-1, *[1] * (len(w) - 1)) if per_filter else w_zero
    constants = {
        "one": F(1),
        "scale": np.full(w_zero.shape, 0.5, F),
        "x_zero": x_zero,
        "y_zero": y_zero,
        "w_zero": w_zero,
        "w": values(random, w, draw(densities), np.int8) + shaped,
    }
    nodes = [
        node("QuantizeLinear", "x one x_zero", "xq"),
        node("DequantizeLinear", "xq one x_zero", "xf"),
        node("DequantizeLinear", "w scale w_zero", "wf", axis=0),
        node("Conv", "xf wf", "y", **attributes),
        *[node("Relu", "y", "r")] * draw(st.booleans()),
    ]
    nodes.append(node("QuantizeLinear", f"{nodes[-1].output[0]} one y_zero", "yq"))
    layer = convolution(
        "net/y", "xq", "w", "yq", attributes, constants["w"], x, y, (x_zero, w_zero, y_zero)
    )
    return Case(model(nodes, {"x": x}, {"yq": kind}, constants), {"x": x}, (layer,))


@st.composite
def gemms(draw) -> Case:
    """A Gemm with its operands turned or not."""
    positions, filters, reduction = (draw(st.integers(1, n)) for n in (4, 6, 20))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    turn_a, turn_b = draw(st.booleans()), draw(st.booleans())
    x = (reduction, positions) if turn_a else (positions, reduction)
    w = (filters, reduction) if turn_b else (reduction, filters)
    constants = {"w": values(random, w, draw(densities))}
    nodes = [node("Gemm", "x w", "y", transA=int(turn_a), transB=int(turn_b))]
    layer = product(
        "net/y",
        lambda t: t["x"].T if turn_a else t["x"],
        lambda t: t["w"] if turn_b else t["w"].T,
        lambda t: t["y"],
        (1, positions, filters, reduction),
    )
    return Case(model(nodes, {"x": x}, {"y": F}, constants), {"x": x}, (layer,))


@st.composite
def matmuls(draw) -> Case:
    """A MatMul: batches that broadcast, a constant on either side or on none."""
    positions, filters, reduction = (draw(st.integers(1, n)) for n in (4, 5, 18))
    batch = tuple(draw(st.lists(st.integers(1, 3), min_size=0, max_size=2)))
    dropped = draw(st.sampled_from(("none", "first", "second")))
    first = _some_ones(draw, batch) if dropped != "first" else ()
    second = _some_ones(draw, batch) if dropped != "second" else ()
    batch = np.broadcast_shapes(first, second)
    constant = draw(st.sampled_from(("first", "second", "none")))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    shapes = {"a": (*first, positions, reduction), "b": (*second, reduction, filters)}
    known = {"first": "a", "second": "b", "none": ""}[constant]
    constants = {known: values(random, shapes[known], draw(densities))} if known else {}
    inputs = {name: shape for name, shape in shapes.items() if name != known}
    count = int(np.prod(batch, dtype=int))

    def stack(name, turn):
        def give(t):
            array = np.swapaxes(t[name], -1, -2) if turn else t[name]
            return np.broadcast_to(array, (*batch, *array.shape[-2:]))

        return give

    rows, columns, y = stack("a", False), stack("b", True), lambda t: t["y"]
    sizes = (count, positions, filters, reduction)
    weight = second
    if constant == "first":
        rows, columns, y = columns, rows, lambda t: np.swapaxes(t["y"], -1, -2)
        sizes = (count, filters, positions, reduction)
        weight = first
    if int(np.prod(weight, dtype=int)) == 1:  # the batch lies along P
        sizes = (1, count * sizes[1], sizes[2], reduction)
        columns = stack_one(columns)
    shared = sizes[0] == 1 and constant != "none"
    layer = product("net/y", rows, columns, y, sizes, shared)
    return Case(model([node("MatMul", "a b", "y")], inputs, {"y": F}, constants), inputs, (layer,))


def stack_one(columns):
    """Of an operand without a batch index, the one there is."""
    return lambda t: columns(t).reshape(-1, *columns(t).shape[-2:])[:1]


def _some_ones(draw, batch):
    return tuple(1 if draw(st.booleans()) else size for size in batch)


@st.composite
def networks(draw) -> Case:
    """A Conv, a residual one, a product behind a Flatten; each reads what another has made."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    channels, size = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    x = (1, channels, size, size)
    attributes = {"group": 1, "strides": [1, 1], "dilations": [1, 1], "pads": [1] * 4}
    constants = {
        "w1": values(random, (channels, channels, 3, 3), draw(densities)),
        "w2": values(random, (channels, channels, 3, 3), draw(densities)),
        "w3": values(random, (channels * size * size, 3), draw(densities)),
    }
    nodes = [
        node("Conv", "x w1", "c1", **attributes),
        node("Relu", "c1", "r1"),
        node("Conv", "r1 w2", "c2", **attributes),
        node("Add", "c2 r1", "sum"),
        node("Relu", "sum", "r2"),
        node("Flatten", "r2", "flat"),
        node("MatMul", "flat w3", "y"),
    ]
    layers = (
        convolution("net/c1", "x", "w1", "r1", attributes, constants["w1"], x, x),
        convolution("net/c2", "r1", "w2", "c2", attributes, constants["w2"], x, x),
        product(
            "net/y",
            lambda t: t["flat"],
            lambda t: t["w3"].T,
            lambda t: t["y"],
            (1, 1, 3, channels * size * size),
        ),
    )
    return Case(model(nodes, {"x": x}, {"y": F}, constants), {"x": x}, layers)


@st.composite
def attentions(draw) -> Case:
    """Both operands computed, one of them read by another layer as it is."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    heads, words, wide = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    x = (1, heads, words, wide)
    constants = {
        "wq": values(random, (wide, wide), draw(densities)),
        "wk": values(random, (1, heads, wide, wide), draw(densities)),
    }
    nodes = [
        node("MatMul", "x wq", "q"),
        node("Relu", "q", "qr"),
        node("MatMul", "qr wk", "k"),
        node("Relu", "k", "kr"),
        node("Transpose", "kr", "kt", perm=[0, 1, 3, 2]),
        node("MatMul", "qr kt", "y"),
    ]
    layers = (
        product(
            "net/q",
            lambda t: t["x"],
            lambda t: t["wq"].T,
            lambda t: t["qr"],
            (1, heads * words, wide, wide),
        ),
        product(
            "net/k",
            lambda t: t["qr"],
            lambda t: np.swapaxes(t["wk"], -1, -2),
            lambda t: t["kr"],
            (heads, words, wide, wide),
            heads == 1,
        ),
        product(
            "net/y",
            lambda t: t["qr"],
            lambda t: t["kr"],
            lambda t: t["y"],
            (heads, words, words, wide),
            False,
        ),
    )
    return Case(model(nodes, {"x": x}, {"y": F}, constants), {"x": x}, layers)


@st.composite
def zeros_apart(draw) -> Case:
    """Integer convolutions: one writes with one zero point, others read with their own."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    channels, filters, size = (draw(st.integers(1, 4)) for _ in range(3))
    zeros = [np.uint8(draw(st.integers(0, 3))) for _ in range(5)]
    x, w, v = (1, channels, size, size), (channels, channels, 1, 1), (filters, channels, 1, 1)
    attributes = {"group": 1, "strides": [1, 1], "dilations": [1, 1], "pads": [0] * 4}
    constants = {
        "one": F(1), "w_zero": np.int8(0), **{f"zero{i}": zero for i, zero in enumerate(zeros)},
        "w": values(random, w, draw(densities), np.int8),
        "v": values(random, v, draw(densities), np.int8),
    }  # fmt: skip
    nodes = [
        node("QuantizeLinear", "x one zero0", "xq"),
        node("QLinearConv", "xq one zero1 w one w_zero one zero2", "a", **attributes),
        node("QLinearConv", "a one zero3 v one w_zero one zero2", "b", **attributes),
        node("QLinearConv", "a one zero4 v one w_zero one zero0", "c", **attributes),
    ]
    y = (1, filters, size, size)
    layers = tuple(
        convolution(f"net/{out}", read, weight, out, attributes, constants[weight], x, shape, zero)
        for out, read, weight, shape, zero in (
            ("a", "xq", "w", x, (zeros[1], 0, zeros[2])),
            ("b", "a", "v", y, (zeros[3], 0, zeros[2])),
            ("c", "a", "v", y, (zeros[4], 0, zeros[0])),
        )
    )
    whole = model(nodes, {"x": x}, {"b": np.uint8, "c": np.uint8}, constants)
    return Case(whole, {"x": x}, layers)


cases = st.one_of(
    convolutions(),
    convolutions(),
    quantised(),
    zeros_apart(),
    gemms(),
    matmuls(),
    networks(),
    attentions(),
)
