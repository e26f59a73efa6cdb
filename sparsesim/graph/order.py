"""The order of a graph's nodes: one in which they can run.

ONNX asks for it; ONNX Runtime takes nodes in any, and tools of its own write them so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from heapq import heapify, heappop, heappush

import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.reads import reads
from sparsesim.graph.walk import bodies

_SHOWN = 4  # nodes of a cycle that an error names


def put_in_order(graph: onnx.GraphProto, where: str) -> bool:
    """Sort nodes that read what a later one makes; those that need not move keep their order.

    Args:
        graph: a model's main graph; changed in place.
        where: the model's name in errors.
    Returns:
        whether any node was moved.
    Raises:
        ModelError: nodes in a circle, or a tensor that nothing makes.
    """
    moved = _put_bodies_in_order(graph)
    there = {value.name for value in graph.input}
    there |= {tensor.name for tensor in graph.initializer}
    index = _sorted_until(graph.node, there)
    rest = list(graph.node)[index:]
    if not rest:
        return moved
    makers = {name for node in rest for name in node.output}
    for node in rest:
        nowhere = sorted(reads(node) - there - makers)
        if nowhere:
            name = printable(nowhere[0])
            raise _invalid(where, f"node {_title(node)} reads '{name}', which nothing makes")
    order = _sorted(rest, there)
    if len(order) < len(rest):
        left = [node for i, node in enumerate(rest) if i not in set(order)]
        circle = [_title(node) for node in _circle(left)]
        more = f" and {len(circle) - _SHOWN} more" if len(circle) > _SHOWN else ""
        raise _invalid(where, f"nodes {', '.join(circle[:_SHOWN])}{more} form a cycle")
    _rearrange(graph, index, [rest[i] for i in order])
    return True


def _put_bodies_in_order(graph: onnx.GraphProto) -> bool:
    """The same within bodies, innermost first; what is wrong there is left to the checker."""
    moved = False
    for node in graph.node:
        for body in bodies(node):
            moved |= _put_bodies_in_order(body)
            order = _sorted(list(body.node), set())
            if order != sorted(order) and len(order) == len(body.node):
                _rearrange(body, 0, [body.node[i] for i in order])
                moved = True
    return moved


def _sorted_until(nodes: Iterable[onnx.NodeProto], there: set[str]) -> int:
    """How many nodes stand in order; what they make is added to what is there."""
    count = 0
    for node in nodes:
        if reads(node) - there:
            break
        there.update(name for name in node.output if name)
        count += 1
    return count


def _rearrange(graph: onnx.GraphProto, index: int, nodes: Iterable[onnx.NodeProto]) -> None:
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[index:]
    graph.node.extend(copies)


def _invalid(where: str, what: str) -> ModelError:
    return ModelError(f"{where}: not a valid ONNX model: {what}")


def _sorted(nodes: Sequence[onnx.NodeProto], there: Container[str]) -> list[int]:
    """Indices in an order that runs, of those that could come next the first; without nodes in a
    circle, and those behind one."""
    maker = {n: i for i, node in enumerate(nodes) for n in node.output if n and n not in there}
    before = [{maker[name] for name in reads(node) if name in maker} for node in nodes]
    behind: list[list[int]] = [[] for _ in nodes]
    for index, needed in enumerate(before):
        for one in needed:
            behind[one].append(index)
    waits = [len(needed) for needed in before]
    ready = [index for index, count in enumerate(waits) if not count]
    heapify(ready)
    order = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for later in behind[index]:
            waits[later] -= 1
            if not waits[later]:
                heappush(ready, later)
    return order


def _circle(nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """A circle among nodes each of which reads what another of them makes."""
    maker = {name: node for node in nodes for name in node.output if name}
    path = [nodes[0]]
    while True:
        before = maker[min(reads(path[-1]) & set(maker))]
        for index, node in enumerate(path):
            if node is before:
                return path[index:][::-1]
        path.append(before)


def _title(node: onnx.NodeProto) -> str:
    return f"'{printable(node.name or next(iter(node.output), node.op_type))}'"
