"""Small quantised models for the fixed-point execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

F = np.float32


def node(op: str, inputs: str, outputs: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node; inputs and outputs are words, `-` is an absent one."""
    words = [["" if word == "-" else word for word in text.split()] for text in (inputs, outputs)]
    return helper.make_node(op, *words, name=name, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[Any, Sequence[int]]],
    outputs: Sequence[str],
    constants: Mapping[str, np.ndarray],
) -> onnx.ModelProto:
    """A model; inputs by name as (numpy type, shape); types of outputs are inferred."""
    declared = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
        for name, (kind, shape) in inputs.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "small",
        declared,
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def integers(seed: int, kind: Any, shape: Sequence[int], density: float = 0.7, zero: int = 0):
    """Values of an integer type over all its range, the others at its zero point."""
    random = np.random.default_rng(seed)
    info = np.iinfo(kind)
    values = random.integers(info.min, info.max, shape, endpoint=True)
    return np.where(random.random(shape) < density, values, zero).astype(kind)


def layer(
    op: str,
    x: tuple[Any, Sequence[int], int],
    w: tuple[Any, Sequence[int], int],
    *,
    channels: bool = False,
    bias: bool = True,
    chain: Sequence[onnx.NodeProto] = (),
    output: tuple[Any, int, float] | None = (np.uint8, 10, 0.05),
    **attributes: Any,
) -> onnx.ModelProto:
    """One layer between quantisers, called `layer`.

    Args:
        x, w: type, shape and zero point of the operands.
        channels: has each filter its own scale?
        bias: int32, in units of the sums.
        chain: nodes behind the layer, from tensor `s` to tensor `r`.
        output: type, zero point and scale of the output; None: it stays float.
    """
    axis = {"Conv": 0, "ConvTranspose": 1, "Gemm": 0 if attributes.get("transB") else 1}.get(op, -1)
    filters = w[1][axis] * (attributes.get("group", 1) if op == "ConvTranspose" else 1)
    random = np.random.default_rng(5)
    size = (filters,) if channels else ()
    constants: dict[str, Any] = {
        "sx": F(0.03),
        "zx": np.array(x[2], x[0]),
        "w": integers(6, *w[:2], zero=w[2]),
        "sw": random.uniform(0.001, 0.004, size).astype(F),
        "zw": np.full(size, w[2], w[0]),
    }
    dequantiser = {"axis": axis} if channels else {}
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf", **dequantiser),
    ]
    made = "s" if chain else "r"
    if bias:
        constants["b"] = random.integers(-900, 900, filters).astype(np.int32)
        constants["sb"] = np.broadcast_to(constants["sx"] * constants["sw"], filters).copy()
        nodes.append(node("DequantizeLinear", "b sb", "bf", axis=0))
    if bias and op == "MatMul":
        nodes += [node(op, "xf wf", "p", "layer"), node("Add", "p bf", made)]
    else:
        nodes.append(node(op, "xf wf bf" if bias else "xf wf", made, "layer", **attributes))
    nodes += chain
    if output is not None:
        constants |= {"sy": F(output[2]), "zy": np.array(output[1], output[0])}
        nodes.append(node("QuantizeLinear", "r sy zy", "y"))
    return model(nodes, {"x": x[:2]}, ["r" if output is None else "y"], constants)


def two_computed(a: tuple[Any, Sequence[int]], b: tuple[Any, Sequence[int]]) -> onnx.ModelProto:
    """A quantised product of two operands that are both inputs."""
    nodes = [
        node("DequantizeLinear", "x s z", "xf"),
        node("DequantizeLinear", "b s z", "bf"),
        node("MatMul", "xf bf", "yf", "layer"),
        node("QuantizeLinear", "yf sy z", "y"),
    ]
    constants = {"s": F(0.02), "z": np.array(3, a[0]), "sy": F(0.1)}
    return model(nodes, {"x": a, "b": b}, ["y"], constants)


def weight_first(op: str, w: Sequence[int], x: Sequence[int], **attributes: Any) -> onnx.ModelProto:
    """A product whose first operand is the constant one."""
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw", "wf"),
        node(op, "wf xf", "s", "layer", **attributes),
        node("QuantizeLinear", "s sy zy", "y"),
    ]
    constants = {
        "w": integers(1, np.int8, w),
        "sw": F(0.002),
        "sx": F(0.03),
        "zx": np.uint8(120),
        "sy": F(0.05),
        "zy": np.uint8(100),
    }
    return model(nodes, {"x": (np.uint8, x)}, ["y"], constants)


def qlinear_conv() -> onnx.ModelProto:
    """Grouped, a scale for each filter, an asymmetric pad."""
    constants = {
        "w": integers(2, np.int8, (6, 3, 3, 3)),
        "sx": F(0.03),
        "zx": np.int8(-5),
        "sw": np.linspace(0.001, 0.003, 6).astype(F),
        "zw": np.zeros(6, np.int8),
        "sy": F(0.4),
        "zy": np.int8(7),
        "b": np.arange(-3000, 3000, 1000, dtype=np.int32),
    }
    attributes = {"group": 2, "pads": [1, 0, 1, 2], "strides": [2, 1]}
    whole = node("QLinearConv", "x sx zx w sw zw sy zy b", "y", "layer", **attributes)
    return model([whole], {"x": (np.int8, (2, 6, 7, 6))}, ["y"], constants)


