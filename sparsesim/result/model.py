"""The result of an estimate: one flat record a layer, totals, and what produced them.

It holds numbers, not how they are shown. Counts are sums over all runs unless said.
"""

from __future__ import annotations

from collections import Counter

from pydantic import ConfigDict

from sparsesim.machines.product_shape import ProductShape, Runs
from sparsesim.result.record import Record
from sparsesim.result.resources import IsoResource as IsoResource
from sparsesim.result.resources import OnDevice as OnDevice
from sparsesim.result.resources import Resources as Resources
from sparsesim.spec.accelerator import Accelerator

SCHEMA = "sparsesim.result/2"


class Cycles(Record):
    """Cycles under one scheme.

    Attributes:
        compute: as if DRAM were free.
        memory: as if computing were free.
        total: with both, overlapped.
        stall: total - compute.
    """

    compute: int
    memory: int
    total: int
    stall: int


class DramBits(Record):
    """Bits over the DRAM port, by operand."""

    activation: int
    weight: int
    output: int


class DensityEstimate(Record):
    """What a model that knows only mean densities would have said.

    Attributes:
        compute: its compute cycles.
        error: (its compute - exact compute) / exact compute.
    """

    compute: float
    error: float


class Storage(Record):
    """Bits of a tensor; over all images for activations and weights that are computed.

    Attributes:
        dense: without compression.
        encoded: in the accelerator's format, the tensor (an image, a group) as one block.
        iid_bound: n H(p) + nnz log2(2^v - 1), the least for independent zeros of this density; a
            structured tensor may go below it.
    """

    dense: int
    encoded: int
    iid_bound: float


class Passes(Record):
    """How a layer was cut, for its first run and group.

    Attributes:
        count: passes over all images and groups.
        filters, positions, elements: of a full pass; elements of K.
        candidate: `A` (filters first) or `B` (positions first).
        order: `filters_outer` or `positions_outer`.
        reduction_cut: K was cut since not even one tile fits.
    """

    count: int
    filters: int
    positions: int
    elements: int
    candidate: str
    order: str
    reduction_cut: bool


class SchemeRecord(Record):
    """One layer, or all, under one scheme.

    Attributes:
        classes: multiplier slots by class; they sum to slots * compute cycles.
        utilisation: effectual MACs / slots.
        dram_bits: by operand; dense under a dense scheme, else in the accelerator's formats.
        energy_pj: by component; an ASIC table's, relative.
        density: what mean densities would have said.
        bound: what bounds the layer: a word of the machine's classes, or `dram`.
    """

    classes: dict[str, int]
    utilisation: float
    dram_bits: DramBits
    energy_pj: dict[str, float]
    density: DensityEstimate
    bound: str


class LayerRecord(Record):
    """One MAC layer.

    Attributes:
        groups: products of their own; of a recurrent layer every step is one.
        steps: time steps, in order, that share one weight; 1: none do.
        macs: padding included; inserted zeros of a transposed convolution not.
        padding_macs: those whose activation is padding.
        weight_sparsity, activation_sparsity, output_sparsity: zeros / elements, of the weight, of
            the input, of the tensor behind the fused activation.
        activation_is_float, weight_is_float: priced and run as if quantised to 8 bits.
    """

    name: str
    op: str
    block: str
    fused: tuple[str, ...]
    groups: int
    filters: int
    positions: int
    reduction: int
    macs: int
    padding_macs: int
    effectual_macs: int
    weight_sparsity: float
    activation_sparsity: float
    output_sparsity: float
    activation_is_float: bool
    weight_is_float: bool
    activation_value_bits: int
    weight_value_bits: int
    cycles: dict[str, Cycles]
    schemes: dict[str, SchemeRecord]
    passes: Passes
    weight_storage: Storage
    activation_storage: Storage
    steps: int = 1


class Totals(Record):
    """All layers together; operands that are computed are no weights here."""

    macs: int
    padding_macs: int
    effectual_macs: int
    weight_sparsity: float
    activation_sparsity: float
    cycles: dict[str, Cycles]
    schemes: dict[str, SchemeRecord]
    weight_storage: Storage


class BlockRecord(Record):
    """A named group of layers (eqs. 3 to 5 of Loroch et al. 2018).

    Attributes:
        activation_sparsity: of the tensor that leaves the block, nothing else.
        total_cycles: by scheme.
    """

    name: str
    layers: tuple[str, ...]
    weight_sparsity: float
    activation_sparsity: float
    total_cycles: dict[str, int]


class Interval(Record):
    """A percentile bootstrap interval over images."""

    low: float
    high: float
    level: float
    resamples: int
    seed: int


