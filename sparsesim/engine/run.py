"""Running a graph: layers in our kernels, all else on the host, one feed after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sparsesim.engine.feed import check_feed
from sparsesim.engine.host import HostRunner
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.runner import runner_of
from sparsesim.engine.threads import single_threaded_blas
from sparsesim.errors import ModelError
from sparsesim.graph import Graph, Layer


class Observer(Protocol):
    """Sees every tensor while it is there."""

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        """A layer has run: its operands and its output are in `tensors`."""

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """A host step has given these tensors."""


class Engine:
    """A graph made ready to run; weights are prepared once and shared by all runs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: list[LayerRunner | HostRunner] = []
        for step in graph.steps:
            if isinstance(step, Layer):
                kind = graph.types.get(step.activation, np.dtype(np.float32))
                self.steps.append(runner_of(step, graph.constants, kind))
            else:
                self.steps.append(HostRunner(step, graph))
        self._last_reader = self._last_readers()

    def run(
        self, feed: Mapping[str, np.ndarray], observer: Observer | None = None
    ) -> list[np.ndarray]:
        """The model's outputs, in order.

        Args:
            feed: input tensors by name.
            observer: sees each layer's operands and output.
        Raises:
            InputError: the feed does not fit the model's inputs.
            ModelError: operands that do not fit each other, the host fails, too little memory.
        """
        check_feed(self.graph, feed)
        tensors: dict[str, np.ndarray] = {**self.graph.constants, **feed}
        with single_threaded_blas():
            for index, runner in enumerate(self.steps):
                self.advance(runner, tensors)
                if observer is None:
                    pass
                elif isinstance(runner, LayerRunner):
                    observer.layer(runner, tensors)
                else:
                    observer.made(runner.step.outputs, tensors)
                for name in self._last_reader.get(index, ()):
                    del tensors[name]
        return [tensors[name] for name in self.graph.outputs]

    def advance(self, runner: LayerRunner | HostRunner, tensors: dict[str, np.ndarray]) -> None:
        """Run one step, one of `steps` or another in its place, on tensors by name.

        Raises:
            ModelError: as `run`.
        """
        if isinstance(runner, HostRunner):
            tensors.update(zip(runner.step.outputs, runner.run(tensors), strict=True))
            return
        try:
            tensors.update(runner.make(tensors))
        except MemoryError as error:
            raise ModelError(
                f"{self.graph.source}: {runner.layer.name}: its tensors do not fit into memory"
            ) from error

    def _last_readers(self) -> dict[int, list[str]]:
        """For each step the tensors that nothing behind it reads."""
        last: dict[str, int] = {}
        for index, step in enumerate(self.graph.steps):
            for name in (*step.makes, *step.reads):
                last[name] = index
        freed: dict[int, list[str]] = {}
        for name, index in last.items():
            if name not in self.graph.constants and name not in self.graph.outputs:
                freed.setdefault(index, []).append(name)
        return freed
