"""Small float models of integers, so that every runtime gets the same bits, and their traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

import sparsesim as ss


def integers(random: np.random.Generator, shape: Sequence[int], density: float) -> np.ndarray:
    """float32 integers from -3 to 3, so many of them not zero."""
    drawn = random.integers(1, 4, shape) * random.choice([-1, 1], shape)
    return (drawn * (random.random(shape) < density)).astype(np.float32)


def node(op: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    """A node, named after its output."""
    return helper.make_node(op, inputs.split(), [output], name=output, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int]],
    outputs: Sequence[str],
    constants: Mapping[str, np.ndarray],
) -> onnx.ModelProto:
    """A model of float inputs and outputs."""
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    made.ir_version = 10
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def feeds(made: onnx.ModelProto, seed: int, images: int, density: float) -> dict[str, np.ndarray]:
    """Inputs for so many images, by name."""
    random = np.random.default_rng(seed)
    return {
        value.name: integers(
            random,
            (images, *(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])),
            density,
        )
        for value in made.graph.input
    }


def traced(made: onnx.ModelProto, seed: int, images: int, density: float = 0.5) -> ss.Trace:
    """Its trace on random integers."""
    return ss.execute(ss.load(made), feeds(made, seed, images, density))
