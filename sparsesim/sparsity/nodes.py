"""Editing the nodes of a graph: a copy that is changed, then built into a graph again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import onnx
from numpy.typing import NDArray

from sparsesim.graph import Graph
from sparsesim.graph.loading import rebuilt
from sparsesim.graph.names import unused
from sparsesim.graph.reads import reads
from sparsesim.graph.widths import set_value_bits


class NodeEditor:
    """The nodes and constants of a graph while they are changed; the graph itself stays."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = [_copy(node) for node in graph.model.graph.node]
        self.constants: dict[str, NDArray[Any]] = dict(graph.constants)
        self.value_bits = dict(graph.value_bits)
        named = graph.model.graph
        tensors = {value.name for value in [*named.input, *named.output, *named.value_info]}
        made = {name for node in self.nodes for name in (*node.output, *reads(node))}
        self._taken = tensors | made | {node.name for node in self.nodes} | set(self.constants)

    def node(self, name: str) -> onnx.NodeProto:
        """The node of that name."""
        return next(node for node in self.nodes if node.name == name)

    def maker(self, tensor: str) -> onnx.NodeProto:
        """The node that makes a tensor."""
        return next(node for node in self.nodes if tensor in node.output)

    def readers(self) -> Counter[str]:
        """How many nodes, and model outputs, read each tensor."""
        counts = Counter(name for node in self.nodes for name in reads(node))
        counts.update(self.graph.outputs)
        return counts

    def fresh(self, name: str) -> str:
        """That name, or one like it where it is taken."""
        return unused(name, self._taken)

    def put_before(self, node: onnx.NodeProto, new: Sequence[onnx.NodeProto]) -> None:
        """Insert nodes in front of one."""
        place = self._index(node)
        self.nodes[place:place] = new

    def put_behind(self, node: onnx.NodeProto, new: Sequence[onnx.NodeProto]) -> None:
        """Insert nodes behind one."""
        place = self._index(node) + 1
        self.nodes[place:place] = new

    def finish(self, rewrites: Sequence[str]) -> Graph:
        """The graph of the changed nodes; constants that nothing reads any more are dropped.

        Args:
            rewrites: what was done, in words.
        """
        graph = self.graph
        model = onnx.ModelProto()
        model.CopyFrom(graph.model)
        del model.graph.node[:]
        model.graph.node.extend(self.nodes)
        readers = self.readers()
        kept = {name: array for name, array in self.constants.items() if readers[name]}
        gone = set(self.constants) - set(kept)
        set_value_bits(model, {n: b for n, b in self.value_bits.items() if n not in gone})
        return rebuilt(graph, model, kept, rewrites)

    def _index(self, node: onnx.NodeProto) -> int:
        return next(i for i, other in enumerate(self.nodes) if other is node)


def _copy(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy
