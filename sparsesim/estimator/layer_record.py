"""Last step of an estimate: from a layer's sums over runs to what a result says of it."""

from __future__ import annotations

from collections.abc import Iterable

from sparsesim.estimator.bound import bound_of
from sparsesim.estimator.setting import Setting
from sparsesim.estimator.sums import SchemeSums
from sparsesim.estimator.tally import LayerTally
from sparsesim.machines.product_shape import Densities
from sparsesim.machines.scheme import Scheme
from sparsesim.memory import ValueBits, value_bits_of
from sparsesim.result import model
from sparsesim.spec.energy import EnergyCounts, EnergyTable, energy_pj
from sparsesim.trace import Trace, TraceLayer


def layer_record(
    trace: Trace, layer: TraceLayer, tally: LayerTally, on: Setting, table: EnergyTable
) -> model.LayerRecord:
    """The record of one layer over all images."""
    geometry, images, sums = layer.geometry, tally.images, tally.sums
    tensors = [trace.tensors[key] for key in (layer.activation, layer.weight, layer.output)]
    widths = value_bits_of(trace, layer, on.accelerator)
    times = 1 if layer.weight_is_constant else images
    weight_storage = model.Storage(
        dense=layer.weight_elements * widths.weight * times,
        encoded=tally.weight_storage,
        iid_bound=tally.weight_bound,
    )
    activation_storage = model.Storage(
        dense=geometry.activation_elements * images * widths.activation,
        encoded=sums.activation_storage,
        iid_bound=tally.activation_bound,
    )
    densities = _densities(layer, tally)
    output_bits = geometry.output_elements * images * widths.output
    schemes = {}
    for scheme in on.schemes:
        mine = sums.schemes[scheme.name]
        reads = _read_bits(mine, scheme, activation_storage, weight_storage, widths)
        energy = energy_pj(table, _events(mine, reads, output_bits), on.accelerator)
        guess = on.rules.expected_cycles(sums.runs, densities, scheme, on.array)
        schemes[scheme.name] = _record(mine, sums.effectual, guess, energy, on)
    return model.LayerRecord(
        name=layer.name,
        op=layer.op,
        block=layer.block,
        fused=layer.fused,
        groups=geometry.groups,
        steps=geometry.steps,
        filters=geometry.filters,
        positions=geometry.positions,
        reduction=geometry.reduction,
        macs=geometry.macs * images,
        padding_macs=geometry.padding_macs * images,
        effectual_macs=sums.effectual,
        weight_sparsity=1 - tally.weight_density(layer),
        activation_sparsity=_zeros(sums.activation_nonzeros, geometry.activation_elements * images),
        output_sparsity=_zeros(sums.output_nonzeros, geometry.output_elements * images),
        activation_is_float=tensors[0].is_float,
        weight_is_float=tensors[1].is_float,
        activation_value_bits=widths.activation,
        weight_value_bits=widths.weight,
        cycles={
            name: cycles_of(one.compute, one.memory, one.total)
            for name, one in sums.schemes.items()
        },
        schemes=schemes,
        passes=_passes(tally),
        weight_storage=weight_storage,
        activation_storage=activation_storage,
    )


def _record(
    sums: SchemeSums, effectual: int, guess: float, energy: dict[str, float], on: Setting
) -> model.SchemeRecord:
    keys = (one.key for one in on.rules.classes)
    classes = dict(zip(keys, sums.slots.tolist(), strict=True))
    slots = on.rules.slots(on.array) * sums.compute
    return model.SchemeRecord(
        classes=classes,
        utilisation=effectual / slots if slots else 0.0,
        dram_bits=dram_bits_of(sums.dram),
        energy_pj=energy,
        density=model.DensityEstimate(compute=guess, error=relative(guess, sums.compute)),
        bound=bound_of(classes, on.rules.classes, sums.compute, sums.memory, sums.paces),
    )


def _densities(layer: TraceLayer, tally: LayerTally) -> Densities:
    """Of the lowered activations, padding among them, and of the weights."""
    geometry = layer.geometry
    lowered = geometry.groups * geometry.positions * geometry.reduction * tally.images
    return Densities(
        activation=tally.sums.lowered_nonzeros / lowered if lowered else 0.0,
        weight=tally.weight_density(layer),
    )


def _read_bits(
    sums: SchemeSums,
    scheme: Scheme,
    activation: model.Storage,
    weight: model.Storage,
    widths: ValueBits,
) -> tuple[int, int]:
    """Bits of activations and weights read from the buffers: in their format, dense under a dense
    scheme."""
    activations, weights = (int(elements) for elements in sums.read)
    shares = [1.0, 1.0]
    if not scheme.is_dense:
        shares = [one.encoded / one.dense if one.dense else 0.0 for one in (activation, weight)]
    return (
        int(activations * widths.activation * shares[0]),
        int(weights * widths.weight * shares[1]),
    )


def _events(sums: SchemeSums, reads: tuple[int, int], output_bits: int) -> EnergyCounts:
    """Loads are written to the buffers once; outputs are written and read once, dense."""
    activations, weights, outputs = sums.dram.tolist()
    return EnergyCounts(
        multiplies=sums.multiplied,
        additions=sums.multiplied,
        activation_buffer_bits=reads[0] + activations,
        weight_buffer_bits=reads[1] + weights,
        output_buffer_bits=2 * output_bits,
        dram_bits=activations + weights + outputs,
    )


def _passes(tally: LayerTally) -> model.Passes:
    assert tally.first is not None
    choice = tally.first.plan.choice
    return model.Passes(
        count=tally.sums.passes,
        filters=int(choice.filters[0]),
        positions=int(choice.positions[0]),
        elements=int(choice.elements[0]),
        candidate="B" if choice.positions_first[0] else "A",
        order="positions_outer" if choice.positions_outer[0] else "filters_outer",
        reduction_cut=bool(choice.reduction_cut[0]),
    )


def _zeros(nonzeros: int, elements: int) -> float:
    return 1 - nonzeros / elements if elements else 0.0


def cycles_of(compute: int, memory: int, total: int) -> model.Cycles:
    """Cycles with the stall that follows from them."""
    return model.Cycles(compute=compute, memory=memory, total=total, stall=total - compute)


def dram_bits_of(parts: Iterable[int]) -> model.DramBits:
    """Bits of activation, weight and output."""
    activation, weight, output = (int(part) for part in parts)
    return model.DramBits(activation=activation, weight=weight, output=output)


def relative(guess: float, exact: int) -> float:
    """How far a guess is off, as a share of the exact."""
    return (guess - exact) / exact if exact else 0.0
