"""What the search gives a threshold each: a block's (or layer's) weights, or a layer's output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sparsesim.errors import SpecError
from sparsesim.graph import Graph
from sparsesim.graph.blocks import Block
from sparsesim.search.change import (
    Change,
    activation_threshold,
    real_weight,
    with_weight_threshold,
)
from sparsesim.search.grid import Grid
from sparsesim.spec.thresholds import Thresholds

WHAT = ("weights", "activations", "both")


@dataclass(frozen=True)
class Unit:
    """One threshold of the search.

    Attributes:
        kind: `weights` or `activations`.
        name: of the block or layer.
        layers: names of the layers that share the threshold.
        grid: thresholds to try, ascending.
        raw: whose weights the thresholds are for, as `with_weight_threshold` takes it; None of
            activations.
    """

    kind: str
    name: str
    layers: tuple[str, ...]
    grid: tuple[float, ...]
    raw: Graph | None = field(default=None, compare=False, repr=False)

    def change(self, graph: Graph, limit: float) -> Change:
        """The graph's change at a threshold."""
        layers = [graph.layer(name) for name in self.layers]
        if self.raw is not None:
            runners = {la.name: with_weight_threshold(graph, la, limit, self.raw) for la in layers}
            return Change(runners=runners)
        limits = {layer.output: activation_threshold(graph, layer, limit) for layer in layers}
        return Change(thresholds=limits)

    def reaches(self, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Layers whose weights change and tensors that get a threshold, as `Replay.behind` takes
        them."""
        if self.raw is not None:
            return self.layers, ()
        return (), tuple(graph.layer(name).output for name in self.layers)


def weight_units(raw: Graph, found: Iterable[Block], grid: Grid) -> tuple[Unit, ...]:
    """A unit a block, in order; layers whose weights are computed are left out of it.

    Args:
        raw: whose weights the thresholds are for.
        found: blocks.
        grid: of thresholds.
    Raises:
        SpecError: no layer has weights that can be searched.
    """
    units = []
    for block in found:
        real: dict[str, np.ndarray] = {}
        for name in block.layers:
            try:
                real[name] = np.abs(real_weight(raw, raw.layer(name))).reshape(-1)
            except SpecError:
                continue
        if real:
            limits = grid.thresholds(np.concatenate(list(real.values())))
            units.append(Unit("weights", block.name, tuple(real), limits, raw))
    if not units:
        raise SpecError(f"{raw.source}: no layer has constant weights; search its activations")
    return tuple(units)


def activation_units(
    graph: Graph, outputs: Mapping[str, np.ndarray], grid: Grid
) -> tuple[Unit, ...]:
    """A unit a layer, but for those that give the model's output.

    Args:
        graph: the graph.
        outputs: tensor name -> values that were seen in it, for quantiles.
        grid: of thresholds.
    """
    units = []
    for layer in graph.layers:
        if layer.is_recurrent or layer.output in graph.outputs or layer.output not in outputs:
            continue
        seen = activation_threshold(graph, layer, 0.0)
        values = outputs[layer.output].astype(np.float32)
        magnitudes = np.abs(values - seen.zero) * np.float32(seen.scale)
        units.append(Unit("activations", layer.name, (layer.name,), grid.thresholds(magnitudes)))
    return tuple(units)


def thresholds_of(
    units: Sequence[Unit], chosen: Sequence[float], blocks: Mapping[str, Sequence[str]]
) -> Thresholds:
    """What was found, as a map file says it: each layer by its own name; zeros are left out.

    Args:
        units: of the search.
        chosen: a threshold for each.
        blocks: names of blocks and their patterns, kept in the file.
    """
    tables: dict[str, dict[str, float]] = {"weights": {}, "activations": {}}
    for unit, limit in zip(units, chosen, strict=True):
        if limit:
            tables[unit.kind].update(dict.fromkeys(unit.layers, limit))
    named = {name: tuple(patterns) for name, patterns in blocks.items()}
    return Thresholds(name="search", blocks=named, **tables)  # type: ignore[arg-type]
