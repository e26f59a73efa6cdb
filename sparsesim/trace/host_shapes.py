"""Shapes around host operators that multiply, as the first run has them.

Inference cannot tell lengths that are free or that hang on values. Where it leaves MACs unknown, or
had taken other lengths for the inputs, what flows inside the host's steps is looked at once, beside
the run: nothing that flows is changed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsesim.engine.host import HostRunner
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Observer
from sparsesim.errors import ModelError
from sparsesim.graph import Graph, HostStep
from sparsesim.graph.host_macs import tensors_of
from sparsesim.graph.host_work import HostWork, host_work
from sparsesim.graph.reads import reads

_MOST_LENGTHS = 1024
"""Longer integer tensors are no lengths."""


class HostShapes:
    """An observer of the first run, before another one that sees the same."""

    def __init__(self, graph: Graph, feed: Mapping[str, np.ndarray], behind: Observer) -> None:
        self.graph, self.behind = graph, behind
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.values: dict[str, np.ndarray] = {}
        self._wanted = _wanted(graph, feed)
        for name in feed:
            self._see(name, feed[name])

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        """As the other sees it."""
        self.behind.layer(runner, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """As the other sees it; then what the step that made these has inside."""
        self.behind.made(names, tensors)
        for step, wanted in self._wanted:
            if step.outputs != names:
                continue
            for name in wanted.intersection(tensors):
                self._see(name, tensors[name])
            hidden = tuple(sorted(wanted.difference(tensors)))
            if hidden:
                self._look_inside(step, hidden, tensors)

    def work(self) -> HostWork:
        """The host's work with what was seen."""
        return host_work(self.graph, self.shapes, self.values)

    def _look_inside(
        self, step: HostStep, hidden: tuple[str, ...], tensors: Mapping[str, np.ndarray]
    ) -> None:
        try:
            found = HostRunner(_part(self.graph, step, hidden), self.graph).run(tensors)
        except ModelError:  # it ran whole; what cannot be seen stays unknown
            return
        for name, tensor in zip(hidden, found, strict=True):
            self._see(name, tensor)

    def _see(self, name: str, tensor: Any) -> None:
        if isinstance(tensor, np.ndarray):
            self.shapes[name] = tensor.shape
            if tensor.dtype.kind in "iu" and tensor.size <= _MOST_LENGTHS:
                self.values[name] = tensor.copy()


def _wanted(graph: Graph, feed: Mapping[str, np.ndarray]) -> list[tuple[HostStep, set[str]]]:
    """Host steps, and tensors whose shapes are to be seen there."""
    macs = host_work(graph).macs
    as_assumed = all(graph.shapes.get(name) == tensor.shape for name, tensor in feed.items())
    found = []
    for step in graph.steps:
        if not isinstance(step, HostStep):
            continue
        names: set[str] = set()
        for node in (graph.model.graph.node[i] for i in step.nodes):
            if node.name in macs and (macs[node.name] < 0 or not as_assumed):
                names.update(tensors_of(node))
        names.difference_update(graph.constants)
        if names:
            found.append((step, names))
    return found


def _part(graph: Graph, step: HostStep, wanted: tuple[str, ...]) -> HostStep:
    """The nodes of a step that these tensors come of, with these as outputs."""
    needed, kept = set(wanted), []
    for index in reversed(step.nodes):
        node = graph.model.graph.node[index]
        if needed.intersection(node.output):
            kept.append(index)
            needed |= reads(node)
    inputs = tuple(name for name in step.inputs if name in needed)
    return HostStep(tuple(reversed(kept)), inputs, wanted)
