"""Break-even densities: below which a skipping scheme beats a dense array in its resources.

For each layer and scheme the real masks are thinned or filled at random, exact total cycles (DRAM
included, passes cut anew) are counted at each density that is tried, and the densities are halved
down to a step of 1/256. The rival is the dense array that is fastest for the whole network in the
LUTs, DSPs and block RAM of the accelerator with that scheme, on this layer, at its own clock.

Source: docs/model.md, "Break-even densities".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.area import estimate as area
from sparsesim.area.dense import total_cycles
from sparsesim.area.iso import iso_resource
from sparsesim.area.rivalry import dense_accelerator
from sparsesim.area.work import dense_work
from sparsesim.engine.threads import each
from sparsesim.errors import InputError, ModelError, SpecError
from sparsesim.estimator.batches import batches, joined, joined_bits
from sparsesim.estimator.count import count, timed
from sparsesim.estimator.estimating import estimate
from sparsesim.estimator.operands import lower
from sparsesim.estimator.prepare import prepare
from sparsesim.estimator.setting import setting
from sparsesim.estimator.thinning import Thinning, thinning
from sparsesim.inputs.feed import count_images
from sparsesim.lowering import Geometry
from sparsesim.machines.scheme import OPERANDS
from sparsesim.memory import value_bits_of
from sparsesim.result import Result
from sparsesim.result.model import IsoResource
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.synth.families import family_of
from sparsesim.trace import ImageTrace, Trace, TraceLayer
from sparsesim.trace.doubtful_values import doubt_warnings
from sparsesim.trace.trace import Source

STEPS = 256


@dataclass(frozen=True)
class Rival:
    """The dense array that a scheme is held against; its machine's parameters as JSON has them."""

    machine: str
    array: Mapping[str, Any]
    clock_mhz: float
    clock_source: str


@dataclass(frozen=True)
class BreakEven:
    """One layer under one scheme.

    Attributes:
        density: the highest density, in steps of 1/256, at which it is faster than the dense
            array; 1: always; None: never, not even where nothing is left to multiply.
        pays: whether it is faster with the layer's real masks.
        speedup: with them, over the dense array, in time.
        cycles, dense_cycles: total, of the images, with the real masks; each at its own clock.
    """

    density: float | None
    pays: bool
    speedup: float
    cycles: int
    dense_cycles: int


@dataclass(frozen=True)
class LayerBreakEven:
    """One layer.

    Attributes:
        name, op: of the layer.
        activation_density, weight_density: measured, of the operands as stored.
        schemes: by scheme.
    """

    name: str
    op: str
    activation_density: float
    weight_density: float
    schemes: Mapping[str, BreakEven]


@dataclass(frozen=True)
class BreakEvens:
    """All layers of a network.

    Attributes:
        model, model_sha256, rewrites, inputs, inputs_sha256, random_inputs: where it is from.
        images: that were counted, the first ones; images_per_run: of them.
        warnings: of the inputs, and of values that are no numbers.
        seed: of the thinning.
        steps: densities are multiples of 1 / steps.
        accelerator, device: as JSON has them.
        family: of parts, which prices both sides.
        rivals: by scheme.
        layers: in execution order, those without work left out.
    """

    model: str
    model_sha256: str
    rewrites: tuple[str, ...]
    inputs: str
    inputs_sha256: str
    random_inputs: bool
    images: int
    seed: int
    steps: int
    accelerator: Mapping[str, Any]
    device: Mapping[str, Any]
    family: str
    rivals: Mapping[str, Rival]
    layers: tuple[LayerBreakEven, ...]
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()


