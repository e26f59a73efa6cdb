"""What co-simulation finds of a layer: model and Verilog side by side. It runs nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.simulator import PassRun


@dataclass(frozen=True, eq=False)
class Expected:
    """What the model says of one pass.

    Attributes:
        cycles, classes: of the cycle model.
        sums, overflow, values: (filters, positions), of the fixed-point execution; no overflow
            where the machine flags none; values are None where the pass has no post-processing.
    """

    cycles: int
    classes: tuple[int, ...]
    sums: NDArray[np.int64]
    overflow: NDArray[np.bool_]
    values: NDArray[np.int16] | None


@dataclass(frozen=True, eq=False)
class Failure:
    """The first pass in which model and Verilog differ.

    Attributes:
        operands: of the pass.
        expected: by the model.
        found: by the Verilog, or what went wrong in it.
        earlier: the passes before it whose sums stayed in the machine for it.
    """

    operands: PassOperands
    expected: Expected
    found: PassRun | str
    earlier: tuple[PassOperands, ...] = ()


@dataclass(frozen=True)
class LayerCheck:
    """One layer in one run of the model.

    Attributes:
        name: of the layer; run: its number, from 0.
        passes, passes_run: that it has; that were simulated.
        cycles_model: of the passes that were simulated, by the model.
        cycles_verilog: of the same, by the Verilog.
        cycles_of_all: of all its passes, by the model.
        results: sums compared, and values behind the post-processing.
        clocked: cycles simulated, those behind a pass's end too.
        reason: why part of its ending is not on the accelerator; else empty.
        agrees: every result, cycle count and class is equal.
    """

    name: str
    run: int
    passes: int
    passes_run: int
    cycles_model: int
    cycles_verilog: int
    cycles_of_all: int
    results: int
    clocked: int
    reason: str
    agrees: bool


def agrees(expected: Expected, found: PassRun | str, drains: bool) -> bool:
    """Is everything equal? Results count where the pass drains."""
    if isinstance(found, str):
        return False
    if (found.cycles, found.classes) != (expected.cycles, expected.classes):
        return False
    if not drains:
        return True
    same = np.array_equal(found.sums, expected.sums)
    same = same and np.array_equal(found.overflow, expected.overflow)
    if expected.values is None or found.values is None:
        return same and expected.values is found.values
    return same and np.array_equal(found.values, expected.values)