def conv_integer() -> onnx.ModelProto:
    """Grouped, both zero points: its output is the sums."""
    constants = {
        "w": integers(3, np.uint8, (4, 2, 3, 3), zero=120),
        "zx": np.uint8(100),
        "zw": np.uint8(120),
    }
    whole = node("ConvInteger", "x w zx zw", "y", "layer", group=2, pads=[1, 1, 0, 2])
    return model([whole], {"x": (np.uint8, (1, 4, 6, 7))}, ["y"], constants)


def matmul_integer(x: Sequence[int], w: Sequence[int]) -> onnx.ModelProto:
    """Both zero points, that of the weight one for each column where it is a matrix."""
    zeros = np.arange(w[-1]) + 110 if len(w) == 2 else np.array(110)
    constants = {
        "w": integers(4, np.uint8, w, zero=115),
        "zx": np.uint8(11),
        "zw": zeros.astype(np.uint8),
    }
    whole = node("MatMulInteger", "x w zx zw", "y", "layer")
    return model([whole], {"x": (np.uint8, x)}, ["y"], constants)


U, S = np.uint8, np.int8
IMAGE = (2, 4, 7, 6)
# name -> a model of one layer, called `layer`.
SMALL: dict[str, onnx.ModelProto] = {
    "conv": layer("Conv", (U, IMAGE, 7), (S, (5, 4, 3, 3), 0), channels=True, pads=[1, 0, 2, 1]),
    "conv, int8, zero points": layer(
        "Conv", (S, IMAGE, -13), (S, (5, 4, 3, 3), 0), output=(S, 9, 0.06), strides=[2, 1]
    ),
    "conv, uint8 weights": layer(
        "Conv", (U, IMAGE, 128), (U, (5, 4, 2, 3), 120), output=(U, 0, 0.05)
    ),
    "conv, no bias": layer("Conv", (U, IMAGE, 0), (S, (5, 4, 1, 1), 0), bias=False),
    "grouped": layer("Conv", (U, IMAGE, 99), (S, (6, 2, 3, 3), 0), channels=True, group=2),
    "depthwise": layer("Conv", (U, IMAGE, 99), (U, (8, 1, 3, 3), 120), group=4, pads=[1] * 4),
    "dilated": layer(
        "Conv", (U, IMAGE, 5), (S, (3, 4, 3, 2), 0), dilations=[2, 3], pads=[2, 1, 0, 3]
    ),
    "conv of one dimension": layer("Conv", (U, (1, 3, 17), 5), (S, (4, 3, 5), 0), strides=[3]),
    "conv of three dimensions": layer(
        "Conv", (U, (1, 2, 4, 5, 4), 5), (S, (3, 2, 2, 3, 2), 0), pads=[1, 0, 1, 0, 1, 0]
    ),
    "transposed": layer(
        "ConvTranspose",
        (U, (2, 4, 5, 4), 7),
        (S, (4, 3, 3, 2), 0),
        channels=True,
        strides=[2, 3],
        dilations=[2, 1],
        pads=[1, 0, 0, 2],
        output_padding=[1, 0],
    ),
    "transposed, grouped": layer(
        "ConvTranspose", (U, (1, 4, 5, 5), 7), (S, (4, 3, 3, 3), 0), group=2, strides=[2, 2]
    ),
    "gemm": layer("Gemm", (U, (5, 12), 40), (S, (12, 4), 0), channels=True),
    "gemm, turned": layer("Gemm", (S, (5, 12), -40), (S, (4, 12), 0), channels=True, transB=1),
    "gemm, weight first": weight_first("Gemm", (4, 12), (5, 12), transB=1),
    "matmul": layer("MatMul", (U, (5, 12), 40), (S, (12, 4), 0), channels=True),
    "matmul of a batch": layer("MatMul", (U, (2, 3, 5, 12), 40), (S, (12, 4), 0)),
    "matmul, weight first": weight_first("MatMul", (4, 12), (2, 12, 3)),
    "matmul of two inputs": two_computed((U, (3, 5, 9)), (U, (3, 9, 4))),
    "matmul, one serves many": two_computed((S, (1, 5, 9)), (S, (2, 3, 9, 4))),
    "QLinearConv": qlinear_conv(),
    "ConvInteger": conv_integer(),
    "MatMulInteger": matmul_integer((2, 5, 9), (9, 4)),
    "MatMulInteger of a batch": matmul_integer((5, 9), (3, 9, 4)),
}


def feed_of(whole: onnx.ModelProto, seed: int = 8) -> dict[str, np.ndarray]:
    """Values for a model's inputs; the zero points of `x` are among them."""
    constants = {c.name: numpy_helper.to_array(c) for c in whole.graph.initializer}
    zero = int(constants.get("zx", constants.get("z", np.zeros(1))).reshape(-1)[0])
    feed = {}
    for value in whole.graph.input:
        tensor = value.type.tensor_type
        shape = [d.dim_value for d in tensor.shape.dim]
        kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        feed[value.name] = integers(seed, kind, shape, zero=zero)
    return feed
