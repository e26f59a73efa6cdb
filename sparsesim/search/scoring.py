"""Counting right answers of candidates, batches side by side, only as far as they can matter.

Images are taken in chunks whose kept tensors fit a stated memory; within one, each candidate runs
from its own first changed layer on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sparsesim.engine.threads import each, thread_count
from sparsesim.search.change import Change
from sparsesim.search.images import Batch, right
from sparsesim.search.keeping import Keeper, Kept, groups
from sparsesim.search.replay import Replay, Route
from sparsesim.search.units import Unit

_MIB = 1 << 20


class Scorer:
    """Scores changes of a graph on labelled images.

    Args:
        replay: of the graph.
        units: whose routes are prepared.
        stream: gives the batches, from the first on, as often as it is called.
        total: images in them.
        memory_mib: bound of the kept tensors; at least one batch is kept.
        reuse: run only what lies behind a change; False runs everything, for comparison.
    """

    def __init__(
        self,
        replay: Replay,
        units: Sequence[Unit],
        stream: Callable[[], Iterator[Batch]],
        total: int,
        memory_mib: int,
        reuse: bool = True,
    ) -> None:
        self.replay, self.total = replay, total
        whole = replay.whole()
        self._routes = {
            unit: replay.behind(*unit.reaches(replay.graph)) if reuse else whole for unit in units
        }
        layers = [name for unit in units for name in unit.reaches(replay.graph)[0]]
        outputs = [name for unit in units for name in unit.reaches(replay.graph)[1]]
        self._joint = replay.behind(layers, outputs) if reuse else whole
        needs = {name for route in self._routes.values() for name in route.needs}
        keep = needs | set(self._joint.needs)
        self._keeper = Keeper(replay, keep, stream, memory_mib * _MIB)

    def baseline(self) -> int:
        """Right answers of the graph as it is."""
        return self._keeper.baseline()

    def chunks(self) -> Iterator[list[Kept]]:
        """All images, chunk by chunk, those first whose answer is the least certain."""
        return self._keeper.chunks()

    def candidate(self, chunk: list[Kept], unit: Unit, limit: float, needed: int) -> int | None:
        """Right answers in a chunk with one unit at a threshold, all others as they are.

        Args:
            chunk: of `chunks`.
            unit: one of the scorer's.
            limit: its threshold.
            needed: right answers below which the candidate is of no use.
        Returns:
            the count, or None as soon as `needed` can't be reached any more.
        """
        change = unit.change(self.replay.graph, limit)
        return self._bounded(chunk, self._routes[unit], change, needed)

    def together(self, change: Change, needed: int) -> int | None:
        """Right answers over all images with everything that changes at once, or None."""
        found, left = 0, self.total
        for chunk in self.chunks():
            images = sum(len(batch.labels) for batch in chunk)
            left -= images
            count = self._bounded(chunk, self._joint, change, needed - found - left)
            if count is None:
                return None
            found += count
        return found

    def _bounded(self, chunk: list[Kept], route: Route, change: Change, needed: int) -> int | None:
        found, left = 0, sum(len(batch.labels) for batch in chunk)
        for group in groups(chunk, 2 * thread_count()):
            found += sum(self._count(group, route, change))
            left -= sum(len(batch.labels) for batch in group)
            if found + left < needed:
                return None
        return found

    def _count(self, chunk: Sequence[Kept], route: Route, change: Change) -> list[int]:
        def count(batch: Kept) -> int:
            return right(self.replay.run(batch.tensors, route, change), batch.labels)

        return each(count, [(batch,) for batch in chunk])
