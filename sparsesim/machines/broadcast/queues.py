"""How deep this machine's queues must be for a network: one a PE, of broadcast activations."""

from __future__ import annotations

from functools import partial

from sparsesim.machines.broadcast.parameters import DEPTHS, BroadcastArray
from sparsesim.machines.passes import Passes
from sparsesim.report.queues import queues_text
from sparsesim.tuning.queues.rules import QueueRules
from sparsesim.tuning.queues.study import QueueStudy


def never_full(passes: Passes, array: BroadcastArray) -> int:
    """A queue that holds all that a pass may send never is: its elements of K, turn after turn."""
    turns = passes.positions * -(-passes.filters // array.tile_filters)
    return int((turns * passes.elements).max()) + 1


def _outline(array: BroadcastArray) -> str:
    return f"{array.pes}-PE broadcast, {array.units} unit{'s' * (array.units > 1)}"


def _said(depth: int) -> str:
    return f"Depth {depth} loses"


RULES = QueueRules(
    array=BroadcastArray,
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


size_queues = QueueStudy(RULES).size_queues
text = partial(queues_text, rules=RULES)
