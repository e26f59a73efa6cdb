"""What `choose` may look for, each by a metric of sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Goal = Literal["latency", "throughput", "energy"]


@dataclass(frozen=True)
class GoalKind:
    """A goal.

    Attributes:
        metric: of sweeps, the best of which is sought.
        words: for a heading: `the fewest milliseconds an image`.
        batches: numbers of images that may lie side by side.
    """

    metric: str
    words: str
    batches: tuple[int, ...] = (1,)


GOALS: dict[str, GoalKind] = {
    "latency": GoalKind("ms", "the least time an image"),
    "throughput": GoalKind("images_per_s", "the most images a second", (1, 2, 4, 8)),
    "energy": GoalKind("energy_uj", "the least energy an image"),
}
"""By the word that users type."""

ENERGY_NOTE = (
    "energy is by a 45 nm ASIC's table, not an FPGA's: it may order designs, its joules are not "
    "the board's"
)
"""Beside every figure of energy."""
