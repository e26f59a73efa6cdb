"""One layer on one run: its passes, their cycles under the four schemes, and what moves."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from sparsesim.datapath import SCHEMES, Datapath
from sparsesim.estimator.lay_out import lay_out
from sparsesim.estimator.stored_weights import stored_weight
from sparsesim.estimator.sums import Sums, nothing
from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import ones
from sparsesim.lowering.kernels import lower_activations, lower_weights
from sparsesim.memory import (
    Choice,
    LayerCounts,
    Plan,
    ValueBits,
    count_layer,
    schedule,
    stored_bits,
)
from sparsesim.spec import Accelerator

# Accelerators that follow each other share what they cut alike; a sweep has thousands of cuts.
_SHARED = 64


@dataclass(frozen=True, eq=False)
class Operands:
    """A layer's operands on one run: what estimates of any accelerator start from.

    Attributes:
        geometry: of the run.
        activation, weight, output: packed bits, flat.
        activation_rows: uint64, (groups, positions, words of K bits + 1), lowered.
        weight_rows: uint64, (weight sets, filters, words of K bits + 1).
        counts: running counts of non-zeros.
        weight_groups: the groups that hold each weight once; empty: all.
        shared: what was made of them for one accelerator and serves others alike, by what it
            depends on.
    """

    geometry: Geometry
    activation: np.ndarray
    weight: np.ndarray
    output: np.ndarray
    activation_rows: np.ndarray
    weight_rows: np.ndarray
    counts: LayerCounts
    weight_groups: tuple[int, ...] = ()
    shared: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for a key while that is among the last that were used."""
        found = self.shared.pop(key, None)
        if found is None:
            found = make()
        self.shared[key] = found  # to the end: the first is the one that was not used the longest
        while len(self.shared) > _SHARED:
            self.shared.pop(next(iter(self.shared)), None)
        return found


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


def lower(
    geometry: Geometry,
    activation: np.ndarray,
    weight: np.ndarray,
    output: np.ndarray,
    weight_rows: np.ndarray | None = None,
    weight_groups: tuple[int, ...] = (),
) -> Operands:
    """Lower a layer's packed bits.

    Args:
        geometry: of the run.
        activation, weight, output: packed bits, flat.
        weight_rows: those of an earlier run with the same weight.
        weight_groups: as `TraceLayer` has it.
    """
    words = (geometry.reduction + 63) // 64 + 1
    rows = np.zeros((geometry.groups, geometry.positions, words), dtype=np.uint64)
    numbers = geometry.array()
    for group in range(geometry.groups):
        lower_activations(activation, numbers, group, 0, rows[group])
    if weight_rows is None:
        own = geometry.weight_sets
        weight_rows = np.zeros((own * geometry.filters, words), dtype=np.uint64)
        lower_weights(weight, 0, geometry.reduction, weight_rows)
        weight_rows = weight_rows.reshape(own, geometry.filters, words)
    counts = count_layer(geometry, activation, weight)
    return Operands(geometry, activation, weight, output, rows, weight_rows, counts, weight_groups)


