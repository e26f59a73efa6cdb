"""Synthesis of a whole accelerator, part by part: each part once, counted as often as it is there.

Its class counters are off and its bus registers are left out. The on-chip buffers are no modules:
their block RAM is computed from width and depth (`sparsesim.area.buffers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsesim.area.buffers import buffer_bram36
from sparsesim.errors import SpecError
from sparsesim.spec import Accelerator
from sparsesim.synth.cells import Counts
from sparsesim.synth.run import Synthesis, synthesise

MOST_PES = 4096
"""PEs of the largest array that is given to Yosys: it takes minutes and gigabytes."""

STEPS = 4
"""Runs of Yosys: the array with its PE, post-processing, and a decoder for each operand."""

_PE = ("WINDOW", "LANES", "QUEUE_DEPTH", "SKIPPING", "ACT_W", "WEIGHT_W", "ACC_W")


@dataclass(frozen=True)
class Row:
    """A part of an accelerator.

    Attributes:
        name: words for a reader.
        times: how many there are.
        counts: of one.
    """

    name: str
    times: int
    counts: Counts


@dataclass(frozen=True)
class SynthesisedAccelerator:
    """An accelerator's parts.

    Attributes:
        accelerator: it.
        family: for which it was mapped.
        rows: its parts; the first is the PE, the last the buffers.
        array: the array's synthesis, PEs among it.
        yosys: its version.
        logs: what Yosys printed, a file a part.
    """

    accelerator: Accelerator
    family: str
    rows: tuple[Row, ...]
    array: Synthesis
    yosys: str
    logs: tuple[Path, ...]

    @property
    def total(self) -> Counts:
        """All parts."""
        return sum((row.counts * row.times for row in self.rows), Counts())


def synthesise_accelerator(
    accelerator: Accelerator,
    family: str,
    progress: Callable[[int], Any] | None = None,
) -> SynthesisedAccelerator:
    """Synthesise all parts of an accelerator, or find those that were synthesised before.

    Args:
        accelerator: what to synthesise.
        family: one of `FAMILIES`.
        progress: called with how many of `STEPS` are done.
    Raises:
        SpecError: unknown family, an array that is too large.
        SparseSimError: Yosys is missing or fails.
    """
    rows, cols, window = accelerator.rows, accelerator.cols, accelerator.window
    if rows * cols > MOST_PES:
        raise SpecError(
            f"rows {rows} x cols {cols}: {rows * cols} PEs are too many to synthesise; use up to "
            f"{MOST_PES}, or the area model"
        )
    parameters = accelerator.rtl_parameters()
    designs = [
        ("inner_join_array", parameters),
        ("sparsesim_postprocess", {"WINDOW": window, "ACC_W": accelerator.acc_bits}),
        ("sparsesim_bitmask_decoder", {"WINDOW": window, "OPERAND_W": accelerator.weight_bits}),
        ("sparsesim_bitmask_decoder", {"WINDOW": window, "OPERAND_W": accelerator.act_bits}),
    ]
    found = []
    for module, values in designs:
        found.append(synthesise(module, values, family))
        if progress is not None:
            progress(len(found))
    array, post, weight, act = found
    pe = array.parts["inner_join_pe"]
    rest = array.counts + pe.counts * -pe.instances
    parts = (
        Row("PE", pe.instances, pe.counts),
        Row("feeders, drains, control", 1, rest),
        Row("post-processing, a column", cols, post.counts),
        Row("weight decoder, a row", rows, weight.counts),
        Row("activation decoder, a column", cols, act.counts),
        Row("on-chip buffers, computed", 1, Counts(bram36=buffer_bram36(accelerator))),
    )
    logs = tuple(part.log for part in found)
    return SynthesisedAccelerator(accelerator, family, parts, array, array.yosys, logs)


def synthesise_pe(accelerator: Accelerator, family: str) -> Synthesis:
    """One PE of an accelerator by itself, which can be placed."""
    values = accelerator.rtl_parameters()
    values["LANES"] = min(accelerator.lanes, accelerator.window)
    return synthesise("inner_join_pe", {name: values[name] for name in _PE}, family)
