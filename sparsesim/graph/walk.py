"""Going through a model: every graph and every node, within others and in functions too."""

from __future__ import annotations

from collections.abc import Iterator

import onnx


def graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """Every graph of a model: the main one, and those in nodes, functions' among them."""
    yield model.graph
    for node in nodes(model):
        yield from bodies(node)


def nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node of a model, of subgraphs and functions too."""
    for holder in (model.graph, *model.functions):
        for node in holder.node:
            yield from within(node)


def within(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    """A node, and the nodes in its bodies, in theirs, and so on."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        for body in bodies(found):
            waiting.extend(body.node)


def bodies(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs in a node's attributes."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs
