"""First step of an estimate: a layer's operands cut into passes and laid out for a machine.

Nothing here depends on the scheme, and only what the machine says of its parameters matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sparsesim.estimator.operands import Operands
from sparsesim.estimator.setting import Setting
from sparsesim.machines.pairs import Pairs, count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.memory import Plan, ValueBits, plan_layer

# What the passes of a layer depend on, beside the machine's tiling.
_CUT_BY = attrgetter(
    "activation_format",
    "weight_format",
    "run_bits",
    "activation_buffer_kib",
    "weight_buffer_kib",
    "output_buffer_kib",
    "pass_order",
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A layer on one run, ready to be counted under any scheme.

    Attributes:
        plan: how it was cut.
        pairs: of its passes.
        activations, weights: as the machine laid them out.
    """

    plan: Plan
    pairs: Pairs
    activations: Any
    weights: Any

    @property
    def passes(self) -> Passes:
        """Those of the plan."""
        return self.plan.passes


def prepare(
    name: str,
    operands: Operands,
    widths: ValueBits,
    on: Setting,
    weights: Any = None,
) -> Prepared:
    """Cut a layer with work into passes and lay its operands out.

    Args:
        name: the layer's, for errors.
        operands: lowered; they keep what serves other accelerators, too.
        widths: at which values are priced.
        on: the machine and its memory.
        weights: what was prepared of an earlier run with the same weight.
    Raises:
        SpecError: the layer does not fit the buffers.
    """
    shared, tiling = operands.shared, on.rules.tiling(on.array)
    cut = (tiling, *_CUT_BY(on.accelerator), widths)
    plan = shared.get(("plan", cut))
    if plan is None:
        plan = plan_layer(
            name,
            operands.geometry,
            operands.activation,
            operands.weight,
            operands.output,
            widths,
            on.accelerator,
            tiling,
            operands.counts,
        )
        shared.put(("plan", cut), plan)
    pairs = shared.get(("pairs", cut))
    if pairs is None:
        pairs = count_pairs(operands.activation_rows, operands.weight_rows, plan.passes)
        shared.put(("pairs", cut), pairs)
    activations = laid_out("activation", operands, on)
    if weights is None:
        weights = laid_out("weight", operands, on)
    return Prepared(plan, pairs, activations, weights)


def laid_out(role: str, operands: Operands, on: Setting) -> Any:
    """An operand as the machine lays it out.

    Args:
        role: `activation` or `weight`.
        operands: of the layer.
        on: the machine.
    """
    key = (role, on.accelerator.machine, on.rules.operand_key(role, on.array))
    found = operands.shared.get(key)
    if found is None:
        rows = operands.activation_rows if role == "activation" else operands.weight_rows
        found = on.rules.prepare(role, rows, operands.geometry.reduction, on.array)
        operands.shared.put(key, found)
    return found
