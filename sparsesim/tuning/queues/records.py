"""What the study of queue depths finds: by layer, and over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LayerQueues:
    """One layer; depths as the machine counts them, None: more than an accelerator may have.

    Attributes:
        name, op: of the layer.
        pass_windows: of its longest pass, or what else the machine's queues hold; queues as deep as
            that are never full.
        compute_cycles, total_cycles: of all images, with unbounded queues.
        depth: the smallest within the loss, in total cycles of all images.
        compute_depth: the same in compute cycles.
        median_depth, worst_depth: over the images, each by its own total cycles.
    """

    name: str
    op: str
    pass_windows: int
    compute_cycles: int
    total_cycles: int
    depth: int | None
    compute_depth: int | None
    median_depth: int | None
    worst_depth: int | None


@dataclass(frozen=True)
class DepthPoint:
    """The network with the same queues in all layers; the last point has unbounded ones.

    Attributes:
        depth: as the machine counts it; None: unbounded.
        compute_cycles, total_cycles: of all images.
        loss: total cycles over those of unbounded queues, less 1.
        worst_loss: the same of the image that loses most.
        lut, ff: of the whole accelerator; None: a family without prices, or unbounded.
    """

    depth: int | None
    compute_cycles: int
    total_cycles: int
    loss: float
    worst_loss: float
    lut: int | None
    ff: int | None


@dataclass(frozen=True)
class Queues:
    """What a network asks of an accelerator's queues.

    Attributes:
        model, model_sha256, rewrites, inputs, inputs_sha256, random_inputs: where it is from.
        images: that were counted; images_per_run: of them.
        warnings: of the inputs, and of values that are no numbers.
        accelerator, device: as JSON has them.
        scheme: the accelerator's own, under which all is counted.
        loss: allowed, a share.
        depth: the smallest for all layers within the loss; None: more than an accelerator may have.
        unbounded_windows: as deep as the unbounded queues are, where a pass fills deeper ones;
            None: they are never full.
        layers: in execution order, those without work left out.
        curve: by depth, the least, 2, 3, 4, 6, 8, 12 and so on until deeper ones save nothing; also
            the depth that was found, and the accelerator's own.
    """

    model: str
    model_sha256: str
    rewrites: tuple[str, ...]
    inputs: str
    inputs_sha256: str
    random_inputs: bool
    images: int
    accelerator: Mapping[str, Any]
    device: Mapping[str, Any]
    scheme: str
    loss: float
    depth: int | None
    unbounded_windows: int | None
    layers: tuple[LayerQueues, ...]
    curve: tuple[DepthPoint, ...]
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()

    def point(self, depth: int | None) -> DepthPoint:
        """The curve at a depth that it has; None: unbounded."""
        return next(point for point in self.curve if point.depth == depth)
