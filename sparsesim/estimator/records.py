"""From the numbers of all runs to a `Result`."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

import numpy as np

from sparsesim.estimator.layer_record import (
    cycles_of,
    dram_bits_of,
    layer_record,
    relative,
)
from sparsesim.estimator.on_device import device_warnings, on_device
from sparsesim.estimator.outputs import OutputTally
from sparsesim.estimator.saturation import saturation_warnings
from sparsesim.estimator.setting import Setting
from sparsesim.estimator.statistics import image_statistics, speedup_interval
from sparsesim.estimator.stored_weights import stored_once
from sparsesim.estimator.tally import Tally
from sparsesim.estimator.unknown_macs import unknown_macs
from sparsesim.graph.host_work import mac_share
from sparsesim.memory import peak_live
from sparsesim.result import model
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.spec.energy import DEFAULT_ENERGY_TABLE, EnergyTable
from sparsesim.trace import Trace
from sparsesim.trace.clipped_warnings import clipped_warnings
from sparsesim.trace.not_finite_warnings import not_finite_warnings


def assemble(
    trace: Trace,
    on: Setting,
    device: Device,
    tally: Tally,
    outputs: OutputTally,
    seed: int,
) -> model.Result:
    """The result of all runs."""
    table = _energy_table()
    layers = tuple(
        layer_record(trace, layer, sums, on, table)
        for layer, sums in zip(trace.layers, tally.layers, strict=True)
    )
    totals = _totals(trace, layers, on)
    accelerator, baseline = on.accelerator, on.rules.yardstick
    per_run = {name: np.array(cycles, np.int64) for name, cycles in tally.totals.items()}
    speedup, interval, statistics = {}, {}, {}
    images = np.array(tally.groups, dtype=np.int64) * trace.source.images_per_run
    for scheme, cycles in per_run.items():
        statistics[scheme] = image_statistics(np.repeat(cycles / images, images))
        if baseline is not None:
            dense = per_run[baseline.name]
            speedup[scheme] = float(dense.sum() / cycles.sum()) if cycles.sum() else 1.0
            interval[scheme] = speedup_interval(dense, cycles, seed) if cycles.sum() else None
    peak = peak_live(trace.live)
    source = trace.source
    placed = on_device(accelerator, device)
    return model.Result(
        model=model.Model(
            source=source.model, sha256=source.model_sha256, rewrites=source.rewrites
        ),
        inputs=model.Inputs(
            source=source.inputs,
            sha256=source.inputs_sha256,
            random=source.random_inputs,
            runs=tally.runs,
            images_per_run=source.images_per_run,
        ),
        accelerator=accelerator,
        device=device.model_dump(exclude={"sources"}),
        dram_bits_per_cycle=float(dram_bits_per_cycle(device, accelerator)),
        layers=layers,
        totals=totals,
        blocks=_blocks(trace, tally, layers),
        speedup=speedup,
        speedup_interval=interval,
        on_device=placed,
        images=statistics,
        per_image=model.PerImage(
            images=tuple(images.tolist()),
            total={name: tuple(cycles) for name, cycles in tally.totals.items()},
            compute={name: tuple(cycles) for name, cycles in tally.computes.items()},
        ),
        host=_host(trace, totals.macs // max(1, tally.runs)),
        memory=model.Memory(peak_live_bits=peak.bits, peak_live_tensors=peak.tensors),
        output_error=outputs.output_error(),
        accuracy=outputs.accuracy(),
        energy_table={"name": table.name, "process": table.process},
        warnings=(
            *device_warnings(placed, accelerator, device),
            *_warnings(trace, accelerator, tally),
        ),
        provenance=model.Provenance(
            model_sha256=source.model_sha256,
            inputs_sha256=source.inputs_sha256,
            accelerator_sha256=accelerator.sha256(),
            device_sha256=device.sha256(),
            versions=_versions(),
            seed=seed,
        ),
    )


def _totals(trace: Trace, layers: tuple[model.LayerRecord, ...], on: Setting) -> model.Totals:
    cycles, records_by = {}, {}
    effectual = sum(layer.effectual_macs for layer in layers)
    slots = on.rules.slots(on.array)
    for s in on.rules.scheme_names:
        mine = [layer.cycles[s] for layer in layers]
        cycles[s] = cycles_of(
            sum(c.compute for c in mine), sum(c.memory for c in mine), sum(c.total for c in mine)
        )
        records = [layer.schemes[s] for layer in layers]
        classes = {c.key: sum(r.classes[c.key] for r in records) for c in on.rules.classes}
        guess = sum(r.density.compute for r in records)
        components = records[0].energy_pj if records else {}
        records_by[s] = model.SchemeRecord(
            classes=classes,
            utilisation=effectual / (slots * cycles[s].compute) if cycles[s].compute else 0.0,
            dram_bits=dram_bits_of(
                [
                    sum(getattr(r.dram_bits, part) for r in records)
                    for part in ("activation", "weight", "output")
                ]
            ),
            energy_pj={part: sum(r.energy_pj[part] for r in records) for part in components},
            density=model.DensityEstimate(compute=guess, error=relative(guess, cycles[s].compute)),
            bound=_most(layers, s, on.rules.classes[0].bound),
        )
    kept = {layer.name for layer in stored_once(trace.layers)}
    weights = [record.weight_storage for record in layers if record.name in kept]
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
        schemes=records_by,
        weight_storage=model.Storage(
            dense=sum(storage.dense for storage in weights),
            encoded=sum(storage.encoded for storage in weights),
            iid_bound=sum(storage.iid_bound for storage in weights),
        ),
    )


def _most(layers: tuple[model.LayerRecord, ...], scheme: str, otherwise: str) -> str:
    """The word that bounds the layers with the most total cycles; without a layer another one."""
    cycles: dict[str, int] = {}
    for layer in layers:
        word = layer.schemes[scheme].bound
        cycles[word] = cycles.get(word, 0) + layer.cycles[scheme].total
    return max(cycles, key=lambda word: cycles[word], default=otherwise)


def _blocks(
    trace: Trace, tally: Tally, layers: tuple[model.LayerRecord, ...]
) -> tuple[model.BlockRecord, ...]:
    by_name = {layer.name: layer for layer in layers}
    found = []
    for name, members in trace.blocks.items():
        mine = [by_name[member] for member in members if member in by_name]
        elements = trace.tensors[trace.leaving[name]].elements * tally.runs
        found.append(
            model.BlockRecord(
                name=name,
                layers=tuple(layer.name for layer in mine),
                weight_sparsity=_weight_sparsity(trace, mine),
                activation_sparsity=1 - tally.leaving[name] / elements if elements else 0.0,
                total_cycles={s: sum(x.cycles[s].total for x in mine) for s in tally.totals},
            )
        )
    return tuple(found)


def _host(trace: Trace, macs: int) -> model.Host:
    """MACs of one run on the array against all of them."""
    share = mac_share(macs, macs + trace.host.known_macs, bool(trace.host.unknown))
    return model.Host(
        operators=dict(trace.host.operators),
        macs=dict(trace.host.macs),
        reasons=dict(trace.host.reasons),
        mac_coverage=share.value,
        mac_coverage_is_bound=share.is_bound,
    )


def _warnings(trace: Trace, accelerator: Accelerator, tally: Tally) -> tuple[str, ...]:
    found = [*trace.source.warnings]
    if trace.source.random_inputs:
        found.append(
            "inputs are random: activation sparsity and all cycles that hang on it say nothing "
            "about real data"
        )
    for role, limit in (("activation", accelerator.act_bits), ("weight", accelerator.weight_bits)):
        wide = [
            layer.name
            for layer in trace.layers
            if trace.tensors[getattr(layer, role)].operand_bits > limit
        ]
        if wide:
            needed = max(trace.tensors[getattr(layer, role)].operand_bits for layer in trace.layers)
            found.append(
                f"{_counted(wide)} {role}s of {needed} bits; the accelerator has {limit}: "
                "co-simulation will refuse them"
            )
    found += unknown_macs(trace.host)
    found += saturation_warnings(trace.saturation)
    found += not_finite_warnings(tally.not_finite)
    found += clipped_warnings(tally.clipped)
    return tuple(found)


def _counted(names: list[str]) -> str:
    """`1 layer (conv1) has`, `2 layers (first conv1) have`."""
    if len(names) == 1:
        return f"1 layer ({_short(names[0])}) has"
    return f"{len(names)} layers (first {_short(names[0])}) have"


def _short(name: str) -> str:
    """Names of fused layers can be hundreds of letters long."""
    return name if len(name) <= 40 else f"{name[:39]}…"


@cache
def _energy_table() -> EnergyTable:
    return EnergyTable.named(DEFAULT_ENERGY_TABLE)


@cache
def _versions() -> dict[str, str]:
    names = ("sparsesim", "numpy", "numba", "onnx", "onnxruntime")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def _weight_sparsity(trace: Trace, records) -> float:
    """Eqs. 3 and 5: zeros over elements of all weights, each once; a computed operand is none."""
    by_name = {record.name: record for record in records}
    layers = stored_once(layer for layer in trace.layers if layer.name in by_name)
    return _mean((by_name[layer.name].weight_sparsity, layer.weight_elements) for layer in layers)


def _mean(pairs) -> float:
    """A mean of (value, weight)."""
    pairs = list(pairs)
    weights = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / weights if weights else 0.0
