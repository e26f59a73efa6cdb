"""From a trained PyTorch network to ONNX: one node a module, named after it, weights untouched.

Not torch's own exporter: that folds and renames, and thresholds are meant for the weights and the
layers that were trained. Batch normalisation stays a node of its own.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8
INPUT, OUTPUT = "image", "logits"


def onnx_model(network: Any, shape: tuple[int, int, int], name: str) -> onnx.ModelProto:
    """The ONNX model of a network in inference.

    Args:
        network: of `topologies`; it is put into evaluation mode.
        shape: channels, height and width of a picture.
        name: of the graph.
    Returns:
        a checked model from `image` (n, *shape), float32, to `logits` (n, classes).
    Raises:
        TypeError: a module that no topology here has.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from torch import fx

    class Leaves(fx.Tracer):
        def is_leaf_module(self, m: Any, module_qualified_name: str) -> bool:
            return not any(True for _ in m.children())

    modules = dict(network.named_modules())
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, np.ndarray] = {}
    tensor: dict[str, str] = {}
    for step in Leaves().trace(network.eval()).nodes:
        if step.op == "placeholder":
            tensor[step.name] = INPUT
        elif step.op == "output":
            nodes[-1].output[0] = OUTPUT
        else:
            inputs = [tensor[source.name] for source in step.args]
            if step.op == "call_module":
                kind, attributes, own = _operator(modules[step.target])
                label = step.target.replace(".", "/")
            elif step.target is operator.add:
                kind, attributes, own = "Add", {}, {}
                label = _label_of_sum(step)
            else:
                raise TypeError(f"{step.target}: no ONNX operator is known for it")
            if kind == "Identity":  # dropout does nothing in inference
                tensor[step.name] = inputs[0]
                continue
            tensor[step.name] = f"{label}:out"
            for key, value in own.items():
                weights[f"{label}.{key}"] = value.detach().cpu().numpy().astype(np.float32)
                inputs.append(f"{label}.{key}")
            nodes.append(helper.make_node(kind, inputs, [f"{label}:out"], label, **attributes))
    classes = next(reversed(list(network.parameters()))).shape[0]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", classes])],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="sparsesim",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _label_of_sum(step: Any) -> str:
    """`block1/unit_1/add`: of the unit that the sum stands in."""
    source = step.args[0].target
    return "/".join([*source.split(".")[:-1], "add"])


def _operator(module: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Operator, attributes, and parameters in ONNX's order, of a module."""
    from torch import nn

    own: dict[str, Any]
    if isinstance(module, nn.Conv2d):
        own = {"weight": module.weight}
        if module.bias is not None:
            own["bias"] = module.bias
        pads = list(module.padding) * 2  # type: ignore[arg-type]
        return (
            "Conv",
            {"kernel_shape": module.kernel_size, "strides": module.stride, "pads": pads},
            own,
        )
    if isinstance(module, nn.Linear):
        return "Gemm", {"transB": 1}, {"weight": module.weight, "bias": module.bias}
    if isinstance(module, nn.BatchNorm2d):
        own = {
            "scale": module.weight,
            "bias": module.bias,
            "mean": module.running_mean,
            "variance": module.running_var,
        }
        return "BatchNormalization", {"epsilon": module.eps}, own
    if isinstance(module, nn.MaxPool2d):
        side, stride, pad = module.kernel_size, module.stride, module.padding
        return (
            "MaxPool",
            {"kernel_shape": [side] * 2, "strides": [stride] * 2, "pads": [pad] * 4},
            {},
        )
    if isinstance(module, nn.LocalResponseNorm):
        return (
            "LRN",
            {
                "size": module.size,
                "alpha": module.alpha,
                "beta": module.beta,
                "bias": float(module.k),
            },
            {},
        )
    plain = {
        nn.ReLU: "Relu",
        nn.Flatten: "Flatten",
        nn.AdaptiveAvgPool2d: "GlobalAveragePool",
        nn.Dropout: "Identity",
    }
    if type(module) not in plain:
        raise TypeError(f"{type(module).__name__}: no ONNX operator is known for it")
    return plain[type(module)], {}, {}
