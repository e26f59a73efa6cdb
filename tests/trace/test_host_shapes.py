"""MACs of host operators whose lengths only execution tells, against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.cuts import rank_cuts
from sparsesim.engine.run import Engine
from sparsesim.graph.host_work import host_work
from sparsesim.trace.execute import input_specs

RNG = np.random.default_rng(5)
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def graph_of(nodes, inputs, outputs, constants) -> ss.Graph:
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid(*one) for one in (("", 19), ("com.microsoft", 1))]
    opsets.append(helper.make_opsetid("ai.onnx.ml", 3))
    return ss.load(helper.make_model(made, opset_imports=opsets, ir_version=9))


def node(op, inputs, outputs, domain="", **attributes):
    return helper.make_node(op, inputs, outputs, name=outputs[0], domain=domain, **attributes)


def deformed() -> ss.Graph:
    """A layer of free height and width, then a DeformConv inside a host step."""
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
        node("Softmax", ["a"], ["b"], axis=1),
        node("Mul", ["b", "none"], ["shift0"]),
        node("Concat", ["shift0"] * 9, ["shift"], axis=1),  # 2 x 3 x 3 channels of offsets
        node("DeformConv", ["b", "v", "shift"], ["c"], pads=[1] * 4, kernel_shape=[3, 3]),
        node("Softmax", ["c"], ["y"], axis=1),
    ]
    constants = {"w": floats(2, 3, 3, 3), "v": floats(5, 2, 3, 3), "none": np.float32(0)}
    free = [("x", FLOAT, ["n", 3, "h", "l"])]
    return graph_of(nodes, free, [("y", FLOAT, ["n", 5, "h", "l"])], constants)


@pytest.mark.parametrize("size", [(5, 7), (8, 4)])
def test_free_lengths_come_from_the_first_run(size):
    graph = deformed()
    assert host_work(graph).macs == {"c": -1}
    x = floats(2, 3, *size)
    trace = ss.execute(graph, x[:1])
    pixels = size[0] * size[1]
    assert trace.host.macs == {"c": pixels * 5 * 2 * 9}
    result = ss.estimate(trace)
    layer = pixels * 2 * 3 * 9
    assert result.host.mac_coverage == layer / (layer + pixels * 5 * 2 * 9)
    assert not result.host.mac_coverage_is_bound
    assert result.warnings == ()


def test_looking_inside_changes_nothing_that_flows():
    graph, x = deformed(), floats(2, 3, 6, 6)
    trace = ss.execute(graph, x)
    engine = Engine(graph)
    for image, one in zip(trace.images, x, strict=True):
        np.testing.assert_array_equal(image.outputs[0], engine.run({"x": one[None]})[0])


def grouped() -> ss.Graph:
    """Its lengths are sums of a mask, made inside the host step."""
    nodes = [
        node("MatMul", ["x", "w"], ["q"]),
        node("MatMul", ["x", "v"], ["k"]),
        node("ReduceSum", ["mask", "one"], ["n"], keepdims=0),
        node("Sub", ["n", "one"], ["less"]),
        node("Cast", ["less"], ["lengths"], to=TensorProto.INT32),
        node("Shape", ["mask"], ["shape"]),
        node("Gather", ["shape", "second"], ["whole"]),
        node("Cast", ["whole"], ["total"], to=TensorProto.INT32),
        node(
            "GroupQueryAttention",
            ["q", "k", "k", "before", "before", "lengths", "total"],
            ["y", "p", "r"],
            domain="com.microsoft",
            num_heads=4,
            kv_num_heads=2,
        ),
    ]
    constants = {"w": floats(16, 32), "v": floats(16, 16), "one": np.array([1]), "second": 1}
    inputs = [
        ("x", FLOAT, ["b", "s", 16]),
        ("mask", INT64, ["b", "t"]),
        ("before", FLOAT, ["b", 2, "p", 8]),
    ]
    outputs = [("y", FLOAT, ["b", "s", 32]), ("p", FLOAT, None), ("r", FLOAT, None)]
    outputs = [outputs[0], *((name, FLOAT, ["b", 2, "t", 8]) for name in "pr")]
    return graph_of(nodes, inputs, outputs, constants)


@pytest.mark.parametrize(("length", "before"), [(5, 0), (1, 6)])
def test_lengths_that_are_values_come_from_the_first_run(length, before):
    graph, total = grouped(), length + before
    feed = {
        "x": floats(1, length, 16),
        "mask": np.ones((1, total), np.int64),
        "before": floats(1, 2, before, 8),
    }
    host = ss.execute(graph, feed).host
    # 4 heads; query by key, then the sum of values
    assert host.macs["y"] == 4 * 2 * length * total * 8


@pytest.mark.parametrize("rows", [5, 9])
def test_rows_of_a_free_first_axis_are_those_of_the_run(rows):
    """A cloud of points: inference takes its free axis for a batch of 1, the run has all rows."""
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("LinearRegressor", ["a"], ["b"], "ai.onnx.ml", coefficients=[0.5] * 24, targets=3),
        node("ReduceMax", ["b", "first"], ["y"], keepdims=0),
    ]
    constants = {"w": floats(6, 8), "first": np.array([0])}
    graph = graph_of(nodes, [("x", FLOAT, ["any", 6])], [("y", FLOAT, [3])], constants)
    host = ss.execute(graph, {"x": floats(rows, 6)}).host
    assert host.macs == {"b": rows * 24}


def looping() -> ss.Graph:
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "w"], ["next"]),
            helper.make_node("Identity", ["going"], ["on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", FLOAT, [1, 6]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", FLOAT, [1, 6]),
        ],
    )
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("Loop", ["trips", "", "a"], ["y"], body=body),
    ]
    constants = {"w": floats(6, 6), "trips": np.int64(3)}
    return graph_of(nodes, [("x", FLOAT, [1, 6])], [("y", FLOAT, [1, 6])], constants)


def test_what_a_body_does_stays_unknown():
    trace = ss.execute(looping(), {"x": floats(1, 6)})
    assert trace.host.macs == {"y": -1}


def test_cuts_count_them_too(tmp_path):
    graph, x = deformed(), floats(1, 3, 6, 6)
    np.savez(tmp_path / "x.npz", x=x)
    cuts = rank_cuts(graph, ss.open_inputs(str(tmp_path / "x.npz"), input_specs(graph)))
    assert cuts.macs == 36 * (2 * 27 + 5 * 18)
    assert cuts.uncounted == ()
