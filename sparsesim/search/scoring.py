"""Counting right answers of candidates, batches side by side, only as far as they can matter.

Images are taken in chunks whose kept tensors fit a stated memory; within one, each candidate runs
from its own first changed layer on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from sparsesim.engine.threads import each, thread_count
from sparsesim.search.change import Change
from sparsesim.search.images import Batch, right
from sparsesim.search.replay import Replay, Route, Tensors
from sparsesim.search.units import Unit

_MIB = 1 << 20


@dataclass(frozen=True, eq=False)
class Kept:
    """A batch with what its suffixes start from."""

    tensors: Tensors
    labels: np.ndarray

    @property
    def bytes(self) -> int:
        """Of the kept tensors."""
        return sum(array.nbytes for array in self.tensors.values())


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
        self._stream, self._limit = stream, memory_mib * _MIB
        whole = replay.whole()
        self._routes = {
            unit: replay.behind(*unit.reaches(replay.graph)) if reuse else whole for unit in units
        }
        layers = [name for unit in units for name in unit.reaches(replay.graph)[0]]
        outputs = [name for unit in units for name in unit.reaches(replay.graph)[1]]
        self._joint = replay.behind(layers, outputs) if reuse else whole
        needs = {name for route in self._routes.values() for name in route.needs}
        self._keep = needs | set(self._joint.needs)
        self._chunks: list[list[Kept]] | None = None  # kept for good where all images fit

    @property
    def fits(self) -> bool:
        """All images are one chunk, known behind `chunks`."""
        return self._chunks is not None

    def baseline(self) -> int:
        """Right answers of the graph as it is."""
        return sum(
            sum(self._count(chunk, self.replay.whole(), Change())) for chunk in self.chunks()
        )

    def chunks(self) -> Iterator[list[Kept]]:
        """All images, chunk by chunk."""
        if self._chunks is not None:
            yield from self._chunks
            return
        stream, first = self._stream(), True
        chunk: list[Kept] = []
        size = 0
        for group in _groups(stream, thread_count()):
            kept = each(self._keep_batch, [(batch,) for batch in group])
            if chunk and size + sum(batch.bytes for batch in kept) > self._limit:
                yield chunk
                chunk, size, first = [], 0, False
            chunk += kept
            size += sum(batch.bytes for batch in kept)
        if first:
            self._chunks = [chunk]
        yield chunk

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
        for group in _groups(chunk, 2 * thread_count()):
            found += sum(self._count(group, route, change))
            left -= sum(len(batch.labels) for batch in group)
            if found + left < needed:
                return None
        return found

    def _count(self, chunk: Sequence[Kept], route: Route, change: Change) -> list[int]:
        def count(batch: Kept) -> int:
            return right(self.replay.run(batch.tensors, route, change), batch.labels)

        return each(count, [(batch,) for batch in chunk])

    def _keep_batch(self, batch: Batch) -> Kept:
        names = self._keep | {value.name for value in self.replay.graph.inputs}
        _, kept = self.replay.base(batch.feed, names)
        return Kept(kept, batch.labels)


def _groups(items: Any, size: int) -> Iterator[list[Any]]:
    items = iter(items)
    while group := list(islice(items, size)):
        yield group
