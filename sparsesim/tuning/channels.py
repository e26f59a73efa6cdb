"""Which channels of a network may be reordered so that it computes the same.

A layer's filters may stand in any order as long as everything behind follows: biases, scales, and
the input channels of the layers that read them. Channels that must keep one common order (those of
two layers whose outputs are added, say) are one class. A class that reaches the model's outputs, or
anything whose rule isn't known, stays as it is: untouched rather than wrong.

Nodes are followed by rules.py; permute.py reorders.

Source: docs/decisions/balance.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sparsesim.graph import Graph
from sparsesim.graph.domains import onnx_opset
from sparsesim.graph.layers import Shape
from sparsesim.graph.reads import reads

FIXED = -1
"""The class of elements that must stay where they are."""


@dataclass(frozen=True)
class Piece:
    """Neighbouring elements along an axis: the channels of a class, each some elements wide."""

    group: int
    channels: int
    width: int = 1


@dataclass(frozen=True)
class Layout:
    """Where channels lie in a tensor: along one axis, piece after piece."""

    axis: int
    pieces: tuple[Piece, ...]

    @property
    def length(self) -> int:
        """Elements along the axis."""
        return sum(piece.channels * piece.width for piece in self.pieces)

    def moved(self, axis: int) -> Layout:
        """The same along another axis."""
        return Layout(axis, self.pieces)

    def widened(self, times: int) -> Layout:
        """Each channel so many times as wide."""
        pieces = (Piece(p.group, p.channels, p.width * times) for p in self.pieces)
        return Layout(self.axis, tuple(pieces))


@dataclass(frozen=True)
class Take:
    """A constant, read by a node (its index) at an input, that follows the order of a layout."""

    node: int
    slot: int
    layout: Layout


@dataclass(frozen=True)
class ChannelClass:
    """Channels with one common order.

    Attributes:
        channels: how many.
        producers: nodes whose filters they are.
        stays: why they must keep their order; empty: they may be reordered.
    """

    channels: int
    producers: tuple[str, ...]
    stays: str


@dataclass(frozen=True)
class Channels:
    """All classes of a graph.

    Attributes:
        classes: by number.
        layouts: of tensors, their pieces by these numbers.
        takes: constants that move along.
        fixed: MAC nodes whose filters are no class, and why.
    """

    classes: Mapping[int, ChannelClass]
    layouts: Mapping[str, Layout]
    takes: tuple[Take, ...]
    fixed: Mapping[str, str]


def order_of(layout: Layout, orders: Mapping[int, NDArray[np.int64]]) -> NDArray[np.int64] | None:
    """Which element comes to each place along a layout's axis; None: nothing moves.

    Args:
        layout: of a tensor.
        orders: class -> which of its channels comes to each place; an absent one stays.
    """
    if not any(piece.group in orders for piece in layout.pieces):
        return None
    parts, first = [], 0
    for piece in layout.pieces:
        order = orders.get(piece.group, np.arange(piece.channels))
        elements = order[:, None] * piece.width + np.arange(piece.width)
        parts.append(first + elements.reshape(-1))
        first += piece.channels * piece.width
    return np.concatenate(parts)


class Walk:
    """What is known while nodes are followed in order; the rules of operators work on it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.constants = graph.constants
        self.opset = onnx_opset(graph.model) or 0
        nodes = graph.model.graph.node
        self.at = 0  # the node that is followed
        self._makers = {name: i for i, node in enumerate(nodes) for name in node.output if name}
        self._slots = Counter(name for node in nodes for name in node.input)
        for node in nodes:  # what subgraphs capture
            self._slots.update(reads(node) - set(node.input))
        self._slots.update(graph.outputs)
        self._layouts: dict[str, Layout] = {}
        self._takes: list[Take] = []
        self._parents: list[int] = []
        self._channels: list[int] = []
        self._producers: dict[int, str] = {}  # of a class, before it is tied to others
        self._stays: dict[int, str] = {}
        self._fixed: dict[str, str] = {}

    def layout(self, name: str) -> Layout | None:
        """Where channels lie in a tensor; None: nothing in it may move."""
        return self._layouts.get(name)

    def set(self, name: str, layout: Layout | None) -> None:
        """Say so; a single element has no order."""
        if layout is not None and name and layout.length > 1:
            self._layouts[name] = layout

    def shape(self, name: str) -> Shape | None:
        """A tensor's shape, as far as it is known."""
        if name in self.constants:
            return self.constants[name].shape
        return self.graph.shapes.get(name)

    def new(self, node: onnx.NodeProto, channels: int, axis: int) -> Layout:
        """A class of its own for a node's filters."""
        number = len(self._parents)
        self._parents.append(number)
        self._channels.append(channels)
        self._producers[number] = node.name
        return Layout(axis, (Piece(number, channels),))

    def fix(self, node: onnx.NodeProto, reason: str) -> None:
        """A MAC node's filters are no class."""
        self._fixed[node.name] = reason

    def stay(self, layout: Layout | None, reason: str) -> None:
        """The channels of a layout must keep their order."""
        for piece in layout.pieces if layout else ():
            if piece.group != FIXED:
                self._stays.setdefault(self._root(piece.group), reason)

    def tie(self, one: Layout, other: Layout, reason: str) -> None:
        """Two layouts must stay alike; where they aren't cut alike, neither moves."""
        if [(p.channels, p.width) for p in one.pieces] != [
            (p.channels, p.width) for p in other.pieces
        ]:
            self.stay(one, reason)
            self.stay(other, reason)
            return
        for a, b in zip(one.pieces, other.pieces, strict=True):
            if FIXED in (a.group, b.group):
                self.stay(Layout(0, (a, b)), reason)
                continue
            first, second = sorted((self._root(a.group), self._root(b.group)))
            if first != second:
                self._parents[second] = first
                if second in self._stays:
                    self._stays.setdefault(first, self._stays[second])

    def is_constant(self, name: str) -> bool:
        """A constant, or one that a DequantizeLinear of this reader alone makes of constants."""
        return name in self.constants or self._dequantiser(name) is not None

    def take(self, node: onnx.NodeProto, slot: int, layout: Layout) -> None:
        """A node reads a constant (`is_constant`) in the order of a layout."""
        name = node.input[slot]
        at = None if name in self.constants else self._dequantiser(name)
        if at is None:
            self._takes.append(Take(self.at, slot, layout))
            return
        maker = self.graph.model.graph.node[at]
        self._takes.append(Take(at, 0, layout))
        if layout.axis == integer(maker, "axis", 1) % self.constants[maker.input[0]].ndim:
            for place in range(1, len(maker.input)):
                if maker.input[place] and self.constants[maker.input[place]].size > 1:
                    self._takes.append(Take(at, place, layout.moved(0)))

    def found(self) -> Channels:
        """What came of it, classes by their least number."""
        producers: dict[int, list[str]] = defaultdict(list)
        for number, name in self._producers.items():
            producers[self._root(number)].append(name)
        stays = {self._root(number): why for number, why in self._stays.items()}
        return Channels(
            classes={
                number: ChannelClass(self._channels[number], tuple(names), stays.get(number, ""))
                for number, names in producers.items()
            },
            layouts={name: self._numbered(layout) for name, layout in self._layouts.items()},
            takes=tuple(Take(t.node, t.slot, self._numbered(t.layout)) for t in self._takes),
            fixed=self._fixed,
        )

    def _numbered(self, layout: Layout) -> Layout:
        pieces = (
            Piece(p.group if p.group == FIXED else self._root(p.group), p.channels, p.width)
            for p in layout.pieces
        )
        return Layout(layout.axis, tuple(pieces))

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            number = self._parents[number]
        return number

    def _dequantiser(self, name: str) -> int | None:
        at = self._makers.get(name)
        node = None if at is None else self.graph.model.graph.node[at]
        if node is None or node.op_type != "DequantizeLinear" or self._slots[name] != 1:
            return None
        whole = all(read in self.constants for read in node.input if read)
        return at if whole and not integer(node, "block_size") else None


