"""Which nodes run on the accelerator, which on the host, in which order.

MAC nodes and what is fused behind them become layers; all other nodes become maximal host steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx

from sparsesim.graph.empty import may_abort
from sparsesim.graph.layers import HostStep, Layer
from sparsesim.graph.reads import reads
from sparsesim.graph.recognise import Recogniser


def partition(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray], types: Mapping[str, np.dtype]
) -> tuple[tuple[Layer, ...], tuple[Layer | HostStep, ...], dict[str, str]]:
    """Cut a folded graph into steps.

    Args:
        model: without initialisers.
        constants: these, by name.
        types: of tensors.
    Returns:
        layers in execution order; steps in execution order; for each MAC node that stays on the
        host, why.
    """
    recogniser = Recogniser(model.graph, constants, types)
    found = recogniser.layers()
    host = _needed_host_nodes(model.graph, found, constants)
    steps = tuple(_schedule(model.graph, found, host, constants))
    layers = tuple(step for step in steps if isinstance(step, Layer))
    return layers, steps, recogniser.reasons


def _needed_host_nodes(
    graph: onnx.GraphProto, layers: list[Layer], constants: Mapping[str, np.ndarray]
) -> list[int]:
    """Nodes that some layer, output or other needed node reads and no layer has absorbed."""
    maker = {name: layer for layer in layers for name in layer.makes}
    producer = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    wanted = [value.name for value in graph.output]
    needed: set[int] = set()
    seen: set[str] = set(constants)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in maker:
            wanted += maker[name].reads
        elif name in producer and producer[name] not in needed:
            needed.add(producer[name])
            wanted += reads(graph.node[producer[name]])
    return sorted(needed)


def _schedule(
    graph: onnx.GraphProto,
    layers: list[Layer],
    host: list[int],
    constants: Mapping[str, np.ndarray],
) -> Iterator[Layer | HostStep]:
    there = {value.name for value in graph.input} | set(constants)
    waiting_layers = _needed_layers(graph, layers, host, constants)
    waiting = {i: reads(graph.node[i]) for i in host}
    order: list[Layer | list[int]] = []
    while waiting_layers or waiting:
        before = len(waiting_layers) + len(waiting)
        for layer in list(waiting_layers):
            if there.issuperset(layer.reads):
                order.append(layer)
                there.update(layer.makes)
                waiting_layers.remove(layer)
        if len(waiting_layers) + len(waiting) < before:
            continue  # a layer may have made another ready: the host waits, its steps grow
        group = []
        for i in list(waiting):  # in topological order, so one sweep is enough
            if there.issuperset(waiting[i]):
                group.append(i)
                there.update(name for name in graph.node[i].output if name)
                del waiting[i]
        order += _pieces(graph, group)
        if not group:
            raise AssertionError("a checked graph has no cycles")
    yield from _with_borders(graph, order, constants)


def _pieces(graph: onnx.GraphProto, group: list[int]) -> Iterator[list[int]]:
    """A host step's nodes, those alone whose inputs must be seen before they run."""
    piece: list[int] = []
    for i in group:
        if may_abort(graph.node[i]):
            yield from ([piece] if piece else [])
            yield [i]
            piece = []
        else:
            piece.append(i)
    yield from ([piece] if piece else [])


def _needed_layers(graph, layers, host, constants) -> list[Layer]:
    """Layers that something reads: a dead layer is not run."""
    wanted = {value.name for value in graph.output}
    for i in host:
        wanted |= reads(graph.node[i])
    kept: list[Layer] = []
    for layer in reversed(layers):
        if wanted.intersection(layer.makes):
            kept.append(layer)
            wanted.update(layer.reads)
    return kept[::-1]


def _with_borders(graph, order, constants) -> Iterator[Layer | HostStep]:
    """Give host steps their inputs, and as outputs what anything behind them reads."""
    later = {value.name for value in graph.output}
    steps: list[Layer | HostStep] = []
    for step in reversed(order):
        if isinstance(step, Layer):
            steps.append(step)
            later.update(step.reads)
            continue
        made = {name for i in step for name in graph.node[i].output if name}
        read = set().union(*(reads(graph.node[i]) for i in step))
        inputs = tuple(sorted(read - made - set(constants)))
        outputs = tuple(name for i in step for name in graph.node[i].output if name in later)
        steps.append(HostStep(tuple(step), inputs, outputs))
        later.update(inputs)
    yield from reversed(steps)
