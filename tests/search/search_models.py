"""Small classifiers for searches, with images that they get right more often than by chance."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sparsesim.graph import Graph, load
from sparsesim.inputs import Inputs
from sparsesim.inputs.memory import feed_memory
from sparsesim.trace.execute import input_specs

CLASSES = 4


def classifier(seed: int, normalised: bool = False) -> onnx.ModelProto:
    """Two convolutions beside a shortcut, a pool and a fully connected layer.

    block/conv1 -> Relu -> block/conv2 -> Add(shortcut) -> Relu -> pool -> fc, on (n, 2, 6, 6).
    """
    rng = np.random.default_rng(seed)

    def weight(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    constants = {
        "w1": weight(3, 2, 3, 3),
        "b1": weight(3, 1).reshape(3),
        "w2": weight(3, 3, 3, 3),
        "ws": weight(3, 2, 1, 1),
        "wf": weight(CLASSES, 27),
        "scale": rng.uniform(0.5, 2, 3).astype(np.float32),
        "shift": weight(3, 1).reshape(3),
        "mean": weight(3, 1).reshape(3),
        "variance": rng.uniform(0.5, 2, 3).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], "block/conv1", pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"], "block/relu1"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "block/conv2", pads=[1] * 4),
        helper.make_node("Conv", ["x", "ws"], ["s"], "block/shortcut"),
        helper.make_node("Add", ["c2", "s"], ["a"], "block/add"),
        helper.make_node("Relu", ["a"], ["r2"], "block/relu2"),
        helper.make_node("MaxPool", ["r2"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "wf"], ["y"], "fc", transB=1),
    ]
    if normalised:
        parameters = ["scale", "shift", "mean", "variance"]
        norm = helper.make_node("BatchNormalization", ["c1", *parameters], ["n1"], "block/norm1")
        nodes[1].input[0] = "n1"
        nodes.insert(1, norm)
    else:
        for name in ("scale", "shift", "mean", "variance"):
            del constants[name]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def labelled(graph: Graph, seed: int, count: int, wrong: float = 0.2) -> Inputs:
    """Random images, labelled as the graph answers but for a share drawn at random."""
    from dataclasses import replace

    from sparsesim.engine.run import Engine

    rng = np.random.default_rng(seed)
    images = rng.standard_normal((count, 2, 6, 6)).astype(np.float32)
    answers = Engine(graph).run({"x": images})[0].argmax(axis=1)
    noisy = np.where(rng.random(count) < wrong, rng.integers(0, CLASSES, count), answers)
    inputs = feed_memory({"x": images}, input_specs(graph))
    return replace(inputs, labels=noisy.astype(np.int64), source="drawn")


def loaded(seed: int, normalised: bool = False, raw_weights: bool = False) -> Graph:
    """The classifier as a graph."""
    return load(classifier(seed, normalised), raw_weights=raw_weights)
