"""Running a graph again from where something changed: what lies before is kept, not repeated.

A changed layer can only move what lies behind it, so the inputs of that part, kept from one run of
the graph as it is, are all that is needed to run it with other weights or thresholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.engine.threads import single_threaded_blas
from sparsesim.graph import Graph
from sparsesim.search.change import Change

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True)
class Route:
    """The steps that a change reaches.

    Attributes:
        steps: indices into the graph's steps, in order.
        needs: tensors that these read and none of them makes; constants are not listed.
        freed: by step, the tensors that no later one reads.
    """

    steps: tuple[int, ...]
    needs: tuple[str, ...]
    freed: Mapping[int, tuple[str, ...]]


class Replay:
    """A graph ready to run as a whole or in parts; several threads may do so at once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._engine = Engine(graph)
        self._at = {layer.name: graph.steps.index(layer) for layer in graph.layers}

    def whole(self) -> Route:
        """All steps, from the model's inputs on."""
        return self._route(set(range(len(self.graph.steps))))

    def behind(self, layers: Iterable[str], outputs: Iterable[str]) -> Route:
        """The steps that change with the weights of `layers` and the tensors `outputs`.

        Args:
            layers: names of layers whose weights change; they are run, too.
            outputs: outputs of layers on which thresholds stand; their makers are run only where
                something else changes these.
        """
        chosen = {self._at[name] for name in layers}
        moved = {self.graph.steps[index].makes[0] for index in chosen} | set(outputs)
        for index, step in enumerate(self.graph.steps):
            if index in chosen or not moved.isdisjoint(step.reads):
                chosen.add(index)
                moved.update(step.makes)
        return self._route(chosen, set(outputs))

    def base(self, feed: Tensors, keep: Iterable[str]) -> tuple[list[Any], Tensors]:
        """Run the graph as it is.

        Args:
            feed: the model's inputs by name.
            keep: names of tensors.
        Returns:
            the model's outputs, and the kept tensors by name.
        """
        kept: Tensors = {}
        outputs = self._run(dict(feed), self.whole(), Change(), set(keep), kept)
        return outputs, kept

    def run(self, kept: Mapping[str, np.ndarray], route: Route, change: Change) -> list[Any]:
        """The model's outputs after a change.

        Args:
            kept: of `base`, at least what the route needs and the outputs that it does not make.
            route: of `behind` with what changes, or `whole`.
            change: weights and thresholds.
        """
        names = {*route.needs, *self.graph.outputs} & set(kept)
        tensors = {name: change.behind(name, kept[name]) for name in names}
        return self._run(tensors, route, change, set(), {})

    def _run(
        self, tensors: Tensors, route: Route, change: Change, keep: set[str], kept: Tensors
    ) -> list[Any]:
        kept.update({name: tensors[name] for name in keep & set(tensors)})
        tensors.update(self.graph.constants)
        with single_threaded_blas():
            for index in route.steps:
                runner = self._engine.steps[index]
                if isinstance(runner, LayerRunner):
                    runner = change.runners.get(runner.layer.name, runner)
                self._engine.advance(runner, tensors)
                for name in self.graph.steps[index].makes:
                    tensors[name] = change.behind(name, tensors[name])
                    if name in keep:
                        kept[name] = tensors[name]
                for name in route.freed.get(index, ()):
                    del tensors[name]
        return [tensors[name] for name in self.graph.outputs]

    def _route(self, chosen: set[int], replaced: set[str] = frozenset()) -> Route:  # type: ignore[assignment]
        steps = tuple(sorted(chosen))
        made = {name for index in steps for name in self.graph.steps[index].makes}
        read = {name for index in steps for name in self.graph.steps[index].reads}
        needs = (read | (replaced & set(self.graph.outputs))) - made - set(self.graph.constants)
        last: dict[str, int] = {}
        for index in steps:
            for name in (*self.graph.steps[index].makes, *self.graph.steps[index].reads):
                last[name] = index
        freed: dict[int, tuple[str, ...]] = {}
        for name, index in last.items():
            if name not in self.graph.constants and name not in self.graph.outputs:
                freed[index] = (*freed.get(index, ()), name)
        return Route(steps, tuple(sorted(needs)), freed)
