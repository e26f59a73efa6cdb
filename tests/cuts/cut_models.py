"""A stem, a residual unit, a pool and a product, on small integers, so that zeros are exact."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

F = np.float32


def node(op: str, inputs: str, output: str, name: str, **attributes) -> onnx.NodeProto:
    """A node; inputs are words."""
    return helper.make_node(op, inputs.split(), output.split(), name=name, **attributes)


def whole_numbers(seed: int, *shape: int) -> np.ndarray:
    """Integers from -2 to 2, half of them zero."""
    random = np.random.default_rng(seed)
    return (random.integers(-2, 3, shape) * (random.random(shape) < 0.6)).astype(F)


def model(nodes, outputs: list[str], constants: dict[str, np.ndarray], kind=F) -> onnx.ModelProto:
    """A model with one input `x`, 3 channels of 8 x 8."""
    element = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", element, ["n", 3, 8, 8])],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    inferred = onnx.shape_inference.infer_shapes(whole).graph.output
    del whole.graph.output[:]
    whole.graph.output.extend(inferred)
    return whole


def unit() -> onnx.ModelProto:
    """stem; unit: two convolutions joined with their input; then a pool, which is a far better cut
    than the tensor in front of it."""
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        node("Conv", "x w0", "s0", "stem", **pads),
        node("Relu", "s0", "s", "stem/relu"),
        node("Conv", "s w1", "a0", "unit/first", **pads),
        node("Relu", "a0", "a", "unit/relu"),
        node("Conv", "a w2", "b", "unit/second", **pads),
        node("Add", "b s", "c", "unit/add"),
        node("Relu", "c", "d", "unit/out"),
        node("MaxPool", "d", "p", "pool", kernel_shape=[4, 4], strides=[4, 4]),
        node("Flatten", "p", "f", "flatten"),
        node("MatMul", "f w3", "y", "fc"),
    ]
    constants = {
        "w0": whole_numbers(1, 4, 3, 3, 3),
        "w1": whole_numbers(2, 4, 4, 3, 3),
        "w2": whole_numbers(3, 4, 4, 3, 3),
        "w3": whole_numbers(4, 16, 5),
    }
    return model(nodes, ["y"], constants)


def tensors_of(whole: onnx.ModelProto, image: np.ndarray) -> dict[str, np.ndarray]:
    """Every tensor of a run on one image, by ONNX Runtime without any optimisation."""
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
    return {"x": image, **dict(zip(names, session.run(None, {"x": image}), strict=True))}
