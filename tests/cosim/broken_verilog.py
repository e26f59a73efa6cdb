"""Copies of the Verilog with a bug or two, each of which shows on operands made for it alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from verilog_passes import broken_copy

import sparsesim as ss
from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.simulator import Epilogue, Verilog

# Sums of 16 bits: two of the largest products overflow.
MACHINE = ss.Accelerator(rows=2, cols=2, window=4, queue_depth=4, acc_bits=16)

# file -> what stands there, what stands there instead.
WRONG_RESULTS = {
    # The product of pair 2 of a window has the wrong sign.
    "inner_join/inner_join_pe.v": (".act_i     (act)", ".act_i     (index_q == 2 ? -act : act)"),
    # An overflow is forgotten unless it is there at the end.
    "common/sparsesim_mac.v": ("outside || (overflowed_q && !fresh_q)", "outside"),
    # ReLU, whether it is asked for or not.
    "common/sparsesim_requantise.v": ("relu_i && negative_q[1]", "negative_q[1]"),
    # A window with pair 3 never comes.
    "inner_join/inner_join_fetch.v": ("assign there_o = (", "assign there_o = !pairs_o[3] && ("),
}
WRONG_TIMES = {
    # A queue of 4 is filled with 3.
    "common/sparsesim_feeder.v": (
        "{!here[SLOT_W], here[SLOT_W-1:0]};",
        "{!here[SLOT_W], here[SLOT_W-1:0]} + 3'd1;",
    ),
    # A result drains one cycle late.
    "common/sparsesim_drain.v": (".CYCLES(PE_LATENCY - 2)", ".CYCLES(PE_LATENCY - 1)"),
    # Inactive PEs are not counted as such.
    "inner_join/inner_join_class_counters.v": ("inactive_d + {15'd0, class_i[4*pe]}", "inactive_d"),
}


def broken(folder: Path, bugs: dict[str, tuple[str, str]]) -> Verilog:
    """A copy of the Verilog in a new folder, with bugs."""
    return Verilog(MACHINE, max_filters=16, folder=broken_copy(folder, bugs), trace=True)


def operands_of(
    activations: np.ndarray,
    weights: np.ndarray,
    drains: bool = True,
    epilogue: Epilogue | None = None,
    first: tuple[int, int, int] = (0, 0, 0),
) -> PassOperands:
    """Pass 3 of a layer; `first`: filter, position, window."""
    act, weight = np.asarray(activations, np.int16), np.asarray(weights, np.int16)
    filter_, position, window = first
    at = (filter_, position, window * MACHINE.window)
    return PassOperands("conv2", 0, 3, 0, *at, act, weight, drains, epilogue)


def harmless(lines: int, reduction: int, seed: int) -> np.ndarray:
    """Small operands on which no bug shows: pairs 0 and 1 of each window, some of them zero."""
    values = np.random.default_rng(seed).integers(-3, 4, (lines, reduction))
    values[:, np.arange(reduction) % 4 >= 2] = 0
    return values.astype(np.int16)


def epilogue_of(filters: int) -> Epilogue:
    """Halves every sum, without a ReLU."""
    return Epilogue(
        bias=np.zeros(filters, np.int64),
        multiplier=np.full(filters, 1 << 31, np.uint32),
        shift=np.full(filters, 32, np.uint8),
        relu=False,
        threshold=0,
        zero_point=0,
        low=-128,
        high=127,
    )
