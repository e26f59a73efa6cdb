"""Small models around one question: which axis of an input holds images?"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.graph import Graph

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def node(op: str, reads: str, makes: str, name: str = "", **attributes) -> onnx.NodeProto:
    """A node; tensors are words, a dot stands for one that is left out."""
    words = [["" if word == "." else word for word in text.split()] for text in (reads, makes)]
    return helper.make_node(op, *words, name=name or op.lower(), **attributes)


def model(nodes, inputs, outputs, opset: int = 17, **constants) -> onnx.ModelProto:
    """A model.

    Args:
        inputs, outputs: name -> shape, or (shape, type); of an output None: it is inferred.
        constants: arrays, or shapes of random ones.
    """
    draw = np.random.default_rng(0)

    def info(name, given):
        if given is None:  # inference fills it in
            return onnx.ValueInfoProto(name=name)
        shape, kind = given if isinstance(given, tuple) else (given, FLOAT)
        return helper.make_tensor_value_info(name, kind, shape)

    arrays = {
        name: value if isinstance(value, np.ndarray) else draw.random(value).astype(np.float32)
        for name, value in constants.items()
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [info(*pair) for pair in inputs.items()],
        [info(*pair) for pair in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [("", opset), *((domain, 1) for domain in {n.domain for n in nodes} - {""})]
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*each) for each in opsets], ir_version=8
    )
    return onnx.shape_inference.infer_shapes(made, data_prop=True)


def graph(*args, **kwargs) -> Graph:
    """The same, loaded."""
    return ss.load(model(*args, **kwargs))


def ints(*values) -> np.ndarray:
    """Whole numbers, as axes and shapes take them."""
    return np.array(values, np.int64)
