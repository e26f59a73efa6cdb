"""Activation sparsity of layers and blocks over many images, without keeping any bits.

Not a trace: it can't be estimated from, but its memory does not grow with the images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.graph import Graph
from sparsesim.graph.blocks import blocks
from sparsesim.trace.execute import exposing
from sparsesim.trace.zero_points import zero_of, zero_points
from sparsesim.trace.zeros.kernels import nonzeros


@dataclass(frozen=True)
class ActivationZeros:
    """Zeros in what a layer or block gives, over all images.

    Attributes:
        name: of the layer or block.
        zeros, elements: of the tensor behind a layer's fused activation, or that leaves the block.
    """

    name: str
    zeros: int
    elements: int

    @property
    def sparsity(self) -> float:
        """Zeros / elements; 0 where there are no elements."""
        return self.zeros / self.elements if self.elements else 0.0


@dataclass(frozen=True)
class ActivationTable:
    """Activation sparsity of a network.

    Attributes:
        layers: in execution order.
        blocks: in the order of their first layers: of each the tensor that leaves it, only.
        images: feeds that were run.
    """

    layers: tuple[ActivationZeros, ...]
    blocks: tuple[ActivationZeros, ...]
    images: int


def activation_zeros(
    graph: Graph,
    feeds: Iterable[Mapping[str, np.ndarray]],
    named_blocks: Mapping[str, Sequence[str]] | None = None,
    progress: Callable[[int], Any] = lambda done: None,
) -> ActivationTable:
    """Run a graph and count zeros behind its layers and blocks.

    Args:
        graph: loaded, or rewritten.
        feeds: input name -> array, of one image or several.
        named_blocks: block name -> layer patterns; default: by the layers' names.
        progress: called with the number of feeds done.
    Source: Loroch et al. 2018, section 2.1.
    """
    found = blocks(graph, named_blocks)
    exposed = exposing(graph, {block.leaving for block in found})
    tensors = {layer.output for layer in graph.layers} | {block.leaving for block in found}
    counter = _Counter(tensors, zero_points(graph))
    engine = Engine(exposed)
    done = 0
    for feed in feeds:
        for name in tensors & set(feed):  # a block whose layers are all fed straight on
            counter.count(name, feed[name], feed)
        engine.run(dict(feed), counter)
        done += 1
        progress(done)
    return ActivationTable(
        tuple(counter.row(layer.name, layer.output) for layer in graph.layers),
        tuple(counter.row(block.name, block.leaving) for block in found),
        done,
    )


class _Counter:
    """An observer of the engine."""

    def __init__(self, tensors: set[str], zeros: Mapping[str, str]) -> None:
        self.tensors, self.zero_point = tensors, zeros
        self.zeros = dict.fromkeys(tensors, 0)
        self.elements = dict.fromkeys(tensors, 0)

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        self.made(runner.layer.makes, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        for name in names:
            if name in self.tensors:
                self.count(name, tensors[name], tensors)

    def count(self, name: str, values: np.ndarray, tensors: Mapping[str, np.ndarray]) -> None:
        point = zero_of(self.zero_point.get(name, ""), tensors, values.dtype)
        if values.dtype == np.float16:  # of which Numba knows no arithmetic
            found = int(np.count_nonzero(values))
        else:
            found = int(nonzeros(np.ascontiguousarray(values).reshape(-1), point))
        self.zeros[name] += values.size - found
        self.elements[name] += values.size

    def row(self, name: str, tensor: str) -> ActivationZeros:
        return ActivationZeros(name, self.zeros[tensor], self.elements[tensor])
