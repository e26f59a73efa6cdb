"""Values that cast doubt on all that is counted: NaN, infinity, inputs that a model clips.

Every verb that executes a model or reads a trace says them once, in these words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.graph import Graph
from sparsesim.trace.clipped_warnings import clipped_warnings
from sparsesim.trace.clipping import Clipped, first_quantisers
from sparsesim.trace.not_finite import not_finite
from sparsesim.trace.not_finite_warnings import not_finite_warnings
from sparsesim.trace.trace import ImageTrace


class Doubtful(Protocol):
    """What one run leaves in doubt: `ImageTrace` has it, and `Doubts`."""

    @property
    def not_finite(self) -> Mapping[str, int]: ...
    @property
    def clipped(self) -> Mapping[str, Clipped]: ...


@dataclass(frozen=True)
class Doubts:
    """Of one run; both as `ImageTrace` has them."""

    not_finite: dict[str, int] = field(default_factory=dict)
    clipped: dict[str, Clipped] = field(default_factory=dict)


def doubt_warnings(runs: Iterable[Doubtful]) -> tuple[str, ...]:
    """What is to be said of all runs; nothing of finite values that no model clips."""
    kept = [(run.not_finite, run.clipped) for run in runs]
    return (
        *not_finite_warnings([found for found, _ in kept]),
        *clipped_warnings([found for _, found in kept]),
    )


class Watch:
    """An observer of the engine that looks for such values.

    Args:
        graph: that is run.

    Attributes:
        tensors: names that the engine must show to it: `trace.execute.exposing`.
        doubts: of the run since `start`.
    """

    def __init__(self, graph: Graph) -> None:
        self._quantisers = {one.tensor: one for one in first_quantisers(graph)}
        self.tensors = set(self._quantisers)
        self.start()

    def start(self) -> None:
        """Begin a new run."""
        self.doubts = Doubts()

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        """Look at what a layer has made."""
        self.check(f"layer {runner.layer.name}", tensors[runner.layer.output])
        self.made(runner.layer.makes, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """Look at what the host has made."""
        for name in names:
            self.seen(name, tensors[name])

    def seen(self, name: str, tensor: Any) -> None:
        """Look at an input, or at what is made of it."""
        quantiser = self._quantisers.get(name)
        if quantiser is not None and isinstance(tensor, np.ndarray):
            self.doubts.clipped[quantiser.input] = quantiser.clipped(tensor)

    def check(self, what: str, tensor: Any) -> None:
        """Note values that are no numbers."""
        found = not_finite(tensor)
        if found:
            self.doubts.not_finite[what] = found

    def outputs(self, names: Sequence[str], outputs: Sequence[Any]) -> None:
        """Look at the model's outputs."""
        for name, output in zip(names, outputs, strict=True):
            self.check(f"output {name}", output)


class Noted:
    """A trace's runs, lazy or not, and the doubts of those that have gone by."""

    def __init__(self, runs: Iterable[ImageTrace]) -> None:
        self._runs = runs
        self._doubts: list[Doubts] = []

    def __iter__(self) -> Iterator[ImageTrace]:
        for index, run in enumerate(self._runs):
            if index == len(self._doubts):
                self._doubts.append(Doubts(dict(run.not_finite), dict(run.clipped)))
            yield run

    def warnings(self) -> tuple[str, ...]:
        """What is to be said of them."""
        return doubt_warnings(self._doubts)
