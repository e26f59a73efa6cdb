"""The corpus: small models with everything that a run of them must say, from sums of their own.

Nothing here reads what the package makes of a model. A builder computes its network in NumPy and
writes down each product with its operands; `test_corpus.py` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MS = "com.microsoft"


@dataclass(frozen=True)
class Product:
    """One product that must be a layer: out[g] = a[g] . w[g]^T.

    Attributes:
        name: the layer's; empty where only the operator says it.
        a: (groups, positions, K), zero point subtracted, padding as zeros.
        w: (groups, filters, K), zero point subtracted.
        activation: the operand as stored, for its sparsity; default: `a`.
        weight: the constant as stored, for its sparsity; None: it is computed.
        weight_bits: at which a weight is priced.
    """

    name: str
    a: np.ndarray
    w: np.ndarray
    activation: np.ndarray | None = None
    weight: np.ndarray | None = None
    weight_bits: int = 8


@dataclass(frozen=True)
class Case:
    """A model, what it is fed, and what must come out.

    Attributes:
        products: in execution order, of one run.
        outputs: of the run; exact where they are integers.
        host_macs: of operators that stay on the host.
        weights: elements of all constant weights, each once; and how many of them are zero.
        images_per_run: images in the run.
        tolerance: of float outputs, as a share of the largest.
    """

    name: str
    model: onnx.ModelProto
    feed: Mapping[str, np.ndarray]
    products: Sequence[Product]
    outputs: Sequence[np.ndarray]
    host_macs: int = 0
    weights: tuple[int, int] | None = None
    images_per_run: int = 1
    tolerance: float = 1e-4


CASES: list[Callable[[], Case]] = []


def case(build: Callable[[], Case]) -> Callable[[], Case]:
    """Register a builder; the case's name is the function's."""
    CASES.append(build)
    return build


@dataclass
class Network:
    """A model under construction, and its numbers."""

    name: str
    opset: int = 17
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, tuple[np.ndarray, Sequence[Any] | None]] = field(default_factory=dict)
    tensors: list[onnx.TensorProto] = field(default_factory=list)
    sparse: list[onnx.SparseTensorProto] = field(default_factory=list)

    def node(self, op: str, reads: str, makes: str, name: str = "", **attributes: Any) -> None:
        """Append a node; `ms.` in front of the operator puts it into com.microsoft's domain."""
        domain = MS if op.startswith("ms.") else "ai.onnx.ml" if op.startswith("ml.") else ""
        inputs = ["" if part == "-" else part for part in reads.split()]
        outputs = ["" if part == "-" else part for part in makes.split()]
        op = op.split(".")[-1]
        self.nodes.append(
            helper.make_node(op, inputs, outputs, name or None, domain=domain, **attributes)
        )

    def const(self, **arrays: Any) -> None:
        """Add initialisers."""
        self.constants |= {name: np.asarray(array) for name, array in arrays.items()}

    def feed(self, name: str, array: np.ndarray, shape: Sequence[Any] | None = None) -> np.ndarray:
        """Add an input that is fed this array; `shape`: as the model has it, where it differs."""
        self.inputs[name] = (array, shape)
        return array

    def case(
        self, outputs: Mapping[str, np.ndarray], products: Sequence[Product], **more: Any
    ) -> Case:
        """The case: outputs by name."""
        values = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), shape or array.shape
            )
            for name, (array, shape) in self.inputs.items()
        ]
        made = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype), np.shape(array)
            )
            for name, array in outputs.items()
        ]
        tensors = [numpy_helper.from_array(a, n) for n, a in self.constants.items()]
        graph = helper.make_graph(
            self.nodes,
            self.name,
            values,
            made,
            tensors + self.tensors,
            sparse_initializer=self.sparse,
        )
        opsets = [("", self.opset)]
        for domain in (MS, "ai.onnx.ml"):
            if any(node.domain == domain for node in self.nodes):
                opsets.append((domain, 1))
        own = {node.domain for node in self.nodes} - {"", MS, "ai.onnx.ml"}
        opsets += [(domain, 1) for domain in own]
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(*entry) for entry in opsets],
            ir_version=10 if self.opset < 24 else 11,
        )
        feed = {name: array for name, (array, _) in self.inputs.items()}
        arrays = [np.asarray(array) for array in outputs.values()]
        return Case(self.name, model, feed, products, arrays, **more)


def int4(name: str, codes: np.ndarray, signed: bool = True) -> onnx.TensorProto:
    """An initialiser of 4-bit integers."""
    kind = TensorProto.INT4 if signed else TensorProto.UINT4
    return helper.make_tensor(name, kind, codes.shape, codes.reshape(-1).tolist())
