"""What an emulation found: each layer against the float execution, and the model's outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sparsesim.intrinsic.formats import Formats
from sparsesim.intrinsic.layer import Counts
from sparsesim.result.model import Accuracy, OutputError
from sparsesim.spec.arithmetic import Arithmetic


@dataclass(frozen=True)
class LayerEmulation:
    """One layer over all images.

    Errors are those of the whole network at this layer: its output tensor, behind all that is
    fused, when every emulated layer before it is emulated too, against the engine's ordinary
    execution. Their unit is the output's: steps where that is quantised.

    Attributes:
        name, op: of the layer.
        where: the line of the file that chose its arithmetic; empty: it was not emulated.
        arithmetic, formats: as written, and as settled; None where not emulated.
        lane_bits: width of the numbers in which the emulation itself computes.
        outputs: elements of the output tensor.
        mean_error, max_error: of |emulated - ordinary|.
        mean_magnitude: of |ordinary|, for scale.
        counts: over all images; of constant weights once.
    """

    name: str
    op: str
    where: str
    arithmetic: Arithmetic | None
    formats: Formats | None
    lane_bits: int
    outputs: int
    mean_error: float
    max_error: float
    mean_magnitude: float
    counts: Counts | None


@dataclass(frozen=True)
class Emulation:
    """A graph emulated on images.

    Attributes:
        model, model_sha256, rewrites, inputs, inputs_sha256: what ran on what.
        random_inputs: the inputs were drawn, not given.
        images: in all runs; images_per_run: more than 1 where the model's batch is fixed.
        warnings: of the inputs, and of values that are no numbers.
        layers: all of the graph, in execution order.
        outputs: the largest |difference| of the model's outputs as a share of their range, and the
            share of images with the same top-1.
        accuracy: top-1 of the ordinary and of the emulated execution; None without labels.
    """

    model: str
    model_sha256: str
    rewrites: tuple[str, ...]
    inputs: str
    inputs_sha256: str
    random_inputs: bool
    images: int
    layers: tuple[LayerEmulation, ...]
    outputs: OutputError | None
    accuracy: Accuracy | None
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()


@dataclass
class ErrorTally:
    """Gathers a layer's errors and counts, image by image."""

    outputs: int = 0
    error: float = 0.0
    largest: float = 0.0
    magnitude: float = 0.0
    counts: list[Counts] = field(default_factory=list)

    def add(self, emulated: np.ndarray, ordinary: np.ndarray) -> None:
        """One image's output tensors; where both are the same infinity or NaN there is no error."""
        a, b = emulated.astype(np.float64), ordinary.astype(np.float64)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            apart = np.abs(a - b)
        apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
        self.outputs += apart.size
        self.error += float(apart.sum())
        self.largest = max(self.largest, float(apart.max(initial=0.0)))
        self.magnitude += float(np.abs(b).sum())

    def total(self, weights_are_constant: bool) -> Counts | None:
        """All counts added up."""
        if not self.counts:
            return None
        total = {
            key: sum(getattr(count, key) for count in self.counts) for key in vars(self.counts[0])
        }
        if weights_are_constant:
            last = self.counts[-1]
            total |= {"weights": last.weights, "saturated_weights": last.saturated_weights}
        return Counts(**total)