def break_even(
    trace: Trace,
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
    *,
    images: int | None = None,
    seed: int = 0,
    progress: Callable[[int], Any] | None = None,
) -> BreakEvens:
    """The break-even density of each layer under each skipping scheme.

    Args:
        trace: of `execute`, or loaded.
        accelerator: default: all its defaults; its own scheme does not matter.
        device: prices both sides, and gives the DRAM bandwidth; default: XCZU9EG on the ZCU102.
        images: how many of the trace's first images are counted, in whole runs; each costs up to
            30 estimates. None: those of one run.
        seed: of the thinning.
        progress: called with the number of layers done.
    Raises:
        SpecError: a number out of range, a device whose parts have no prices, a machine that skips
            nothing or whose area is not known, a layer that does not fit the buffers.
        InputError: more images than the trace has.
        ModelError: no work, or no dense array that fits.
    """
    accelerator, device = resolve(accelerator, device)
    if seed < 0:
        raise SpecError(f"seed {seed} is out of range; use 0 and up")
    if not accelerator.rules.skips_zeros:
        raise SpecError(f"machine '{accelerator.machine}' skips no zeros: nothing can break even")
    source = first_runs(trace.source, images)
    family = family_of(device).name
    if area(accelerator, family) is None:
        raise SpecError(
            f"the area of machine '{accelerator.machine}' is not known: there are no equal "
            "resources to compare in"
        )
    trace = replace(trace, images=tuple(islice(trace.images, source.runs)), source=source)
    result = estimate(trace, accelerator, device)
    found = {
        one.name: iso_resource(trace, result, accelerator.with_(skipping=one.name), device, family)
        for one in accelerator.rules.schemes
        if not one.is_dense
    }
    rivals = {scheme: _rival(trace, one) for scheme, one in found.items()}
    search = _Search(trace, result, accelerator, device, rivals, seed)
    layers = []
    for number, layer in enumerate(trace.layers):
        if layer.geometry.has_work:
            layers.append(search.layer(number, layer))
        if progress is not None:
            progress(number + 1)
    return BreakEvens(
        **source.provenance,
        warnings=(*source.warnings, *doubt_warnings(trace.images)),
        seed=seed,
        steps=STEPS,
        accelerator=accelerator.model_dump(mode="json"),
        device=device.model_dump(mode="json"),
        family=family,
        rivals=rivals,
        layers=tuple(layers),
    )


def first_runs(source: Source, images: int | None) -> Source:
    """A source cut to its first runs.

    Args:
        source: of a trace.
        images: that the runs hold, at most; None: those of one run.
    Raises:
        InputError: more than there are, or fewer than one run has.
    """
    size = source.images_per_run
    wanted = size if images is None else images
    if not size <= wanted <= source.images:
        raise InputError(f"images {images} is out of range; use {size} to {source.images}")
    share = count_images(source.images, size, wanted, source.inputs)
    return replace(source, runs=share.runs, warnings=(*source.warnings, *share.warnings))


def highest(pays: Callable[[int], bool]) -> int | None:
    """The highest of 0 to STEPS that pays, by halving; None: not even 0 does.

    Args:
        pays: true up to some step, and false behind it.
    """
    if pays(STEPS):
        return STEPS
    if not pays(0):
        return None
    low, high = 0, STEPS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return low


