"""The values that float operands take over all images: what open fractions are chosen from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine


class _Watch:
    """Sees the operands of each layer."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.found: dict[str, tuple[float, float]] = {}

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        for name in self.names.intersection((runner.layer.activation, runner.layer.weight)):
            values = tensors[name]
            if values.size:
                low, high = float(values.min()), float(values.max())
                before = self.found.get(name, (low, high))
                self.found[name] = min(low, before[0]), max(high, before[1])

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """Operands are seen where they are read."""


def measure(
    engine: Engine, feeds: Iterable[Mapping[str, np.ndarray]], names: set[str]
) -> dict[str, tuple[float, float]]:
    """Least and greatest value of operands over a float execution of all feeds.

    Args:
        engine: of the graph.
        feeds: input tensors by name.
        names: the operands' tensors.
    """
    watch = _Watch(names)
    for feed in feeds:
        engine.run(feed, watch)
    return watch.found
