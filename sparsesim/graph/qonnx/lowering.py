"""The model while its QONNX operators are replaced: constants, names, new nodes, true widths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable, unused
from sparsesim.graph.reads import reads
from sparsesim.graph.walk import bodies
from sparsesim.graph.widths import with_value_bits


class Lowering:
    """A copy of a model whose nodes are gone through in order."""

    def __init__(self, model: onnx.ModelProto, where: str) -> None:
        self.model, self.where = model, where
        self.nodes: list[onnx.NodeProto] = []
        self.widths: dict[str, int] = {}
        graph = model.graph
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._constants: dict[str, np.ndarray | None] = {}
        self._maker = {name: node for node in graph.node for name in node.output}
        named = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
        self._taken = {value.name for value in named} | set(self._maker)
        self._taken |= {node.name for node in graph.node}

    def error(self, node: onnx.NodeProto, said: str) -> ModelError:
        """An error that names a node."""
        name = printable(node.name or node.output[0])
        return ModelError(f"{self.where}: {name}: {said}")

    def constant(self, name: str) -> np.ndarray | None:
        """The value of a tensor that follows from constants alone; None: it is computed."""
        if name not in self._constants:
            self._constants[name] = None  # a circle is none, too
            self._constants[name] = self._value(name)
        return self._constants[name]

    def number(self, node: onnx.NodeProto, place: int, what: str) -> float:
        """One number that a node must be given as a constant; ModelError where it is not."""
        value = self.constant(node.input[place]) if place < len(node.input) else None
        if value is None or value.size != 1:
            raise self.error(node, f"its {what} is no constant number; use one")
        return float(value.reshape(-1)[0])

    def keep(self, node: onnx.NodeProto) -> None:
        """Take a node over as it is."""
        self.nodes.append(node)

    def add(self, op: str, inputs: Sequence[str], part: str, of: str, **attributes: Any) -> str:
        """Append a node; its output is named after `of` and the part. Returns the output."""
        made = unused(f"{of}/{part}", self._taken)
        self.nodes.append(helper.make_node(op, list(inputs), [made], made, **attributes))
        return made

    def give(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """Append a node that gives a tensor which others read already."""
        name = unused(f"{output}/{op.lower()}", self._taken)
        self.nodes.append(helper.make_node(op, list(inputs), [output], name, **attributes))

    def hold(self, array: ArrayLike, part: str, of: str) -> str:
        """Keep a constant under a name of its own."""
        name = unused(f"{of}/{part}", self._taken)
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        self._constants[name] = np.asarray(array)
        return name

    def hold_as(self, array: np.ndarray, output: str) -> None:
        """Keep a constant in the place of a node's output."""
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), output))

    def know(self, output: str, array: np.ndarray) -> None:
        """What an output is, for operators behind it that read constants."""
        self._constants[output] = np.asarray(array)

    def finish(self, mark: str, domains: Sequence[str]) -> onnx.ModelProto:
        """The model with its new nodes, marked, without what nothing reads any more."""
        graph = self.model.graph
        del graph.node[:]
        graph.node.extend(self.nodes)
        read = {value.name for value in [*graph.output, *graph.input]}
        read = read.union(*(reads(node) for node in self.nodes))
        kept = [tensor for tensor in graph.initializer if tensor.name in read]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        opsets = [entry for entry in self.model.opset_import if entry.domain not in domains]
        del self.model.opset_import[:]
        self.model.opset_import.extend(opsets)
        self.model.ir_version = max(self.model.ir_version, 4)  # initialisers need no inputs
        self.model.metadata_props.add(key=mark, value="QONNX")
        return with_value_bits(self.model, self.widths)

    def _value(self, name: str) -> np.ndarray | None:
        if name in self._tensors:
            return numpy_helper.to_array(self._tensors[name])
        node = self._maker.get(name)
        if node is None or node.domain or any(bodies(node)):
            return None
        values = {key: self.constant(key) for key in node.input if key}
        if any(value is None for value in values.values()):
            return None
        return self._computed(node, name, values)

    def _computed(self, node: onnx.NodeProto, name: str, values) -> np.ndarray | None:
        """A node of constants, as ONNX's own reference computes it."""
        from onnx.reference import ReferenceEvaluator

        inputs = [
            helper.make_tensor_value_info(
                key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for key, value in values.items()
        ]
        outputs = [onnx.ValueInfoProto(name=name)]
        graph = helper.make_graph([node], "constant", inputs, outputs)
        opsets = [e for e in self.model.opset_import if not e.domain]
        try:
            alone = helper.make_model(graph, opset_imports=opsets)
            found: object = next(iter(ReferenceEvaluator(alone).run([name], values)))
        except Exception:  # then it is left to run
            return None
        return found if isinstance(found, np.ndarray) else None
