"""The record of one layer: from sums over runs to what a result says."""

from __future__ import annotations

from collections.abc import Iterable

from sparsesim.datapath import CLASSES, SCHEMES
from sparsesim.estimator.bound import bound_of
from sparsesim.estimator.density import density_cycles
from sparsesim.estimator.tally import LayerTally, value_bits_of
from sparsesim.result import model
from sparsesim.spec import Accelerator
from sparsesim.spec.energy import EnergyCounts, EnergyTable, energy_pj
from sparsesim.trace import Trace, TraceLayer


def layer_record(
    trace: Trace,
    layer: TraceLayer,
    tally: LayerTally,
    accelerator: Accelerator,
    table: EnergyTable,
) -> model.LayerRecord:
    """The record of one layer over all images."""
    geometry, images, sums = layer.geometry, tally.images, tally.sums
    tensors = [trace.tensors[key] for key in (layer.activation, layer.weight, layer.output)]
    widths = value_bits_of(trace, layer, accelerator)
    times = 1 if layer.weight_is_constant else images
    cycles = {
        s: cycles_of(sums.compute[i], sums.memory[i], sums.total[i]) for i, s in enumerate(SCHEMES)
    }
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
        activation_sparsity=_zeros(sums.nonzeros[0], geometry.activation_elements * images),
        output_sparsity=_zeros(sums.nonzeros[1], geometry.output_elements * images),
        activation_is_float=tensors[0].is_float,
        weight_is_float=tensors[1].is_float,
        activation_value_bits=widths.activation,
        weight_value_bits=widths.weight,
        cycles=cycles,
        schemes={
            s: _scheme(i, layer, tally, cycles[s], accelerator, table, widths)
            for i, s in enumerate(SCHEMES)
        },
        passes=_passes(tally),
        weight_storage=model.Storage(
            dense=layer.weight_elements * widths.weight * times,
            encoded=tally.weight_storage,
            iid_bound=tally.weight_bound,
        ),
        activation_storage=model.Storage(
            dense=geometry.activation_elements * images * widths.activation,
            encoded=sums.activation_storage,
            iid_bound=tally.activation_bound,
        ),
    )


def _scheme(index, layer, tally, cycles, accelerator, table, widths) -> model.SchemeRecord:
    sums = tally.sums
    classes = {name: int(sums.classes[index, i]) for i, name in enumerate(CLASSES)}
    slots = accelerator.rows * accelerator.cols * accelerator.lanes * cycles.compute
    guess = _density(index, layer, tally, accelerator)
    return model.SchemeRecord(
        classes=classes,
        utilisation=sums.effectual / slots if slots else 0.0,
        dram_bits=dram_bits_of(sums.dram[index]),
        energy_pj=_energy(index, layer, tally, accelerator, table, widths),
        density=model.DensityEstimate(compute=guess, error=relative(guess, cycles.compute)),
        bound=bound_of(classes, cycles.compute, cycles.memory, sums.drains),
    )


def _density(index: int, layer: TraceLayer, tally: LayerTally, accelerator: Accelerator) -> float:
    geometry, images, sums = layer.geometry, tally.images, tally.sums
    lowered = geometry.groups * geometry.positions * geometry.reduction * images
    activation = sums.lowered_nonzeros / lowered if lowered else 0.0
    weight = tally.weight_density(layer)
    density = (1.0, activation, weight, activation * weight)[index]
    return density_cycles(
        sums.tiles, geometry.reduction, accelerator.window, accelerator.lanes, density
    )


def _energy(index, layer, tally, accelerator, table, widths) -> dict[str, float]:
    """Operands are read in their format, dense under `none`; loads are written to the buffers
    once; outputs are written and read once, dense."""
    dense = index == 0
    geometry, images, sums = layer.geometry, tally.images, tally.sums
    act_share = weight_share = 1.0
    if not dense:
        act_dense = geometry.activation_elements * images * widths.activation
        act_share = sums.activation_storage / act_dense if act_dense else 0.0
        weight_dense = layer.weight_elements * widths.weight
        weight_dense *= 1 if layer.weight_is_constant else images
        weight_share = tally.weight_storage / weight_dense if weight_dense else 0.0
    read = [
        int(sums.fed[0] * widths.activation * act_share),
        int(sums.fed[1] * widths.weight * weight_share),
    ]
    loaded = [int(part) for part in sums.dram[index]]
    counts = EnergyCounts(
        multiplies=int(sums.multiplied[index]),
        additions=int(sums.multiplied[index]),
        activation_buffer_bits=read[0] + loaded[0],
        weight_buffer_bits=read[1] + loaded[1],
        output_buffer_bits=2 * geometry.output_elements * images * widths.output,
        dram_bits=sum(loaded),
    )
    return energy_pj(table, counts, accelerator)


def _passes(tally: LayerTally) -> model.Passes:
    assert tally.first is not None
    choice = tally.first.plan.choice
    return model.Passes(
        count=tally.sums.passes,
        filters=int(choice.filters[0]),
        positions=int(choice.positions[0]),
        windows=int(choice.windows[0]),
        candidate="B" if choice.positions_first[0] else "A",
        order="positions_outer" if choice.positions_outer[0] else "filters_outer",
        reduction_cut=bool(choice.reduction_cut[0]),
    )


def _zeros(nonzeros: int, elements: int) -> float:
    return 1 - int(nonzeros) / elements if elements else 0.0


def cycles_of(compute: int, memory: int, total: int) -> model.Cycles:
    """Cycles with the stall that follows from them."""
    c, m, t = int(compute), int(memory), int(total)
    return model.Cycles(compute=c, memory=m, total=t, stall=t - c)


def dram_bits_of(parts: Iterable[int]) -> model.DramBits:
    """Bits of activation, weight and output."""
    activation, weight, output = (int(part) for part in parts)
    return model.DramBits(activation=activation, weight=weight, output=output)


def relative(guess: float, exact: int) -> float:
    """How far a guess is off, as a share of the exact."""
    return (guess - exact) / exact if exact else 0.0
