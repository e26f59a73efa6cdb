"""What a machine's queues are, as far as sizing them asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sparsesim.machines.passes import Passes
from sparsesim.spec.base import Spec


@dataclass(frozen=True)
class QueueRules:
    """Queues whose depth one key of an array sets; a deeper one never costs a cycle.

    Attributes:
        array: the machine's parameters.
        key: of the array: the depth.
        least, most: depths that an array may have.
        never_full: (passes, array) -> the depth from which on queues never are, in any pass.
        outline: array -> the machine in a line, without its queues.
        said: depth -> subject and verb of what it loses: `28 windows lose`.
        longest: what the last column of the table by layer counts, as a sentence goes on, by
            lines.
    """

    array: type[Spec]
    key: str
    least: int
    most: int
    never_full: Callable[[Passes, Any], int]
    outline: Callable[[Any], str]
    said: Callable[[int], str]
    longest: tuple[str, ...]
