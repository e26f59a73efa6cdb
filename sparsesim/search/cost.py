"""What thresholds cost on the modelled accelerator: cycles on a few images, exactly counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sparsesim.estimator import estimate
from sparsesim.graph import Graph, load
from sparsesim.graph.names import block_of
from sparsesim.graph.save import to_model
from sparsesim.inputs import Inputs
from sparsesim.sparsity import sparsify
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.thresholds import Thresholds
from sparsesim.trace.doubtful_values import Noted
from sparsesim.trace.execute import execute


@dataclass(frozen=True)
class Cycles:
    """Total cycles an image, memory included.

    Attributes:
        total: scheme -> mean over the images.
        blocks: block name -> the same of its layers.
        warnings: of values that are no numbers, and of inputs that are clipped.
    """

    total: Mapping[str, float]
    blocks: Mapping[str, Mapping[str, float]]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Cost:
    """Prices thresholds on one accelerator.

    Attributes:
        graph: that they apply to.
        raw: whose weights their weight thresholds are for.
        inputs: a few images.
        accelerator, device: the machine.
    """

    graph: Graph
    raw: Graph
    inputs: Inputs
    accelerator: Accelerator
    device: Device

    def of(self, thresholds: Thresholds, blocks: Mapping[str, Sequence[str]]) -> Cycles:
        """Cycles under thresholds.

        Args:
            thresholds: of layers of the graph.
            blocks: block name -> its layers; others form their default blocks.
        """
        graph = applied(self.graph, self.raw, thresholds)
        trace = execute(graph, self.inputs, lazy=True)
        noted = Noted(trace.images)
        result = estimate(replace(trace, images=noted), self.accelerator, self.device)
        home = {layer: name for name, layers in blocks.items() for layer in layers}
        images = self.inputs.images
        table: dict[str, dict[str, float]] = {}
        for layer in result.layers:
            row = table.setdefault(
                home.get(layer.name, block_of(layer.name)), dict.fromkeys(result.schemes, 0.0)
            )
            for scheme in result.schemes:
                row[scheme] += layer.cycles[scheme].total / images
        total = {scheme: result.totals.cycles[scheme].total / images for scheme in result.schemes}
        return Cycles(total, table, noted.warnings())


def applied(graph: Graph, raw: Graph, thresholds: Thresholds) -> Graph:
    """A graph with thresholds, those of weights being for `raw`'s.

    Args:
        graph: the model as it runs.
        raw: itself, or the same model before batch normalisation was folded into its weights; the
            result is folded then.
        thresholds: of both.
    """
    if raw is graph:
        return sparsify(graph, thresholds)
    folded = load(to_model(sparsify(raw, thresholds.with_(activations={}))))
    return sparsify(folded, thresholds.with_(weights={}))
