"""All places at which a graph can be cut in two, with the tensors that cross each.

A cut puts some nodes in front, so that no node in front reads what a node behind makes. What
crosses is every tensor that a node behind reads and that is made in front or comes from outside:
the model's inputs arrive at the front. An output of the model that is made in front and read by
nobody behind leaves from there.

Nothing here knows values or bytes.

Source: docs/model.md, "Cut points".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparsesim.graph import Graph, Layer
from sparsesim.graph.reads import reads


@dataclass(frozen=True)
class CutNode:
    """What a cut does not divide: a MAC layer with all that is fused behind it, or one host node.

    Attributes:
        name: as in the graph.
        reads: tensors, constants left out.
        makes: tensors.
        is_layer: runs on the array.
    """

    name: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    is_layer: bool


@dataclass(frozen=True)
class Cut:
    """A cut.

    Attributes:
        front: indices of the nodes in front.
        behind: the node in front that runs last.
        tensors: what crosses, in the order in which it is made.
    """

    front: frozenset[int]
    behind: str
    tensors: tuple[str, ...]


def cut_nodes(graph: Graph) -> tuple[CutNode, ...]:
    """The nodes of a graph in execution order; host steps node by node."""
    found: list[CutNode] = []
    for step in graph.steps:
        if isinstance(step, Layer):
            found.append(CutNode(step.name, _flowing(graph, step.reads), step.makes, True))
            continue
        for index in step.nodes:
            node = graph.model.graph.node[index]
            made = tuple(name for name in node.output if name)
            found.append(CutNode(node.name, _flowing(graph, sorted(reads(node))), made, False))
    return tuple(found)


def _flowing(graph: Graph, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in graph.constants)


def find_cuts(nodes: Sequence[CutNode], inputs: Sequence[str]) -> tuple[Cut, ...]:
    """Cuts of a graph, no two with the same tensors.

    In front stand: the first nodes in execution order, however many; or a node and all that it
    depends on (so that a shortcut may stay behind); or the fewest nodes for which one tensor
    crosses alone. So every tensor that a node makes and that is a cut by itself is among them.

    Args:
        nodes: in an order in which they can run.
        inputs: the model's.
    Returns:
        cuts with nodes on both sides and a tensor between, those with the fewest in front first.
        Where several fronts have the same tensors crossing, it is the first by the order above.
    """
    flow = _Flow(nodes, inputs)
    found: dict[tuple[str, ...], int] = {}
    for front in _fronts(flow, len(nodes)):
        crossing = flow.crossing(front)
        if front and crossing:
            found.setdefault(crossing, front)
    cuts = [
        Cut(
            frozenset(i for i in range(len(nodes)) if front >> i & 1),
            nodes[front.bit_length() - 1].name,
            tensors,
        )
        for tensors, front in found.items()
    ]
    return tuple(sorted(cuts, key=lambda cut: (len(cut.front), max(cut.front))))


class _Flow:
    """Who makes and who reads each tensor; sets of nodes are bits of an int: bit i is node i."""

    def __init__(self, nodes: Sequence[CutNode], inputs: Sequence[str]) -> None:
        self.makers: dict[str, int] = dict.fromkeys(inputs, 0)  # 0: from outside
        self.readers: dict[str, int] = {}
        self.before: list[int] = []
        for index, node in enumerate(nodes):
            before = 1 << index
            for name in node.reads:
                self.readers[name] = self.readers.get(name, 0) | 1 << index
                maker = self.makers.get(name, 0)
                if maker:
                    before |= self.before[maker.bit_length() - 1]
            self.before.append(before)
            self.makers |= dict.fromkeys(node.makes, 1 << index)

    def crossing(self, front: int) -> tuple[str, ...]:
        """Tensors that cross, in the order in which they are made."""
        return tuple(
            name
            for name, maker in self.makers.items()
            if (not maker or maker & front) and self.readers.get(name, 0) & ~front
        )

    def alone(self, tensor: str) -> int:
        """The fewest nodes in front for which no other tensor crosses; all: there is no such cut.

        Whatever reads another tensor from the front must come in front, and what that needs too.
        """
        maker = self.makers[tensor]
        front = self.before[maker.bit_length() - 1] if maker else 0
        while True:
            grown = front
            for name, made in self.makers.items():
                if name != tensor and (not made or made & grown):
                    grown |= self.readers.get(name, 0)
            for index, before in enumerate(self.before):
                if grown >> index & 1:
                    grown |= before
            if grown == front:
                return front
            front = grown


def _fronts(flow: _Flow, count: int) -> Iterator[int]:
    for index in range(1, count):
        yield (1 << index) - 1
    yield from flow.before
    for tensor in flow.makers:
        yield flow.alone(tensor)
