"""Reordering channels: in a graph, which computes the same, and in the bits of a trace of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.graph import Graph, Layer
from sparsesim.graph.reads import reads
from sparsesim.lowering.bits import pack, unpack
from sparsesim.sparsity.nodes import NodeEditor
from sparsesim.trace import ImageTrace, Trace, TraceLayer
from sparsesim.tuning.channels import Channels, Layout, order_of

Orders = Mapping[int, NDArray[np.int64]]
"""Class -> which of its channels comes to each place; absent classes stay."""


def permuted_graph(graph: Graph, channels: Channels, orders: Orders, said: str) -> Graph:
    """The graph with the channels of some classes in another order.

    Args:
        graph: loaded or rewritten.
        channels: `find_channels` of it.
        orders: of classes that may be reordered.
        said: the rewrite in words.
    Returns:
        a graph that computes the same: to the bit in integers, to the order of sums in floats.
    """
    editor = NodeEditor(graph)
    slots: Counter[str] = Counter(name for node in editor.nodes for name in node.input)
    for node in editor.nodes:
        slots.update(reads(node) - set(node.input))
    moves: dict[tuple[int, int], list[tuple[int, NDArray[np.int64]]]] = defaultdict(list)
    for take in channels.takes:
        order = order_of(take.layout, orders)
        if order is not None:
            moves[take.node, take.slot].append((take.layout.axis, order))
    nodes = list(editor.nodes)
    copies: dict[tuple[str, bytes], str] = {}
    for (at, slot), along in moves.items():
        tensor = nodes[at].input[slot]
        changed = graph.constants[tensor]
        for axis, order in along:
            changed = np.take(changed, order, axis)
        if slots[tensor] == 1:
            editor.constants[tensor] = changed
            continue
        key = (tensor, b"".join(bytes([axis]) + order.tobytes() for axis, order in along))
        if key not in copies:
            copies[key] = editor.fresh(f"{tensor}:ordered")
            editor.constants[copies[key]] = changed
        nodes[at].input[slot] = copies[key]
    return editor.finish([said])


def permuted_trace(
    trace: Trace, graph: Graph, channels: Channels, orders: Orders, names: Iterable[str]
) -> Trace:
    """A trace with some layers' bits as they would be were channels in another order.

    It is that of the permuted graph where sums don't depend on their order: in integers.

    Args:
        trace: of the graph.
        graph: the graph.
        channels: `find_channels` of it.
        orders: as for `permuted_graph`.
        names: of the layers; the trace has no others.
    """
    wanted = set(names)
    layers = tuple(layer for layer in trace.layers if layer.name in wanted)
    weights = dict(trace.weights)
    moves: list[tuple[str, int, NDArray[np.int64]]] = []
    for layer in layers:
        of = graph.layer(layer.name)
        inside = _order(channels, of.activation, orders)
        outside = _order(channels, of.output, orders)
        if layer.weight_is_constant and (inside is not None or outside is not None):
            weights[layer.weight] = _weight(weights[layer.weight], layer, inside, outside)
        for key, order, elements in (
            (layer.activation, inside, layer.geometry.activation_elements),
            (layer.output, outside, trace.tensors[layer.output].elements),
        ):
            if order is not None:
                moves.append((key, elements, order))
    moved = {key: (elements, order) for key, elements, order in moves}

    def image_of(image: ImageTrace) -> ImageTrace:
        bits: dict[str, Any] = dict(image.bits)
        for key, (elements, order) in moved.items():
            lines = unpack(bits[key], elements).reshape(-1, len(order))
            bits[key] = pack(lines[:, order])
        return replace(image, bits=bits)

    images = tuple(image_of(image) for image in trace.images)
    return replace(trace, layers=layers, weights=weights, images=images)


def _order(channels: Channels, tensor: str, orders: Orders) -> NDArray[np.int64] | None:
    """The order of a tensor's channels, which lie fastest in all bits of a trace that may move."""
    layout: Layout | None = channels.layouts.get(tensor)
    return None if layout is None else order_of(layout, orders)


def _weight(
    words: NDArray[np.uint64],
    layer: TraceLayer,
    inside: NDArray[np.int64] | None,
    outside: NDArray[np.int64] | None,
) -> NDArray[np.uint64]:
    """Bits [groups][filters][taps][channels]; of several groups the filters of all are one axis."""
    g = layer.geometry
    rows, taps = g.groups * g.filters, g.reduction // g.channels
    bits = unpack(words, g.weight_elements).reshape(rows, taps, g.channels)
    if outside is not None:
        bits = bits[outside]
    if inside is not None and g.groups == 1:
        bits = bits[:, :, inside]
    return pack(bits)


def layers_around(graph: Graph, channels: Channels, number: int) -> tuple[Layer, ...]:
    """Layers whose operands or outputs hold channels of a class."""

    def holds(tensor: str) -> bool:
        layout = channels.layouts.get(tensor)
        return layout is not None and any(piece.group == number for piece in layout.pieces)

    return tuple(one for one in graph.layers if holds(one.activation) or holds(one.output))
