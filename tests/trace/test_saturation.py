"""The reference of integer models is exact; where ONNX Runtime's is not, the trace says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from exact_integers import exact_outputs, runtime_outputs
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.trace.reference import Reference
from sparsesim.trace.saturation import Saturation, saturation
from sparsesim.trace.store import load_trace, save_trace


def everywhere(op: str, first: str, second: str) -> bool:
    return (first, second) == ("uint8", "int8")


def quantised():
    """A convolution and a product, both unsigned by signed with large operands."""
    random = np.random.default_rng(0)
    constants = {
        "w": random.integers(60, 127, (4, 8, 3, 3)).astype("i1"),
        "v": random.integers(-127, 127, (4 * 16, 5)).astype("i1"),
        "s": np.float32(0.01),
        "t": np.float32(3),
        "z": np.uint8(0),
        "zw": np.int8(0),
        "shape": np.array([0, -1], np.int64),
    }
    nodes = [
        helper.make_node("QLinearConv", ["x", "s", "z", "w", "s", "zw", "t", "z"], ["c"], "conv"),
        helper.make_node("Reshape", ["c", "shape"], ["r"], "flat"),
        helper.make_node("QLinearMatMul", ["r", "t", "z", "v", "s", "zw", "t", "z"], ["y"], "fc"),
    ]
    return made(nodes, constants, 2, (1, 8, 6, 6), 2)


def floating():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")]
    w = np.random.default_rng(1).normal(size=(6, 5)).astype("f4")
    return made(nodes, {"w": w}, 1, (1, 6), 1)


def made(nodes, constants, kind, shape, output):
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", output, (1, 5))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def feed(seed: int) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(seed).integers(200, 256, (1, 8, 6, 6)).astype("u1")}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_of_integers_is_exact(seed):
    whole = quantised()
    graph = ss.sparsify(ss.load(whole), ss.Thresholds(weights={"*": 0.9}))
    assert graph.rewrites and graph.as_loaded.rewrites == ()
    (found,) = Reference(graph).run(feed(seed))
    np.testing.assert_array_equal(found, exact_outputs(whole, feed(seed))[0])
    (image,) = ss.execute(graph, feed(seed)).images
    np.testing.assert_array_equal(image.reference[0], found)


def test_the_reference_of_a_graph_that_was_rewritten_twice_is_the_first():
    loaded = ss.load(quantised())
    once = ss.sparsify(loaded, ss.Thresholds(weights={"conv": 0.7}))
    twice = ss.sparsify(once, ss.Thresholds(weights={"fc": 0.7}))
    assert twice.as_loaded is loaded and once.as_loaded is loaded and loaded.as_loaded is loaded


def test_the_reference_of_floats_is_onnx_runtime():
    whole = floating()
    graph = ss.sparsify(ss.load(whole), ss.Thresholds(weights={"*": 0.5}))
    x = {"x": np.random.default_rng(3).normal(size=(1, 6)).astype("f4")}
    np.testing.assert_array_equal(Reference(graph).run(x)[0], runtime_outputs(whole, x)[0])


def test_nothing_is_said_where_nothing_saturates():
    graph = ss.load(quantised())
    exact = exact_outputs(quantised(), feed(0))
    assert saturation(graph, feed(0), exact, lambda op, first, second: False) is None
    floats = ss.load(floating())
    assert saturation(floats, {"x": np.ones((1, 6), "f4")}, [], everywhere) is None


def test_how_far_the_runtime_is_from_exact_outputs():
    """Outputs said to be exact that are 6 more than the runtime's in one place."""
    whole, given = quantised(), feed(1)
    graph = ss.load(whole)
    runtime = runtime_outputs(whole, given)[0]
    exact = runtime.astype(np.int64)
    exact[0, 3] += 6
    exact = exact.astype(np.int32)
    found = saturation(graph, given, [exact], everywhere)
    assert found == Saturation(("conv", "fc"), 6 / np.ptp(exact), ())


def test_a_rewritten_graph_tells_of_the_model_as_loaded():
    whole, given = quantised(), feed(2)
    graph = ss.sparsify(ss.load(whole), ss.Thresholds(weights={"*": 0.9}))
    found = saturation(graph, given, runtime_outputs(whole, given), everywhere)
    assert found == Saturation(("conv", "fc"), 0.0, ())


def test_a_trace_keeps_it(tmp_path):
    trace = ss.execute(ss.load(quantised()), feed(0))
    for found in (None, Saturation(("conv",), 0.25, ("g (QGemm)",)), Saturation((), None, ("a",))):
        path = tmp_path / "kept.trace"
        save_trace(replace(trace, saturation=found), path, force=True)
        assert load_trace(path).saturation == found
