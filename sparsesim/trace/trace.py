"""The trace: which elements of each operand are effectual, for each image. It knows no hardware.

A network is executed once for a set of inputs and thresholds; estimates only re-read these bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.graph.host_work import HostWork
from sparsesim.lowering import Geometry
from sparsesim.trace.clipping import Clipped
from sparsesim.trace.saturation import Saturation

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs


@dataclass(frozen=True)
class TraceTensor:
    """A tensor as the trace keeps it.

    Attributes:
        elements: of one run.
        value_bits: width of its ONNX type; 8 for a float tensor, which `is_float` tells.
        operand_bits: signed width that holds any of its values with the zero point subtracted;
            0 for floats, which must be quantised first.
    """

    elements: int
    value_bits: int
    is_float: bool
    operand_bits: int


@dataclass(frozen=True)
class TraceLayer:
    """A MAC layer as executed.

    Attributes:
        name, op, block: as in the graph.
        geometry: its lowering for one run.
        activation, weight, output: keys into bits and tensors.
        weight_is_constant: else its bits are in each image.
        fused: operators that were fused behind it.
        weight_groups: of a constant weight that is repeated along a batch, the groups that hold it
            once; empty: all groups hold weights of their own.
        tied_to: the first weight that is stored as the same elements; empty: its own.
    """

    name: str
    op: str
    block: str
    geometry: Geometry
    activation: str
    weight: str
    output: str
    weight_is_constant: bool
    fused: tuple[str, ...]
    weight_groups: tuple[int, ...] = ()
    tied_to: str = ""

    @property
    def weight_tensor(self) -> str:
        """The tensor that stores the weight: layers that share it share a weight."""
        return self.tied_to or self.weight.removesuffix(f"|{self.name}")

    @property
    def takes_images(self) -> bool:
        """Whether runs can lie side by side: one weight for all, and no batch index."""
        return self.weight_is_constant and self.geometry.takes_images

    @property
    def weight_elements(self) -> int:
        """Elements of the weight as stored: one that is repeated along a batch is there once."""
        groups = len(self.weight_groups) or self.geometry.weight_sets
        return groups * self.geometry.filters * self.geometry.reduction


@dataclass(frozen=True)
class Lifetime:
    """An activation tensor's life: from the step that makes it to the last that reads it.

    Attributes:
        tensor: its name.
        elements: how many. value_bits: of each.
        first, last: steps, both included, first <= last.
    """

    tensor: str
    elements: int
    value_bits: int
    first: int
    last: int

    @property
    def bits(self) -> int:
        """Of all elements."""
        return self.elements * self.value_bits


@dataclass(frozen=True)
class ImageTrace:
    """One run: an image, or as many as the model's batch is fixed to.

    Attributes:
        bits: packed effectual bits by tensor key, uint64 with one spare word.
        outputs: the model's outputs.
        reference: those of the model as loaded, where the graph was rewritten; else empty.
        label: the image's class, or -1.
        values: operands by tensor key, where they were asked for.
        not_finite: `layer NAME` or `output NAME` -> how many values of what it gives are NaN or
            infinity, in the order of execution; those without any are left out.
        clipped: input -> what a quantised model clips of it.
        labels: classes of its images, where it has several.
    """

    bits: Mapping[str, np.ndarray]
    outputs: tuple[np.ndarray, ...]
    reference: tuple[np.ndarray, ...] = ()
    label: int = -1
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    not_finite: Mapping[str, int] = field(default_factory=dict)
    clipped: Mapping[str, Clipped] = field(default_factory=dict)
    labels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where a trace came from.

    Attributes:
        model, inputs: as the user named them; the sha256 beside each, hex.
        random_inputs: the inputs were drawn, not given.
        rewrites: what was done to the model since it was loaded.
        runs: executions of the model.
        images_per_run: more than 1 where the model's batch is fixed.
        warnings: what every report must say of the inputs.
    """

    model: str
    model_sha256: str
    inputs: str
    inputs_sha256: str
    random_inputs: bool
    rewrites: tuple[str, ...]
    runs: int
    images_per_run: int
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, graph: Graph, inputs: Inputs) -> Source:
        """That of a graph that runs on these inputs."""
        return cls(
            model=graph.source,
            model_sha256=graph.sha256,
            inputs=inputs.source,
            inputs_sha256=inputs.sha256,
            random_inputs=inputs.random,
            rewrites=graph.rewrites,
            runs=inputs.count,
            images_per_run=inputs.images_per_run,
            warnings=inputs.warnings,
        )

    @property
    def images(self) -> int:
        """In all runs."""
        return self.runs * self.images_per_run

    @property
    def provenance(self) -> dict[str, Any]:
        """What every record of a study says of it, by name; warnings aside, which it adds to."""
        return {
            "model": self.model,
            "model_sha256": self.model_sha256,
            "rewrites": self.rewrites,
            "inputs": self.inputs,
            "inputs_sha256": self.inputs_sha256,
            "random_inputs": self.random_inputs,
            "images": self.images,
            "images_per_run": self.images_per_run,
        }


@dataclass(frozen=True)
class Trace:
    """All that execution leaves behind.

    Attributes:
        layers: in execution order.
        tensors: what `bits` keys stand for.
        weights: packed bits of constant weights by key.
        blocks: name -> names of its layers.
        leaving: name of a block -> key of the tensor that leaves it.
        live: lives of activation tensors, for their peak.
        host: what ran on the host.
        source: where it came from.
        images: the runs; may be lazy, and may be gone through more than once.
        saturation: products that ONNX Runtime does not compute exactly on the processor that
            executed; None where there are none.
    """

    layers: tuple[TraceLayer, ...]
    tensors: Mapping[str, TraceTensor]
    weights: Mapping[str, np.ndarray]
    blocks: Mapping[str, tuple[str, ...]]
    leaving: Mapping[str, str]
    live: tuple[Lifetime, ...]
    host: HostWork
    source: Source
    images: Iterable[ImageTrace]
    saturation: Saturation | None = None