class ImageStatistics(Record):
    """Total cycles an image under one scheme; of several in a run each has its share."""

    mean: float
    p50: float
    p95: float
    p99: float
    worst: float
    worst_image: int


class PerImage(Record):
    """Of each run, or of those that lie side by side on the array: how many images it has, and its
    total and compute cycles by scheme."""

    images: tuple[int, ...]
    total: dict[str, tuple[int, ...]]
    compute: dict[str, tuple[int, ...]]


class Host(Record):
    """What ran outside the modelled array; it is not in the cycles.

    Attributes:
        operators: ONNX operator -> nodes.
        macs: node -> MACs of one run, of those that multiply and accumulate; -1 where unknown.
        reasons: node -> why a MAC node was no layer.
        mac_coverage: share of the model's MACs that ran on the array.
        mac_coverage_is_bound: some MACs are unknown: at most `mac_coverage` ran there, the share of
            the known ones, rounded down and below 1.
    """

    operators: dict[str, int]
    macs: dict[str, int]
    reasons: dict[str, str]
    mac_coverage: float
    mac_coverage_is_bound: bool = False


class OutputError(Record):
    """Outputs against the model as loaded.

    Attributes:
        mean, worst: over images, the largest |difference| as a share of the output's range.
        top1_agreement: share of images with the same largest output; None where the first output
            is no vector of classes.
    """

    mean: float
    worst: float
    top1_agreement: float | None


class Accuracy(Record):
    """Top-1 on the labelled images, before (the model as loaded) and after its rewrites."""

    images: int
    top1_before: float
    top1_after: float


class Model(Record):
    """The network: its file, and what was done to it since loading."""

    source: str
    sha256: str
    rewrites: tuple[str, ...]


class Inputs(Record):
    """What was fed.

    Attributes:
        runs: executions of the model.
        images_per_run: more than 1 where the model's batch is fixed.
    """

    source: str
    sha256: str
    random: bool
    runs: int
    images_per_run: int


class Memory(Record):
    """Beside the traffic: the most bits of activations that live at once, and where."""

    peak_live_bits: int
    peak_live_tensors: tuple[str, ...]


class Provenance(Record):
    """What produced the result."""

    model_sha256: str
    inputs_sha256: str
    accelerator_sha256: str
    device_sha256: str
    versions: dict[str, str]
    seed: int


class Result(Record):
    """An estimate.

    Attributes:
        accelerator: with its machine's array.
        speedup, speedup_interval: by scheme, against the machine's dense scheme on the same array;
            empty where it has none.
        on_device: what it takes of the device; None where the family of the device was never
            synthesised (a warning says so), or the result is of a version that did not say.
        images: by scheme, over all images.
        iso_resource: against the best dense array of equal resources; None where it was not asked
            for, no dense array fits, or the resources are not known, as `on_device` is None.
    """

    schema_: str = SCHEMA
    model: Model
    inputs: Inputs
    accelerator: Accelerator
    device: dict[str, str | int | float | None]
    dram_bits_per_cycle: float
    layers: tuple[LayerRecord, ...]
    totals: Totals
    blocks: tuple[BlockRecord, ...]
    speedup: dict[str, float]
    speedup_interval: dict[str, Interval | None]
    on_device: OnDevice | None = None
    iso_resource: IsoResource | None = None
    images: dict[str, ImageStatistics]
    per_image: PerImage
    host: Host
    memory: Memory
    output_error: OutputError | None
    accuracy: Accuracy | None
    energy_table: dict[str, str]
    warnings: tuple[str, ...]
    provenance: Provenance

    @property
    def schemes(self) -> tuple[str, ...]:
        """The machine's schemes, in its order."""
        return self.accelerator.rules.scheme_names

    @property
    def baseline(self) -> str | None:
        """The scheme that speedups are against; None: none is beside a dense one."""
        scheme = self.accelerator.rules.yardstick
        return None if scheme is None else scheme.name

    def runs(self, layer: LayerRecord) -> Runs:
        """How many runs of each shape a layer has, several side by side being one."""
        groups, filters, reduction = layer.groups, layer.filters, layer.reduction
        return {
            ProductShape(groups, filters, side_by_side * layer.positions, reduction): times
            for side_by_side, times in Counter(self.run_groups).items()
        }

    @property
    def run_groups(self) -> tuple[int, ...]:
        """Runs that lie side by side on the array, for each entry of `per_image`."""
        return tuple(n // self.inputs.images_per_run for n in self.per_image.images)

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        serialize_by_alias=True,
        validate_by_name=True,
        alias_generator=lambda name: "schema" if name == "schema_" else name,
    )