def run_layer(
    name: str,
    operands: Operands,
    value_bits: ValueBits,
    accelerator: Accelerator,
    machine: Datapath,
    bits_per_cycle: Fraction,
    weights: object | None = None,
) -> LayerRun:
    """Estimate a layer on one run.

    Args:
        name: the layer's, for errors.
        operands: lowered.
        value_bits: at which values are priced.
        accelerator: the machine and its memory.
        machine: its datapath.
        bits_per_cycle: of DRAM.
        weights: `machine.prepare_weights` of an earlier run with the same weight.
    Raises:
        SpecError: the layer does not fit the buffers.
    """
    geometry, reduction = operands.geometry, operands.geometry.reduction
    if geometry.output_elements * reduction == 0:
        return _no_work(geometry, operands)
    laid = lay_out(name, operands, value_bits, accelerator, machine, weights)
    plan, passes, pairs = laid.plan, laid.passes, laid.pairs
    compute, memory, total = (np.zeros(len(SCHEMES), dtype=np.int64) for _ in range(3))
    classes, dram = [], []
    for index, scheme in enumerate(SCHEMES):
        counted = laid.count(scheme, accelerator)
        dense = scheme == "none"
        timed = schedule(plan, counted[:, 0], bits_per_cycle, dense)
        compute[index] = timed.compute_cycles
        memory[index] = timed.memory_cycles
        total[index] = timed.total_cycles
        classes.append(counted[:, 1:].sum(axis=0))
        dram.append([int(part.sum()) for part in plan.moved_bits(dense)])
    multiplied = [int(part.sum()) for part in (pairs.all, pairs.activation, pairs.weight)]
    effectual = int(pairs.effectual.sum())
    tiles = -(-geometry.filters // accelerator.rows) * -(-geometry.positions // accelerator.cols)
    sums = Sums(
        compute=compute,
        memory=memory,
        total=total,
        classes=np.array(classes, dtype=np.int64),
        effectual=effectual,
        multiplied=np.array([*multiplied, effectual], dtype=np.int64),
        dram=np.array(dram, dtype=np.int64),
        fed=_fed(passes, reduction, accelerator),
        activation_storage=operands.once(
            ("activation", accelerator.activation_format, accelerator.run_bits, value_bits),
            lambda: stored_bits(
                operands.activation,
                geometry.activation_elements,
                geometry.groups * prod(geometry.input_shape[:3]),
                value_bits.activation,
                accelerator.activation_format,
                accelerator.run_bits,
            ),
        ),
        nonzeros=operands.once("nonzeros", lambda: _nonzeros(operands)),
        drains=int(machine.drain_cycles(passes, accelerator).sum()),
        tiles=geometry.groups * tiles,
        passes=len(passes),
        lowered_nonzeros=operands.once("lowered", lambda: ones(operands.activation_rows)),
    )
    stored, elements, rows = _stored_weight(operands)
    weight_storage = operands.once(
        ("weight", accelerator.weight_format, accelerator.run_bits, value_bits),
        lambda: stored_bits(
            stored,
            elements,
            rows,
            value_bits.weight,
            accelerator.weight_format,
            accelerator.run_bits,
        ),
    )
    return LayerRun(sums, weight_storage, ones(stored), plan)


def _no_work(geometry: Geometry, operands: Operands) -> LayerRun:
    """The run of a layer with an empty operand: no passes."""
    plan = Plan(Choice.of_nothing(max(1, geometry.groups)), *np.zeros((14, 0), np.int64))
    sums = replace(nothing(), nonzeros=_nonzeros(operands))
    return LayerRun(sums, 0, ones(_stored_weight(operands)[0]), plan)


def _stored_weight(operands: Operands) -> tuple[np.ndarray, int, int]:
    return operands.once(
        "stored",
        lambda: stored_weight(operands.weight, operands.geometry, operands.weight_groups),
    )


def _nonzeros(operands: Operands) -> np.ndarray:
    return np.array([ones(operands.activation), ones(operands.output)], dtype=np.int64)


def _fed(passes: np.ndarray, reduction: int, accelerator: Accelerator) -> np.ndarray:
    """Elements that the feeders push: a tile's columns read their strings once for each row tile,
    its rows once for each column tile."""
    filters, positions = passes[:, 2] - passes[:, 1], passes[:, 4] - passes[:, 3]
    window = accelerator.window
    length = np.minimum(passes[:, 6] * window, reduction) - passes[:, 5] * window
    row_tiles, col_tiles = -(-filters // accelerator.rows), -(-positions // accelerator.cols)
    return np.array(
        [(row_tiles * positions * length).sum(), (col_tiles * filters * length).sum()],
        dtype=np.int64,
    )
