"""The area of an array without its PEs: feeders, drains, result multiplexers, the cycle count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits


@dataclass(frozen=True)
class Surround:
    """All of an array but its PEs; what these skip and multiply makes no difference to it.

    Attributes:
        family: of FPGAs.
        window, queue_depth, feed_latency, act_bits, weight_bits, acc_bits, rows, cols: as of an
            accelerator.
    """

    family: str
    window: int
    queue_depth: int
    feed_latency: int
    act_bits: int
    weight_bits: int
    acc_bits: int
    rows: int
    cols: int


def _features(design: Surround) -> Features:
    rows, cols, window = design.rows, design.cols, design.window
    lines, pes = rows + cols, rows * cols
    stages = design.feed_latency - 1
    values = rows * window * (design.weight_bits + 1) + cols * window * (design.act_bits + 1)
    return {
        "one": 1,
        "lines": lines,
        "columns": cols,
        "PEs": pes,
        "heads": 2 * pes * (index_bits(design.queue_depth) + 1),
        "gated mask bits": lines * window,
        "result multiplexers": pes * (design.acc_bits + 1),
        "pipelined values": stages * values,
        "pipelined heads": 2 * stages * pes * (index_bits(design.queue_depth) + 1),
        "pipelined lines": stages * lines,
        "registered values": values,
    }


MODEL = PartModel(
    "inner_join's array",
    Surround,
    Path(__file__).with_suffix(".csv"),
    _features,
    near=lambda design: design.acc_bits,
)
