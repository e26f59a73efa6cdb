"""The numbers of one layer on one run, gathered from what was counted of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sparsesim.estimator.operands import Operands
from sparsesim.estimator.prepare import Prepared
from sparsesim.estimator.setting import Setting
from sparsesim.estimator.sums import SchemeSums, Sums
from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import ones
from sparsesim.machines.counted import Counted
from sparsesim.machines.product_shape import ProductShape
from sparsesim.machines.scheme import Scheme
from sparsesim.memory import Plan, Schedule, ValueBits, stored_bits


@dataclass(frozen=True, eq=False)
class LayerRun:
    """One layer on one run.

    Attributes:
        sums: its numbers.
        weight_storage: encoded bits of the whole weight operand.
        weight_nonzeros: its effectual elements.
        plan: how it was cut.
    """

    sums: Sums
    weight_storage: int
    weight_nonzeros: int
    plan: Plan


def scheme_sums(
    prepared: Prepared, counted: Counted, timed: Schedule, scheme: Scheme
) -> SchemeSums:
    """The numbers of a scheme, over all passes."""
    return SchemeSums(
        compute=timed.compute_cycles,
        memory=timed.memory_cycles,
        total=timed.total_cycles,
        slots=counted.slots.sum(axis=0),
        multiplied=int(counted.multiplied.sum()),
        dram=np.array(prepared.plan.moved(scheme.is_dense).totals, dtype=np.int64),
        read=np.array([counted.read_activations.sum(), counted.read_weights.sum()], np.int64),
        paces={word: int(cycles.sum()) for word, cycles in counted.paces.items()},
    )


def layer_run(
    operands: Operands,
    prepared: Prepared,
    schemes: Mapping[str, SchemeSums],
    widths: ValueBits,
    on: Setting,
) -> LayerRun:
    """A layer with work on one run.

    Args:
        operands: of the run. prepared: the same, cut into passes.
        schemes: the numbers under each.
        widths: at which values are priced.
        on: gives the formats.
    """
    geometry = operands.geometry
    activation, output, lowered = operands.nonzeros()
    sums = Sums(
        schemes=schemes,
        runs=Counter([_shape(geometry)]),
        effectual=int(prepared.pairs.effectual.sum()),
        activation_storage=_activation_storage(operands, widths, on),
        activation_nonzeros=activation,
        output_nonzeros=output,
        lowered_nonzeros=lowered,
        passes=len(prepared.passes),
    )
    return LayerRun(
        sums,
        _weight_storage(operands, widths, on),
        ones(operands.stored_weight()[0]),
        prepared.plan,
    )


def run_without_work(operands: Operands, on: Setting) -> LayerRun:
    """The run of a layer with an empty operand: no passes."""
    activation, output, _ = operands.nonzeros()
    nothing = SchemeSums.none(len(on.rules.classes))
    sums = Sums(
        {scheme.name: nothing for scheme in on.schemes},
        activation_nonzeros=activation,
        output_nonzeros=output,
    )
    plan = Plan.of_nothing(max(1, operands.geometry.groups))
    return LayerRun(sums, 0, ones(operands.stored_weight()[0]), plan)


def _shape(geometry: Geometry) -> ProductShape:
    return ProductShape(geometry.groups, geometry.filters, geometry.positions, geometry.reduction)


def _activation_storage(operands: Operands, widths: ValueBits, on: Setting) -> int:
    geometry, accelerator = operands.geometry, on.accelerator
    key = ("activation bits", accelerator.activation_format, accelerator.run_bits, widths)
    found = operands.shared.get(key)
    if found is None:
        found = stored_bits(
            operands.activation,
            geometry.activation_elements,
            geometry.encoded_rows,
            widths.activation,
            accelerator.activation_format,
            accelerator.run_bits,
        )
        operands.shared.put(key, found)
    return found


def _weight_storage(operands: Operands, widths: ValueBits, on: Setting) -> int:
    accelerator = on.accelerator
    key = ("weight bits", accelerator.weight_format, accelerator.run_bits, widths)
    found = operands.shared.get(key)
    if found is None:
        stored, elements, rows = operands.stored_weight()
        found = stored_bits(
            stored,
            elements,
            rows,
            widths.weight,
            accelerator.weight_format,
            accelerator.run_bits,
        )
        operands.shared.put(key, found)
    return found
