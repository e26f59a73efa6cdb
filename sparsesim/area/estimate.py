"""`estimate`: resources of a whole accelerator, for sweeps that cannot synthesise each point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.buffers import buffer_bram36
from sparsesim.area.model import part_resources
from sparsesim.area.resources import Resources
from sparsesim.area.table import Design

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_PE = ("window", "lanes", "queue_depth", "act_bits", "weight_bits", "acc_bits")
_ARRAY = ("window", "queue_depth", "feed_latency", "act_bits", "weight_bits", "acc_bits")


def estimate(accelerator: Accelerator, family: str) -> Resources:
    """PEs, feeders, drains, a decoder a line, post-processing a column, and the buffers' block RAM.

    Args:
        accelerator: its class counters are off; its bus registers are left out.
        family: `xc7`, `xcup` or `ecp5`.
    Returns:
        of the whole accelerator.
    Source: the table of synthesis runs (`table.TABLE`), docs/results/synthesis.md.
    """
    total = Resources()
    for part, times in parts_of(accelerator, family):
        total += part_resources(part) * times
    return (total + Resources(bram36=buffer_bram36(accelerator))).rounded()


def parts_of(accelerator: Accelerator, family: str) -> list[tuple[Design, int]]:
    """The parts of an accelerator, and how many there are of each."""
    rows, cols, window = accelerator.rows, accelerator.cols, accelerator.window
    return [
        (
            Design("pe", family, accelerator.skipping, **_values(accelerator, _PE)),
            rows * cols,
        ),
        (
            Design("array", family, "", **_values(accelerator, _ARRAY), rows=rows, cols=cols),
            1,
        ),
        (
            Design("postprocess", family, window=window, acc_bits=accelerator.acc_bits),
            cols,
        ),
        (Design("decoder", family, window=window, act_bits=accelerator.weight_bits), rows),
        (Design("decoder", family, window=window, act_bits=accelerator.act_bits), cols),
    ]


def _values(accelerator: Accelerator, names: tuple[str, ...]) -> dict[str, int]:
    return {name: getattr(accelerator, name) for name in names}
