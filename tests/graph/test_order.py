"""Nodes in any order: ONNX Runtime takes them, and tools write them so."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import parser

import sparsesim as ss
from sparsesim.graph.order import put_in_order

CHAIN = """
<ir_version: 8, opset_import: ["" : 17]>
chain (float[N, 4] x) => (float[N, 3] y)
<float[4, 3] w = {1, 0, 2, 0, 1, 0, -1, 0, 3, 0, 0, 1}>
{
    a = MatMul (x, w)
    b = Relu (a)
    c = Neg (b)
    y = Add (b, c2)
    c2 = Abs (c)
}
"""


def shuffled(model: onnx.ModelProto, order: list[int]) -> onnx.ModelProto:
    nodes = [onnx.NodeProto.FromString(model.graph.node[i].SerializeToString()) for i in order]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def made(graph: onnx.GraphProto) -> list[str]:
    return [node.output[0] for node in graph.node]


@pytest.mark.parametrize(
    ("order", "sorted_"),
    [
        ([0, 1, 2, 4, 3], "a b c c2 y"),
        ([0, 1, 2, 3, 4], "a b c c2 y"),
        ([4, 3, 2, 1, 0], "a b c c2 y"),
        ([3, 0, 4, 1, 2], "a b c c2 y"),
    ],
)
def test_chains(order, sorted_):
    model = shuffled(parser.parse_model(CHAIN), order)
    assert put_in_order(model.graph, "m") is (order != [0, 1, 2, 4, 3])
    assert made(model.graph) == sorted_.split()
    assert put_in_order(model.graph, "m") is False


def test_what_stands_right_stays():
    """Of those that could come next the first: two branches keep the order of their nodes."""
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    m (float[2] x) => (float[2] y) {
        p = Relu (x)
        y = Add (p2, q2)
        q = Neg (x)
        p2 = Abs (p)
        q2 = Abs (q)
    }
    """
    model = parser.parse_model(text)
    assert put_in_order(model.graph, "m")
    assert made(model.graph) == ["p", "q", "p2", "q2", "y"]


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [3, 0, 4, 1, 2]])
def test_unsorted_models_run(tmp_path, order):
    path = tmp_path / "m.onnx"
    onnx.save(shuffled(parser.parse_model(CHAIN), order), path)
    x = np.array([[1, -2, 3, 0.5], [0, 1, 0, -1]], np.float32)
    w = np.array([[1, 0, 2], [0, 1, 0], [-1, 0, 3], [0, 0, 1]], np.float32)
    wanted = 2 * np.maximum(x @ w, 0)
    graph = ss.load(path)
    (image,) = ss.execute(graph, {"x": x}, batch_axis="none").images
    assert np.array_equal(image.outputs[0], wanted)
    ss.save(graph, tmp_path / "saved.onnx")
    assert np.array_equal(
        ort.InferenceSession(tmp_path / "saved.onnx").run(None, {"x": x})[0], wanted
    )


def test_bodies(tmp_path):
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    m (float[1, 4] x, bool flag) => (float[1, 4] y)
    <float[4, 4] w = {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}>
    {
        y = If (flag) <
            then_branch = one () => (float[1, 4] p) { p = Neg (q)  q = Abs (a) },
            else_branch = two () => (float[1, 4] r) { r = Relu (a) }
        >
        a = MatMul (x, w)
    }
    """
    path = tmp_path / "m.onnx"
    onnx.save(parser.parse_model(text), path)
    x = np.array([[1, -2, 3, -4]], np.float32)
    graph = ss.load(path)
    for flag, wanted in ((True, -np.abs(x)), (False, np.maximum(x, 0))):
        (image,) = ss.execute(graph, {"x": x, "flag": np.array(flag)}).images
        assert np.array_equal(image.outputs[0], wanted)
