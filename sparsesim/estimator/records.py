"""From the numbers of all runs to a `Result`."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from sparsesim.datapath import CLASSES, SCHEMES
from sparsesim.estimator.bound import bound_of
from sparsesim.estimator.density import density_cycles
from sparsesim.estimator.layer_run import LayerRun
from sparsesim.estimator.outputs import OutputTally
from sparsesim.estimator.statistics import image_statistics, speedup_interval
from sparsesim.formats import iid_bound_bits
from sparsesim.lowering.bits import ones
from sparsesim.memory import Lifetime, peak_live
from sparsesim.result import model
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.spec.energy import DEFAULT_ENERGY_TABLE, EnergyCounts, EnergyTable, energy_pj
from sparsesim.trace import ImageTrace, Trace, TraceLayer


@dataclass(eq=False)
class LayerTally:
    """Sums of one layer over all runs; see `LayerRun`."""

    compute: np.ndarray
    memory: np.ndarray
    total: np.ndarray
    classes: np.ndarray
    effectual: int
    multiplied: np.ndarray
    dram: np.ndarray
    fed: np.ndarray
    activation_storage: int
    activation_bound: float
    weight_storage: int
    weight_bound: float
    nonzeros: np.ndarray
    images: int
    drains: int
    tiles: int
    passes: int
    lowered_nonzeros: int
    first: LayerRun | None

    @classmethod
    def empty(cls) -> LayerTally:
        """Before any run."""
        four = [np.zeros(len(SCHEMES), dtype=np.int64) for _ in range(4)]
        return cls(
            compute=four[0],
            memory=four[1],
            total=four[2],
            classes=np.zeros((len(SCHEMES), len(CLASSES)), dtype=np.int64),
            effectual=0,
            multiplied=four[3],
            dram=np.zeros((len(SCHEMES), 3), dtype=np.int64),
            fed=np.zeros(2, dtype=np.int64),
            activation_storage=0,
            activation_bound=0.0,
            weight_storage=0,
            weight_bound=0.0,
            nonzeros=np.zeros(3, dtype=np.int64),
            images=0,
            drains=0,
            tiles=0,
            passes=0,
            lowered_nonzeros=0,
            first=None,
        )

    def add(self, run: LayerRun, layer: TraceLayer, images: int, widths: list[int]) -> None:
        """Take a run over so many images into account; widths as `_widths` gives."""
        self.compute += run.compute
        self.memory += run.memory
        self.total += run.total
        self.classes += run.classes
        self.effectual += run.effectual
        self.multiplied += run.multiplied
        self.dram += run.dram
        self.fed += run.fed
        self.activation_storage += run.activation_storage
        elements = layer.geometry.activation_elements * images
        self.activation_bound += iid_bound_bits(elements, int(run.nonzeros[0]), widths[0])
        if not (self.first and layer.weight_is_constant):  # a computed one is stored each time
            self.weight_storage += run.weight_storage
            self.weight_bound += iid_bound_bits(
                layer.geometry.weight_elements, int(run.nonzeros[1]), widths[1]
            )
        self.nonzeros[0] += run.nonzeros[0]
        self.nonzeros[1] += run.nonzeros[1] * (images if layer.weight_is_constant else 1)
        self.nonzeros[2] += run.nonzeros[2]
        self.images += images
        self.drains += run.drains
        self.tiles += run.tiles
        self.passes += len(run.plan.group)
        self.lowered_nonzeros += run.lowered_nonzeros
        self.first = self.first or run


class Tally:
    """Everything gathered over the images."""

    def __init__(self, trace: Trace, accelerator: Accelerator) -> None:
        self.trace = trace
        self.widths = [_widths(trace, layer, accelerator) for layer in trace.layers]
        self.layers = [LayerTally.empty() for _ in trace.layers]
        self.run_images: list[int] = []
        self.run_total: list[np.ndarray] = []
        self.run_compute: list[np.ndarray] = []
        self.leaving = dict.fromkeys(trace.leaving, 0)

    @property
    def images(self) -> int:
        """Images (or fixed batches) so far."""
        return sum(self.run_images)

    def add(self, group: list[ImageTrace], runs: list[list[LayerRun]]) -> None:
        """Take a group of images into account; for each layer one run, or one an image."""
        zeros = np.zeros(len(SCHEMES), dtype=np.int64)
        total, compute = zeros.copy(), zeros.copy()
        of_layers = zip(self.trace.layers, self.layers, self.widths, runs, strict=True)
        for layer, tally, widths, parts in of_layers:
            for run in parts:
                tally.add(run, layer, len(group) // len(parts), widths)
                total += run.total
                compute += run.compute
        self.run_images.append(len(group))
        self.run_total.append(total)
        self.run_compute.append(compute)
        for block, key in self.trace.leaving.items():
            self.leaving[block] += sum(ones(image.bits[key]) for image in group)


def assemble(
    trace: Trace,
    accelerator: Accelerator,
    device: Device,
    tally: Tally,
    outputs: OutputTally,
    seed: int,
) -> model.Result:
    """The result of all runs."""
    table = EnergyTable.named(DEFAULT_ENERGY_TABLE)
    layers = tuple(
        _layer(trace, layer, sums, accelerator, table)
        for layer, sums in zip(trace.layers, tally.layers, strict=True)
    )
    totals = _totals(trace, layers, accelerator)
    per_run = np.array(tally.run_total, dtype=np.int64).reshape(-1, len(SCHEMES))
    per_compute = np.array(tally.run_compute, dtype=np.int64).reshape(-1, len(SCHEMES))
    speedup, interval, statistics = {}, {}, {}
    dense, batch = per_run[:, 0], np.array(tally.run_images, dtype=np.int64)
    for index, scheme in enumerate(SCHEMES):
        cycles = per_run[:, index]
        speedup[scheme] = float(dense.sum() / cycles.sum()) if cycles.sum() else 1.0
        interval[scheme] = speedup_interval(dense, cycles, seed) if cycles.sum() else None
        statistics[scheme] = image_statistics(np.repeat(cycles / batch, batch))
    peak = peak_live(
        Lifetime(life.tensor, life.elements, life.elements * life.value_bits, life.first, life.last)
        for life in trace.live
    )
    source = trace.source
    return model.Result(
        model=model.Model(
            source=source.model, sha256=source.model_sha256, rewrites=source.rewrites
        ),
        inputs=model.Inputs(
            source=source.inputs,
            sha256=source.inputs_sha256,
            random=source.random_inputs,
            runs=tally.images,
            images_per_run=source.images_per_run,
        ),
        accelerator=accelerator.model_dump(),
        device=device.model_dump(exclude={"sources"}),
        dram_bits_per_cycle=float(dram_bits_per_cycle(device, accelerator)),
        layers=layers,
        totals=totals,
        blocks=_blocks(trace, tally, layers),
        speedup=speedup,
        speedup_interval=interval,
        images=statistics,
        per_image=model.PerImage(
            images=tuple(tally.run_images),
            total={s: tuple(per_run[:, i].tolist()) for i, s in enumerate(SCHEMES)},
            compute={s: tuple(per_compute[:, i].tolist()) for i, s in enumerate(SCHEMES)},
        ),
        host=_host(trace, totals.macs // max(1, tally.images)),
        memory=model.Memory(peak_live_bits=peak.bits, peak_live_tensors=peak.tensors),
        output_error=outputs.output_error(),
        accuracy=outputs.accuracy(),
        energy_table={"name": table.name, "process": table.process},
        warnings=_warnings(trace, accelerator),
        provenance=model.Provenance(
            model_sha256=source.model_sha256,
            inputs_sha256=source.inputs_sha256,
            accelerator_sha256=accelerator.sha256(),
            device_sha256=device.sha256(),
            versions=_versions(),
            seed=seed,
        ),
    )


def _layer(
    trace: Trace,
    layer: TraceLayer,
    sums: LayerTally,
    accelerator: Accelerator,
    table: EnergyTable,
) -> model.LayerRecord:
    geometry, images = layer.geometry, sums.images
    tensors = [trace.tensors[key] for key in (layer.activation, layer.weight, layer.output)]
    widths = _widths(trace, layer, accelerator)
    elements = [
        geometry.activation_elements,
        geometry.weight_elements,
        geometry.output_elements,
    ]
    zero_shares = [
        1 - int(nonzeros) / (count * images) if count else 0.0
        for nonzeros, count in zip(sums.nonzeros, elements, strict=True)
    ]
    weights = 1 if layer.weight_is_constant else images
    cycles = {s: _cycles(sums.compute[i], sums.memory[i], sums.total[i]) for i, s in _schemes()}
    return model.LayerRecord(
        name=layer.name,
        op=layer.op,
        block=layer.block,
        fused=layer.fused,
        groups=geometry.groups,
        filters=geometry.filters,
        positions=geometry.positions,
        reduction=geometry.reduction,
        macs=geometry.macs * images,
        padding_macs=geometry.padding_macs * images,
        effectual_macs=sums.effectual,
        weight_sparsity=zero_shares[1],
        activation_sparsity=zero_shares[0],
        output_sparsity=zero_shares[2],
        activation_is_float=tensors[0].is_float,
        weight_is_float=tensors[1].is_float,
        activation_value_bits=widths[0],
        weight_value_bits=widths[1],
        cycles=cycles,
        schemes={
            s: _scheme(i, layer, sums, cycles[s], accelerator, table, widths) for i, s in _schemes()
        },
        passes=_passes(sums),
        weight_storage=model.Storage(
            dense=elements[1] * widths[1] * weights,
            encoded=sums.weight_storage,
            iid_bound=sums.weight_bound,
        ),
        activation_storage=model.Storage(
            dense=elements[0] * images * widths[0],
            encoded=sums.activation_storage,
            iid_bound=sums.activation_bound,
        ),
    )


def _widths(trace: Trace, layer: TraceLayer, accelerator: Accelerator) -> list[int]:
    """Bits at which values of activation, weight and output are priced."""
    keys = (layer.activation, layer.weight, layer.output)
    return [accelerator.value_bits or trace.tensors[key].value_bits for key in keys]


def _scheme(index, layer, sums, cycles, accelerator, table, widths) -> model.SchemeRecord:
    classes = {name: int(sums.classes[index, i]) for i, name in enumerate(CLASSES)}
    slots = accelerator.rows * accelerator.cols * accelerator.lanes * cycles.compute
    guess = _density(index, layer, sums, accelerator)
    return model.SchemeRecord(
        classes=classes,
        utilisation=sums.effectual / slots if slots else 0.0,
        dram_bits=_dram_bits(sums.dram[index]),
        energy_pj=_energy(index, layer, sums, accelerator, table, widths),
        density=model.DensityEstimate(compute=guess, error=_error(guess, cycles.compute)),
        bound=bound_of(classes, cycles.compute, cycles.memory, sums.drains),
    )


def _density(index: int, layer: TraceLayer, sums: LayerTally, accelerator: Accelerator) -> float:
    geometry, images = layer.geometry, sums.images
    lowered = geometry.groups * geometry.positions * geometry.reduction * images
    activation = sums.lowered_nonzeros / lowered if lowered else 0.0
    weight = int(sums.nonzeros[1]) / (geometry.weight_elements * images or 1)
    density = (1.0, activation, weight, activation * weight)[index]
    return density_cycles(
        sums.tiles, geometry.reduction, accelerator.window, accelerator.lanes, density
    )


def _energy(index, layer, sums, accelerator, table, widths) -> dict[str, float]:
    """Operands are read in their format, dense under `none`; loads are written to the buffers
    once; outputs are written and read once, dense."""
    dense = index == 0
    geometry, images = layer.geometry, sums.images
    act_share = weight_share = 1.0
    if not dense:
        act_dense = geometry.activation_elements * images * widths[0]
        act_share = sums.activation_storage / act_dense if act_dense else 0.0
        weight_dense = geometry.weight_elements * widths[1]
        weight_dense *= 1 if layer.weight_is_constant else images
        weight_share = sums.weight_storage / weight_dense if weight_dense else 0.0
    counts = EnergyCounts(
        multiplies=int(sums.multiplied[index]),
        additions=int(sums.multiplied[index]),
        activation_buffer_bits=int(sums.fed[0] * widths[0] * act_share) + int(sums.dram[index, 0]),
        weight_buffer_bits=int(sums.fed[1] * widths[1] * weight_share) + int(sums.dram[index, 1]),
        output_buffer_bits=2 * geometry.output_elements * images * widths[2],
        dram_bits=int(sums.dram[index].sum()),
    )
    return energy_pj(table, counts, accelerator)


def _passes(sums: LayerTally) -> model.Passes:
    assert sums.first is not None
    choice = sums.first.plan.choice
    return model.Passes(
        count=sums.passes,
        filters=int(choice.filters[0]),
        positions=int(choice.positions[0]),
        windows=int(choice.windows[0]),
        candidate="B" if choice.positions_first[0] else "A",
        order="positions_outer" if choice.positions_outer[0] else "filters_outer",
        reduction_cut=bool(choice.reduction_cut[0]),
    )


def _totals(
    trace: Trace, layers: tuple[model.LayerRecord, ...], accelerator: Accelerator
) -> model.Totals:
    cycles, schemes = {}, {}
    effectual = sum(layer.effectual_macs for layer in layers)
    lane_slots = accelerator.rows * accelerator.cols * accelerator.lanes
    for _, s in _schemes():
        mine = [layer.cycles[s] for layer in layers]
        cycles[s] = _cycles(
            sum(c.compute for c in mine), sum(c.memory for c in mine), sum(c.total for c in mine)
        )
        records = [layer.schemes[s] for layer in layers]
        classes = {name: sum(r.classes[name] for r in records) for name in CLASSES}
        guess = sum(r.density.compute for r in records)
        components = records[0].energy_pj if records else {}
        schemes[s] = model.SchemeRecord(
            classes=classes,
            utilisation=effectual / (lane_slots * cycles[s].compute) if cycles[s].compute else 0.0,
            dram_bits=_dram_bits(
                [
                    sum(getattr(r.dram_bits, part) for r in records)
                    for part in ("activation", "weight", "output")
                ]
            ),
            energy_pj={part: sum(r.energy_pj[part] for r in records) for part in components},
            density=model.DensityEstimate(compute=guess, error=_error(guess, cycles[s].compute)),
            bound=_most(layers, s),
        )
    weights = [
        record.weight_storage
        for layer, record in zip(trace.layers, layers, strict=True)
        if layer.weight_is_constant
    ]
    return model.Totals(
        macs=sum(layer.macs for layer in layers),
        padding_macs=sum(layer.padding_macs for layer in layers),
        effectual_macs=effectual,
        weight_sparsity=_weight_sparsity(trace, layers),
        activation_sparsity=_mean(
            (
                layer.activation_sparsity,
                layer.activation_storage.dense // layer.activation_value_bits,
            )
            for layer in layers
        ),
        cycles=cycles,
        schemes=schemes,
        weight_storage=model.Storage(
            dense=sum(storage.dense for storage in weights),
            encoded=sum(storage.encoded for storage in weights),
            iid_bound=sum(storage.iid_bound for storage in weights),
        ),
    )


def _most(layers: tuple[model.LayerRecord, ...], scheme: str) -> str:
    """The word that bounds the layers with the most total cycles."""
    cycles: dict[str, int] = {}
    for layer in layers:
        word = layer.schemes[scheme].bound
        cycles[word] = cycles.get(word, 0) + layer.cycles[scheme].total
    return max(cycles, key=lambda word: cycles[word], default="work")


def _blocks(
    trace: Trace, tally: Tally, layers: tuple[model.LayerRecord, ...]
) -> tuple[model.BlockRecord, ...]:
    by_name = {layer.name: layer for layer in layers}
    found = []
    for name, members in trace.blocks.items():
        mine = [by_name[member] for member in members if member in by_name]
        elements = trace.tensors[trace.leaving[name]].elements * tally.images
        found.append(
            model.BlockRecord(
                name=name,
                layers=tuple(layer.name for layer in mine),
                weight_sparsity=_weight_sparsity(trace, mine),
                activation_sparsity=1 - tally.leaving[name] / elements if elements else 0.0,
                total_cycles={s: sum(x.cycles[s].total for x in mine) for _, s in _schemes()},
            )
        )
    return tuple(found)


def _host(trace: Trace, macs: int) -> model.Host:
    """MACs of one run on the array against all that are known."""
    known = macs + trace.host.known_macs
    return model.Host(
        operators=dict(trace.host.operators),
        macs=dict(trace.host.macs),
        reasons=dict(trace.host.reasons),
        mac_coverage=macs / known if known else 1.0,
    )


def _warnings(trace: Trace, accelerator: Accelerator) -> tuple[str, ...]:
    found = []
    if trace.source.random_inputs:
        found.append(
            f"inputs are random ({trace.source.inputs}): activation sparsity and all cycles that "
            "hang on it say nothing about real data"
        )
    if not trace.layers:
        found.append("the model has no MAC layer: nothing runs on the array")
    for role, limit in (("activation", accelerator.act_bits), ("weight", accelerator.weight_bits)):
        wide = [
            layer.name
            for layer in trace.layers
            if trace.tensors[getattr(layer, role)].operand_bits > limit
        ]
        if wide:
            needed = max(trace.tensors[getattr(layer, role)].operand_bits for layer in trace.layers)
            found.append(
                f"{len(wide)} layers (first {_short(wide[0])}) have {role}s of {needed} bits; the "
                f"accelerator has {limit}: co-simulation will refuse them"
            )
    unknown = [name for name, macs in trace.host.macs.items() if macs < 0]
    if unknown:
        found.append(
            f"{len(unknown)} host operators (first {_short(unknown[0])}) hold MACs that are not "
            "known; mac_coverage leaves them out"
        )
    return tuple(found)


def _short(name: str) -> str:
    """Names of fused layers can be hundreds of letters long."""
    return name if len(name) <= 40 else f"{name[:39]}…"


def _versions() -> dict[str, str]:
    names = ("sparsesim", "numpy", "numba", "onnx", "onnxruntime")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def _schemes() -> list[tuple[int, str]]:
    return list(enumerate(SCHEMES))


def _cycles(compute: int, memory: int, total: int) -> model.Cycles:
    c, m, t = int(compute), int(memory), int(total)
    return model.Cycles(compute=c, memory=m, total=t, stall=t - c)


def _dram_bits(parts) -> model.DramBits:
    activation, weight, output = (int(part) for part in parts)
    return model.DramBits(activation=activation, weight=weight, output=output)


def _error(guess: float, exact: int) -> float:
    return (guess - exact) / exact if exact else 0.0


def _weight_sparsity(trace: Trace, records) -> float:
    """Eqs. 3 and 5: zeros over elements of all weights; a computed operand is none."""
    constant = {layer.name for layer in trace.layers if layer.weight_is_constant}
    return _mean(
        (record.weight_sparsity, record.groups * record.filters * record.reduction)
        for record in records
        if record.name in constant
    )


def _mean(pairs) -> float:
    """A mean of (value, weight)."""
    pairs = list(pairs)
    weights = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / weights if weights else 0.0
