"""Products of 8-bit integers in ONNX Runtime: which of them saturate on this processor.

Without VNNI instructions its kernels add pairs of unsigned-by-signed products in 16 bits, which
saturate. Our layers are exact on every processor; this tells where the runtime beside them is not
(docs/decisions/processors.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sparsesim.graph import Graph, HostStep
from sparsesim.graph.session import open_session, session_options
from sparsesim.graph.walk import bodies

Saturates = Callable[[str, str, str], bool]
"""Whether an operator's kernel saturates: operator, type names of its two operands in order."""

_BYTES = ("uint8", "int8")
# Which kernel stands for an operator's, and which inputs are its operands.
_KERNELS: dict[str, tuple[str, int, int]] = {
    "MatMulInteger": ("MatMulInteger", 0, 1),
    "ConvInteger": ("ConvInteger", 0, 1),
    "QLinearConv": ("QLinearConv", 0, 3),
    "QLinearMatMul": ("QLinearMatMul", 0, 3),
    "QGemm": ("QGemm", 0, 3),
    "MatMulIntegerToFloat": ("MatMulInteger", 0, 1),
    "DynamicQuantizeMatMul": ("MatMulInteger", 0, 1),
    "DynamicQuantizeLSTM": ("MatMulInteger", 0, 1),
    "QAttention": ("MatMulInteger", 0, 1),
    # Between quantisers, which the runtime fuses with them.
    "Conv": ("QLinearConv", 0, 1),
    "MatMul": ("QLinearMatMul", 0, 1),
    "Gemm": ("QGemm", 0, 1),
}
_FLOAT_OPERATORS = ("Conv", "MatMul", "Gemm")
_LENGTH = 64  # operand pairs of a probe's sum: whole vectors of any kernel


@dataclass(frozen=True)
class Product:
    """A product of 8-bit integers in a model.

    Attributes:
        node: its name, or that of the node whose body holds it.
        op: ONNX operator.
        on_host: ONNX Runtime computes it, else the engine.
    """

    node: str
    op: str
    on_host: bool


def saturates(op: str, first: str, second: str) -> bool:
    """Whether ONNX Runtime's kernel for these operands saturates on this processor.

    Args:
        op: ONNX operator that multiplies integers, or Conv, MatMul or Gemm between quantisers.
        first, second: NumPy's names of its operands' types, in the node's order.
    Returns:
        True where the largest operands give another sum than whole numbers do; False, too, where
        the runtime has no kernel for them.
    """
    if op.startswith("DynamicQuantize"):
        first = "uint8"  # made while it runs
    if first not in _BYTES or second not in _BYTES:
        return False
    return _probe(_KERNELS.get(op, ("MatMulInteger", 0, 1))[0], first, second)


def saturating(graph: Graph, saturates: Saturates = saturates) -> tuple[Product, ...]:
    """The products of a model that ONNX Runtime would not compute exactly.

    Args:
        graph: a loaded model.
        saturates: what the processor does; default: of this one.
    Returns:
        layers and nodes on the host, in execution order. A type that is not known counts as the
        one that saturates.
    """
    found: list[Product] = []
    producers = {name: node for node in graph.model.graph.node for name in node.output}
    for step in graph.steps:
        if isinstance(step, HostStep):
            nodes = [graph.model.graph.node[index] for index in step.nodes]
            for outer in nodes:
                for node, types in _with_bodies(outer, graph.types):
                    kinds = _operands(node, types, producers)
                    if kinds is not None and saturates(node.op_type, *kinds):
                        found.append(Product(outer.name or outer.op_type, node.op_type, True))
        elif step.is_integer:
            first, second = (str(graph.types.get(n)) for n in (step.activation, step.weight))
            if step.weight_first:
                first, second = second, first
            if saturates(step.op, first, second):
                found.append(Product(step.name, step.op, False))
    return tuple(dict.fromkeys(found))


def _with_bodies(
    node: onnx.NodeProto, types: Mapping[str, np.dtype]
) -> Iterator[tuple[onnx.NodeProto, Mapping[str, np.dtype]]]:
    """A node and those in its bodies, each with the types that are known where it stands."""
    yield node, types
    for body in bodies(node):
        own = {t.name: helper.tensor_dtype_to_np_dtype(t.data_type) for t in body.initializer}
        for inner in body.node:
            yield from _with_bodies(inner, {**types, **own})


def _operands(
    node: onnx.NodeProto,
    types: Mapping[str, np.dtype],
    producers: Mapping[str, onnx.NodeProto],
) -> tuple[str, str] | None:
    """Types of the integers that a node multiplies; None where it multiplies none."""
    if node.op_type not in _KERNELS:
        return None
    _, first, second = _KERNELS[node.op_type]
    if len(node.input) <= second:
        return None
    names = [node.input[first], node.input[second]]
    if node.op_type in _FLOAT_OPERATORS:
        makers = [producers.get(name) for name in names]
        if any(maker is None or maker.op_type != "DequantizeLinear" for maker in makers):
            return None
        names = [maker.input[0] for maker in makers if maker is not None]
    kinds = [types.get(name) for name in names]
    return str(kinds[0] or "uint8"), str(kinds[1] or "int8")


@cache
def _probe(kernel: str, first: str, second: str) -> bool:
    """Run one kernel on its largest operands and compare with the whole number."""
    from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel

    a, b = (255 if kind == "uint8" else -128 for kind in (first, second))
    exact = a * b * _LENGTH
    unit = np.float32(abs(exact) / 100)
    middle = 128 if first == "uint8" else 0
    constants = {
        "b": np.full((_LENGTH, 8), b, second),
        "one": np.float32(1),
        "za": np.array(0, first),
        "zb": np.array(0, second),
        "unit": unit,
        "middle": np.array(middle, first),
    }
    wanted = middle + (100 if exact > 0 else -100)  # of what requantises: +- 100 units
    inputs, domain = ["a", "one", "za", "b", "one", "zb", "unit", "middle"], ""
    if kernel == "QGemm":
        inputs, domain = [*inputs[:6], "", *inputs[6:]], "com.microsoft"
    elif kernel.endswith("Integer"):
        inputs, wanted = ["a", "b"], exact
    values = np.full((8, _LENGTH), a, first)
    if "Conv" in kernel:
        values = np.full((1, _LENGTH, 4, 4), a, first)
        constants["b"] = np.full((8, _LENGTH, 1, 1), b, second)
    element = TensorProto.INT32 if kernel.endswith("Integer") else None
    kind = element or helper.np_dtype_to_tensor_dtype(np.dtype(first))
    graph = helper.make_graph(
        [helper.make_node(kernel, inputs, ["y"], domain=domain)],
        "probe",
        [
            helper.make_tensor_value_info(
                "a", helper.np_dtype_to_tensor_dtype(values.dtype), values.shape
            )
        ],
        [helper.make_tensor_value_info("y", kind, None)],
        [
            numpy_helper.from_array(np.asarray(array), name)
            for name, array in constants.items()
            if name in inputs
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    try:
        session = open_session(model.SerializeToString(), session_options())
        return bool((session.run(None, {"a": values})[0] != wanted).any())
    except NoKernel:
        return False
