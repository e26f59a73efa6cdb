"""How deep this machine's queues must be for a network: one a PE, of broadcast activations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from sparsesim.machines.broadcast.parameters import DEPTHS, BroadcastArray
from sparsesim.machines.passes import Passes
from sparsesim.report.queues import queues_text
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.trace import Trace
from sparsesim.tuning.queues.records import Queues
from sparsesim.tuning.queues.rules import QueueRules
from sparsesim.tuning.queues.sizing import sized


def never_full(passes: Passes, array: BroadcastArray) -> int:
    """A queue that holds all that a pass may send never is: its elements of K, turn after turn."""
    turns = passes.positions * -(-passes.filters // array.tile_filters)
    return int((turns * passes.elements).max()) + 1


def _outline(array: BroadcastArray) -> str:
    return f"{array.pes}-PE broadcast, {array.units} unit{'s' * (array.units > 1)}"


def _said(depth: int) -> str:
    return f"Depth {depth} loses"


RULES = QueueRules(
    key="queue_depth",
    least=DEPTHS[0],
    most=DEPTHS[1],
    never_full=never_full,
    outline=_outline,
    said=_said,
    longest=(
        "elements",
        "that its longest pass looks at, plus 1: a queue that deep is never full. One of",
        "depth D holds D - 1 activations.",
    ),
)


def size_queues(
    trace: Trace,
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
    *,
    loss: float = 0.01,
    progress: Callable[[int], Any] | None = None,
) -> Queues:
    """The smallest queue depths within a loss; arguments as those of other machines' studies.

    Raises:
        SpecError: a loss out of range, another machine, a layer that does not fit the buffers.
        ModelError: no layer has work.
    """
    return sized(RULES, BroadcastArray, trace, *resolve(accelerator, device), loss, progress)


def text(found: Queues) -> RenderableType:
    """The report of `size_queues`."""
    return queues_text(found, RULES, BroadcastArray)
