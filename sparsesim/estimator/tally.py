"""Gathering the runs of all images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sparsesim.estimator.layer_run import LayerRun
from sparsesim.estimator.setting import Setting
from sparsesim.estimator.sums import Sums
from sparsesim.formats import iid_bound_bits
from sparsesim.lowering.bits import ones
from sparsesim.memory import ValueBits, value_bits_of
from sparsesim.trace import ImageTrace, Trace, TraceLayer
from sparsesim.trace.clipping import Clipped


@dataclass(eq=False)
class LayerTally:
    """One layer over all runs so far.

    Attributes:
        sums: its numbers.
        images: how many.
        activation_bound, weight_bound: the least bits of independent zeros of these densities.
        weight_storage, weight_nonzeros: of a constant weight once; of a computed one over images.
        first: its first run, which shows how it is cut.
    """

    sums: Sums = field(default_factory=Sums)
    images: int = 0
    activation_bound: float = 0.0
    weight_storage: int = 0
    weight_bound: float = 0.0
    weight_nonzeros: int = 0
    first: LayerRun | None = None

    def add(self, run: LayerRun, layer: TraceLayer, images: int, widths: ValueBits) -> None:
        """Take a run over so many images into account; priced at these widths."""
        self.sums += run.sums
        self.images += images
        elements = layer.geometry.activation_elements * images
        self.activation_bound += iid_bound_bits(
            elements, run.sums.activation_nonzeros, widths.activation
        )
        if not (self.first and layer.weight_is_constant):  # a computed one is stored each time
            self.weight_storage += run.weight_storage
            self.weight_nonzeros += run.weight_nonzeros
            self.weight_bound += iid_bound_bits(
                layer.weight_elements, run.weight_nonzeros, widths.weight
            )
        self.first = self.first or run

    def weight_density(self, layer: TraceLayer) -> float:
        """Effectual share of the weight operand, over all images where it is computed."""
        times = 1 if layer.weight_is_constant else self.images
        elements = layer.weight_elements * times
        return self.weight_nonzeros / elements if elements else 1.0


class Tally:
    """Everything gathered over the images.

    Attributes:
        totals, computes: by scheme, total and compute cycles of each group of images.
    """

    def __init__(self, trace: Trace, on: Setting) -> None:
        self.trace, self.on = trace, on
        self.widths = [value_bits_of(trace, layer, on.accelerator) for layer in trace.layers]
        self.layers = [LayerTally() for _ in trace.layers]
        self.groups: list[int] = []  # runs side by side, of each group
        names = [scheme.name for scheme in on.schemes]
        self.totals: dict[str, list[int]] = {name: [] for name in names}
        self.computes: dict[str, list[int]] = {name: [] for name in names}
        self.leaving = dict.fromkeys(trace.leaving, 0)
        self.not_finite: list[Mapping[str, int]] = []
        self.clipped: list[Mapping[str, Clipped]] = []

    @property
    def runs(self) -> int:
        """Runs of the model so far."""
        return sum(self.groups)

    def add(self, group: list[ImageTrace], runs: list[list[LayerRun]]) -> None:
        """Take a group of images into account; for each layer one run, or one an image."""
        of_layers = zip(self.trace.layers, self.layers, self.widths, runs, strict=True)
        for layer, tally, widths, parts in of_layers:
            for run in parts:
                tally.add(run, layer, len(group) // len(parts), widths)
        for name in self.totals:
            sums = [run.sums.schemes[name] for parts in runs for run in parts]
            self.totals[name].append(sum(one.total for one in sums))
            self.computes[name].append(sum(one.compute for one in sums))
        self.groups.append(len(group))
        self.not_finite += [image.not_finite for image in group]
        self.clipped += [image.clipped for image in group]
        for block, key in self.trace.leaving.items():
            self.leaving[block] += sum(ones(image.bits[key]) for image in group)
