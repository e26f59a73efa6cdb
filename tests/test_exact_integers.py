"""The oracle of integer models against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from exact_integers import exact_outputs
from onnx import ValueInfoProto, helper, numpy_helper

F = np.float32
U, S, I = np.uint8, np.int8, np.int32  # noqa: E741


def outputs(op: str, inputs: dict[str, np.ndarray], domain: str = "", **attributes):
    node = helper.make_node(op, list(inputs), ["y"], domain=domain, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [],
        [ValueInfoProto(name="y")],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in inputs.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return exact_outputs(helper.make_model(graph, opset_imports=opsets), {})[0].tolist()


def test_matmul_integer():
    # 255 * 127 + 255 * 127 = 64770, which 16 bits do not hold.
    a, b = np.full((1, 2), 255, U), np.full((2, 1), 127, S)
    assert outputs("MatMulInteger", {"a": a, "b": b}) == [[64770]]
    # (255 - 5) * (127 - 7) * 2
    assert outputs("MatMulInteger", {"a": a, "b": b, "za": U(5), "zb": S(7)}) == [[60000]]


def test_conv_integer():
    # 2 x 2 windows of 1 to 9, two apart of three: 1 + 2 + 4 + 5 = 12, times 10.
    x = np.arange(1, 10, dtype=U).reshape(1, 1, 3, 3)
    w = np.full((1, 1, 2, 2), 10, U)
    assert outputs("ConvInteger", {"x": x, "w": w}) == [[[[120, 160], [240, 280]]]]
    padded = outputs("ConvInteger", {"x": x, "w": w}, pads=[1, 0, 0, 1], strides=[2, 2])
    assert padded == [[[[30, 30], [240, 150]]]]


@pytest.mark.parametrize(
    ("scale", "wanted"),
    # 1 * 3 + 2 * 5 = 13 and 1 * 4 + 2 * 6 = 16; halves go to the even.
    [(1.0, [113, 116]), (0.5, [106, 108]), (10.0, [230, 255]), (2.5, [132, 140])],
)
def test_qlinear_matmul(scale, wanted):
    given = {"a": np.array([[2, 3]], U), "sa": F(scale), "za": U(1)}
    given |= {"b": np.array([[3, 4], [5, 6]], S), "sb": F(1), "zb": S(0), "sy": F(1), "zy": U(100)}
    assert outputs("QLinearMatMul", given) == [wanted]


def test_qlinear_conv_with_a_scale_for_each_filter():
    # 2 * 3 + 1 = 7 and 2 * -4 + 2 = -6; times 1 and 2.
    given = {"x": np.full((1, 1, 1, 1), 12, U), "sx": F(1), "zx": U(10)}
    given |= {"w": np.array([3, -4], S).reshape(2, 1, 1, 1), "sw": np.array([1, 2], F)}
    given |= {"zw": np.zeros(2, S), "sy": F(1), "zy": U(20), "b": np.array([1, 2], I)}
    assert outputs("QLinearConv", given) == [[[[27]], [[8]]]]


def test_contributed_operators():
    given = {"a": np.array([[2, 3]], U), "sa": F(0.5), "za": U(1)}
    given |= {"b": np.array([[3, 5], [4, 6]], S), "sb": F(2), "zb": S(0), "c": np.array([1, 2], I)}
    # b turned: 1 * 3 + 2 * 5 + 1 = 14, 1 * 4 + 2 * 6 + 2 = 18.
    assert outputs("QGemm", given, "com.microsoft", transB=1) == [[14.0, 18.0]]
    order = ("a", "b", "sa", "sb", "za", "zb")
    given = {name: given[name] for name in order}
    # 1 * 3 + 2 * 4 = 11, 1 * 5 + 2 * 6 = 17.
    assert outputs("MatMulIntegerToFloat", given, "com.microsoft") == [[11.0, 17.0]]
    # 0 to 255 in steps of 1: the floats are the integers.
    x = np.array([[255, 100]], F)
    given = {"x": x, "b": np.array([[1], [2]], S), "sb": F(1)}
    assert outputs("DynamicQuantizeMatMul", given, "com.microsoft") == [[455.0]]


def test_a_transposed_convolution_between_quantisers():
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s"], ["xf"]),
        helper.make_node("DequantizeLinear", ["w", "s"], ["wf"]),
        helper.make_node("ConvTranspose", ["xf", "wf"], ["y"], strides=[2]),
    ]
    constants = {
        "x": np.array([[[1, 2]]], U),
        "w": np.array([[[3, 4, 5]]], S),
        "s": F(0.5),
    }
    graph = helper.make_graph(
        nodes,
        "three",
        [],
        [ValueInfoProto(name="y")],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    # 1 * (3 4 5 0 0) + 2 * (0 0 3 4 5) = 3 4 11 8 10, times a quarter.
    assert exact_outputs(whole, {})[0].tolist() == [[[0.75, 1.0, 2.75, 2.0, 2.5]]]
