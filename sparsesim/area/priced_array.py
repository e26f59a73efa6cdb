"""A dense array that is priced as its machine's parts have it, and shares nothing with another.

What is its machine's own is how little time it needs (`DenseArray.least_seconds`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sparsesim.area.dense import total_cycles
from sparsesim.area.estimate import estimate
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry
from sparsesim.spec import Accelerator


@dataclass(frozen=True, eq=False)
class PricedArray:
    """See `sparsesim.area.rivalry.DenseArray`.

    Attributes:
        rivalry: in which it stands.
        accelerator: it, at its own clock; its area is known.
        clock_source: where that is from.
        least_seconds: that it needs.
        least_of_each: of the array, cycles that each item of the work takes at least.
        packed_pairs: its parameters say whether multipliers share blocks.
    """

    rivalry: Rivalry
    accelerator: Accelerator
    clock_source: str
    least_seconds: float
    least_of_each: Callable[[Accelerator], Sequence[float]]
    packed_pairs: int = 0

    @property
    def clock_mhz(self) -> float:
        """Its own."""
        return self.accelerator.clock_mhz

    def resources(self) -> Resources:
        """What its parts take."""
        return self._resources

    def cycles(self, limit: int | None) -> int | None:
        """Exact total cycles of the rivalry's work."""
        rivalry, least = self.rivalry, self.least_of_each(self.accelerator)
        return total_cycles(rivalry.work, self.accelerator, rivalry.device, limit, least)

    @cached_property
    def _resources(self) -> Resources:
        found = estimate(self.accelerator, self.rivalry.family)
        assert found is not None
        return found
