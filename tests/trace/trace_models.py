"""Small models for the trace, with small integers as values: every runtime gets the same zeros."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


def node(op: str, inputs: str, outputs: str, name: str, **attributes) -> onnx.NodeProto:
    """A node; inputs and outputs are words."""
    return helper.make_node(op, inputs.split(), outputs.split(), name=name, **attributes)


def model(nodes, inputs, outputs, constants) -> onnx.ModelProto:
    """A model; inputs are name -> (type, shape), outputs name -> type, or a declaration."""
    graph = helper.make_graph(
        nodes,
        "small",
        [value(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [
            kind if isinstance(kind, onnx.ValueInfoProto) else value(name, kind, None)
            for name, kind in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    made.ir_version = 10
    for output in made.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def value(name: str, kind, shape) -> onnx.ValueInfoProto:
    """A tensor's declaration."""
    if kind is str:
        return helper.make_tensor_value_info(name, onnx.TensorProto.STRING, shape)
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape
    )


def numbers(seed: int, *shape: int, density: float = 0.5, dtype=np.float32) -> np.ndarray:
    """Integers from -3 to 3, so many of them zero."""
    random = np.random.default_rng(seed)
    return (random.integers(-3, 4, shape) * (random.random(shape) < density)).astype(dtype)


def residual(dtype=np.float32) -> onnx.ModelProto:
    """Two convolutions of a block `unit`, joined with their input on the host, and a product."""
    constants = {
        "w1": numbers(1, 3, 3, 3, 3, dtype=dtype),
        "w2": numbers(2, 3, 3, 3, 3, dtype=dtype),
        "w3": numbers(3, 48, 5, dtype=dtype),
    }
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        node("Conv", "x w1", "a", "unit/first", **pads),
        node("Relu", "a", "b", "unit/relu"),
        node("Conv", "b w2", "c", "unit/second", **pads),
        node("Add", "c x", "d", "unit/add"),
        node("Relu", "d", "e", "unit/out"),
        node("Flatten", "e", "f", "flatten"),
        node("MatMul", "f w3", "y", "fc"),
    ]
    return model(nodes, {"x": (dtype, ("n", 3, 4, 4))}, {"y": dtype}, constants)


def tensors_of(whole: onnx.ModelProto, feed) -> dict[str, np.ndarray]:
    """Every tensor of a run, by ONNX Runtime without any optimisation; constants, too."""
    import onnxruntime as ort

    copy = onnx.ModelProto()
    copy.CopyFrom(whole)
    known = {output.name for output in copy.graph.output}
    made = [name for n in copy.graph.node for name in n.output if name and name not in known]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(
        copy.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in copy.graph.output]
    constants = {c.name: numpy_helper.to_array(c) for c in copy.graph.initializer}
    return constants | dict(feed) | dict(zip(names, session.run(None, feed), strict=True))