def ones_at(step: int, elements: int) -> int:
    """Ones of a mask of so many elements at density step / STEPS, rounded half up."""
    return (step * elements + STEPS // 2) // STEPS


def _rival(trace: Trace, found: IsoResource | None) -> Rival:
    if found is None:
        raise ModelError(f"{trace.source.model}: no work to compare, or no dense array fits")
    array = found.array.model_dump(mode="json")
    return Rival(found.machine, array, found.clock_mhz, found.clock_source)


@dataclass(frozen=True, eq=False)
class _Run:
    """One run of a layer: real bits, and the orders in which their elements become ones."""

    layer: TraceLayer
    bits: tuple[np.ndarray, np.ndarray, np.ndarray]  # activation, weight, output
    orders: tuple[Thinning, Thinning]

    @property
    def geometry(self) -> Geometry:
        return self.layer.geometry

    def masks(self, step: int, thinned: frozenset[str]) -> list[np.ndarray]:
        """Packed activations and weights with the operands in `thinned` at a density."""
        sizes = self.geometry.activation_elements, self.geometry.weight_elements
        return [
            order.at(ones_at(step, size)) if role in thinned else bits
            for role, order, size, bits in zip(
                OPERANDS, self.orders, sizes, self.bits[:2], strict=True
            )
        ]


@dataclass
class _Search:
    trace: Trace
    result: Result
    accelerator: Accelerator
    device: Device
    rivals: Mapping[str, Rival]
    seed: int

    def __post_init__(self) -> None:
        self.on = {name: setting(self.accelerator, self.device, name) for name in self.rivals}
        self.groups = list(batches(self.trace.images, self.accelerator.batch))
        self.records = {record.name: record for record in self.result.layers}

    def layer(self, number: int, layer: TraceLayer) -> LayerBreakEven:
        """All schemes of one layer, side by side."""
        runs = self._runs(number, layer)
        record = self.records[layer.name]
        found = each(self._scheme, [(scheme, layer, runs) for scheme in self.rivals])
        return LayerBreakEven(
            name=layer.name,
            op=layer.op,
            activation_density=1 - record.activation_sparsity,
            weight_density=1 - record.weight_sparsity,
            schemes=dict(zip(self.rivals, found, strict=True)),
        )

    def _runs(self, number: int, layer: TraceLayer) -> list[_Run]:
        runs: list[_Run] = []
        for group in self.groups:
            parts = [group] if layer.takes_images else [[image] for image in group]
            runs += [self._run((self.seed, number, len(runs) + i), layer, part)
                     for i, part in enumerate(parts)]  # fmt: skip
        return runs

    def _run(self, seed: Sequence[int], layer: TraceLayer, images: list[ImageTrace]) -> _Run:
        whole = joined(layer, images)
        constant = layer.weight_is_constant
        weight = self.trace.weights[layer.weight] if constant else images[0].bits[layer.weight]
        activation = joined_bits(layer.activation, self.trace, images, layer)
        output = joined_bits(layer.output, self.trace, images, layer)
        geometry = whole.geometry
        # A constant weight is thinned alike in all images.
        of_weight = [*seed[:2], 0 if constant else seed[2], 1]
        orders = (
            thinning(activation, geometry.activation_elements, np.random.default_rng([*seed, 0])),
            thinning(weight, geometry.weight_elements, np.random.default_rng(of_weight)),
        )
        return _Run(whole, (activation, weight, output), orders)

    def _scheme(self, scheme: str, layer: TraceLayer, runs: Sequence[_Run]) -> BreakEven:
        rival = self.rivals[scheme]
        dense = dense_accelerator(self.accelerator, rival.machine, rival.array, rival.clock_mhz)
        alone = replace(self.trace, layers=(layer,))
        work = dense_work(alone, self.accelerator, self.result.run_groups)
        dense_cycles = total_cycles(work, dense, self.device) or 0
        ratio = rival.clock_mhz / self.accelerator.clock_mhz

        def pays(step: int) -> bool:
            return self._cycles(scheme, runs, step) * ratio < dense_cycles

        step = highest(pays)
        cycles = self.records[layer.name].cycles[scheme].total
        return BreakEven(
            density=None if step is None else step / STEPS,
            pays=cycles * ratio < dense_cycles,
            speedup=dense_cycles / (cycles * ratio),
            cycles=cycles,
            dense_cycles=dense_cycles,
        )

    def _cycles(self, scheme: str, runs: Sequence[_Run], step: int) -> int:
        """Total cycles of a layer under a scheme, its operands at a density."""
        on = self.on[scheme]
        (counted_as,) = on.schemes
        total = 0
        for run in runs:
            activation, weight = run.masks(step, counted_as.skips)
            operands = lower(run.geometry, activation, weight, run.bits[2])
            if not operands.geometry.has_work:
                continue
            widths = value_bits_of(self.trace, run.layer, self.accelerator)
            prepared = prepare(run.layer.name, operands, widths, on)
            counted = count(prepared, counted_as, on)
            total += timed(prepared, counted, counted_as, on).total_cycles
        return total