def integer(node: onnx.NodeProto, name: str, default: int = 0) -> int:
    """An attribute of a node."""
    return next((a.i for a in node.attribute if a.name == name), default)


def integers(node: onnx.NodeProto, name: str) -> Sequence[int]:
    """An attribute that is a list; empty where it is absent."""
    return next((list(a.ints) for a in node.attribute if a.name == name), [])


def reshaped(layout: Layout, before: Iterable[Any], after: Iterable[Any]) -> Layout | None:
    """A layout behind a change of shape in which each channel stays in one piece along one axis.

    The first axis, the batch, must stay for itself: its length may be free.

    >>> reshaped(Layout(1, (Piece(0, 50),)), (1, 50, 4, 4), (1, 800))
    Layout(axis=1, pieces=(Piece(group=0, channels=50, width=16),))
    """
    s, t = tuple(before), tuple(after)
    if not all(s) or not all(t):  # an unknown length, or none
        return None
    c = layout.axis
    for a in range(1, len(t)):
        for low in range(1, c + 1):
            for high in range(c + 1, len(s) + 1):
                if prod(t[:a]) == prod(s[:low]) and t[a] == prod(s[low:high]):
                    inner = layout.widened(prod(s[c + 1 : high]))
                    return Layout(a, inner.pieces * prod(s[low:c]))
    return None
