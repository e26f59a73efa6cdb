"""How deep this machine's queues must be for a network: two a PE, of windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from sparsesim.figures import plural
from sparsesim.machines.inner_join.counting import longest_pass_windows
from sparsesim.machines.inner_join.parameters import DEEPEST, InnerJoinArray
from sparsesim.report.queues import queues_text
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.trace import Trace
from sparsesim.tuning.queues.records import Queues
from sparsesim.tuning.queues.rules import QueueRules
from sparsesim.tuning.queues.sizing import sized


def _outline(array: InnerJoinArray) -> str:
    return array.outline


def _said(depth: int) -> str:
    return f"{plural(depth, 'window')} {'loses' if depth == 1 else 'lose'}"


RULES = QueueRules(
    key="queue_depth",
    least=1,
    most=DEEPEST,
    never_full=longest_pass_windows,
    outline=_outline,
    said=_said,
    longest=("windows of", "its longest pass. Queues as deep as a pass is long are never full."),
)


def size_queues(
    trace: Trace,
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
    *,
    loss: float = 0.01,
    progress: Callable[[int], Any] | None = None,
) -> Queues:
    """The smallest queue depths within a loss, layer by layer and for the whole network.

    Args:
        trace: of `execute`, or loaded; the bits of all its images are held.
        accelerator: default: all its defaults; counted under its own scheme.
        device: gives the DRAM bandwidth and prices the array; default: XCZU9EG on the ZCU102.
        loss: share of the total cycles with unbounded queues that may be lost, 0 to below 1.
        progress: called with the number of layers done.
    Raises:
        SpecError: a loss out of range, another machine, a layer that does not fit the buffers.
        ModelError: no layer has work.
    """
    return sized(RULES, InnerJoinArray, trace, *resolve(accelerator, device), loss, progress)


def text(found: Queues) -> RenderableType:
    """The report of `size_queues`."""
    return queues_text(found, RULES, InnerJoinArray)
