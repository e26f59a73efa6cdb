"""Small models with one layer, called `layer`, and their emulation as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.graph import Graph
from sparsesim.inputs.memory import feed_memory
from sparsesim.intrinsic import Emulation, emulate
from sparsesim.intrinsic.layer import EmulatedLayer

F = np.float32


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, np.ndarray],
    output: str,
    constants: Mapping[str, np.ndarray] | None = None,
) -> Graph:
    """A loaded model; inputs by name, declared with the shapes and types of these arrays."""
    made = helper.make_graph(
        list(nodes),
        "small",
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in inputs.items()
        ],
        [onnx.ValueInfoProto(name=output)],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    whole = onnx.shape_inference.infer_shapes(whole)
    return ss.load(whole)


def node(op: str, inputs: str, output: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node; inputs are words, `-` is an absent one."""
    words = ["" if word == "-" else word for word in inputs.split()]
    return helper.make_node(op, words, [output], name=name or output, **attributes)


def one_layer(
    op: str,
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    chain: Sequence[onnx.NodeProto] = (),
    **attributes: Any,
) -> Graph:
    """A layer of the input `x` and a constant weight, with nodes behind it from `s` to `y`."""
    constants = {"w": w} if bias is None else {"w": w, "b": bias}
    words = "x w" if bias is None else "x w b"
    nodes = [node(op, words, "s" if chain else "y", "layer", **attributes), *chain]
    return model(nodes, {"x": x}, "y", constants)


def emulated(graph: Graph, feed: Mapping[str, np.ndarray], **rule: Any) -> Emulation:
    """All layers in one arithmetic, on one run."""
    inputs = feed_memory(feed, ss.input_specs(graph))
    return emulate(graph, inputs, ss.Thresholds(intrinsic={"*": rule}))


def output_of(graph: Graph, feed: Mapping[str, np.ndarray], found: Emulation) -> np.ndarray:
    """The first output of the model, its layers in the formats of an emulation."""
    from sparsesim.engine.run import Engine

    engine = Engine(graph)
    formats = {layer.name: layer for layer in found.layers}
    for index, step in enumerate(engine.steps):
        if hasattr(step, "layer"):
            settled = formats[step.layer.name]
            assert settled.arithmetic is not None and settled.formats is not None
            rule = settled.arithmetic
            if not step.layer.is_integer:
                rule = rule.with_(
                    act_fraction=settled.formats.activation.fraction,
                    weight_fraction=settled.formats.weight.fraction,
                )
            engine.steps[index] = EmulatedLayer(step.layer, graph, rule, {})
    return engine.run(feed)[0]
