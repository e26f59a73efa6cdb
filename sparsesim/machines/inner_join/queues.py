"""How deep this machine's queues must be for a network: two a PE, of windows."""

from __future__ import annotations

from functools import partial

from sparsesim.figures import plural
from sparsesim.machines.inner_join.counting import longest_pass_windows
from sparsesim.machines.inner_join.parameters import DEEPEST, InnerJoinArray
from sparsesim.report.queues import queues_text
from sparsesim.tuning.queues.rules import QueueRules
from sparsesim.tuning.queues.study import QueueStudy


def _outline(array: InnerJoinArray) -> str:
    return array.outline


def _said(depth: int) -> str:
    return f"{plural(depth, 'window')} {'loses' if depth == 1 else 'lose'}"


RULES = QueueRules(
    array=InnerJoinArray,
    key="queue_depth",
    least=1,
    most=DEEPEST,
    never_full=longest_pass_windows,
    outline=_outline,
    said=_said,
    longest=("windows of", "its longest pass. Queues as deep as a pass is long are never full."),
)


size_queues = QueueStudy(RULES).size_queues
text = partial(queues_text, rules=RULES)
