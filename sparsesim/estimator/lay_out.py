"""A layer's operands cut into passes and laid out for a machine, before any cycle is counted.

Neither depends on the scheme, nor on how deep the queues are.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.datapath import Datapath, Pairs, count_pairs
from sparsesim.memory import Plan, ValueBits, plan_layer
from sparsesim.spec import Accelerator

if TYPE_CHECKING:
    from sparsesim.estimator.layer_run import Operands

# What the passes of a layer depend on.
_CUT_BY = attrgetter(
    "rows",
    "cols",
    "window",
    "activation_format",
    "weight_format",
    "run_bits",
    "activation_buffer_kib",
    "weight_buffer_kib",
    "output_buffer_kib",
    "pass_order",
)


@dataclass(frozen=True, eq=False)
class LaidOut:
    """A layer on one run, ready for any queue depth and scheme of a machine.

    Attributes:
        machine: its datapath.
        plan: how it was cut.
        passes: int64, shape (n, 8), as `Datapath.count_passes` takes them.
        activations, weights, pairs: laid out for it.
    """

    machine: Datapath
    plan: Plan
    passes: np.ndarray
    activations: Any
    weights: Any
    pairs: Pairs

    def count(self, scheme: str, accelerator: Accelerator) -> np.ndarray:
        """int64, shape (n, 8): cycles of each pass, then lane-slots by class."""
        return self.machine.count_passes(
            self.activations, self.weights, self.passes, self.pairs, scheme, accelerator
        )


def lay_out(
    name: str,
    operands: Operands,
    value_bits: ValueBits,
    accelerator: Accelerator,
    machine: Datapath,
    weights: object | None = None,
) -> LaidOut:
    """Cut a layer with work into passes and lay its operands out; arguments as of `run_layer`."""
    reduction = operands.geometry.reduction
    cut = (*_CUT_BY(accelerator), value_bits)
    plan = operands.once(
        ("plan", cut),
        lambda: plan_layer(
            name,
            operands.geometry,
            operands.activation,
            operands.weight,
            operands.output,
            value_bits,
            accelerator,
            operands.counts,
        ),
    )
    passes = np.concatenate([plan.group[:, None], plan.pass_table()], axis=1)
    acts = operands.once(
        ("activations", accelerator.datapath, accelerator.cols, accelerator.window),
        lambda: machine.prepare_activations(operands.activation_rows, reduction, accelerator),
    )
    weights = weights or weights_of(operands, machine, accelerator)
    pairs = operands.once(
        ("pairs", cut),
        lambda: count_pairs(
            operands.activation_rows, operands.weight_rows, reduction, accelerator.window, passes
        ),
    )
    return LaidOut(machine, plan, passes, acts, weights, pairs)


def weights_of(operands: Operands, machine: Datapath, accelerator: Accelerator) -> Any:
    """A layer's weights laid out for a machine."""
    return operands.once(
        ("weights", accelerator.datapath, accelerator.rows, accelerator.window),
        lambda: machine.prepare_weights(
            operands.weight_rows, operands.geometry.reduction, accelerator
        ),
    )
