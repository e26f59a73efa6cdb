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
from sparsesim.search.images import Batch, margins, right
from sparsesim.search.replay import Replay, Route, Tensors
from sparsesim.search.units import Unit

_MIB = 1 << 20


@dataclass(frozen=True, eq=False)
class Kept:
    """A batch with what its suffixes start from.

    Attributes:
        tensors: by name, images first.
        labels: int64 classes, shape (images,).
        margins: of the graph as it is, shape (images,): its value for an image's class less the
            largest of the others before it or behind it; below 0 where its answer is wrong.
    """

    tensors: Tensors
    labels: np.ndarray
    margins: np.ndarray

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

    def baseline(self) -> int:
        """Right answers of the graph as it is."""
        return sum(int((batch.margins >= 0).sum()) for chunk in self.chunks() for batch in chunk)

    def chunks(self) -> Iterator[list[Kept]]:
        """All images, chunk by chunk; in each those come first whose answer is the least certain.

        What a candidate loses shows early then, and a bad one is given up after a few batches.
        """
        if self._chunks is not None:
            yield from self._chunks
            return
        first = True
        chunk: list[Kept] = []
        size = 0
        for group in _groups(self._stream(), thread_count()):
            kept = each(self._keep_batch, [(batch,) for batch in group])
            if chunk and size + sum(batch.bytes for batch in kept) > self._limit:
                yield sorted_by_margin(chunk)
                chunk, size, first = [], 0, False
            chunk += kept
            size += sum(batch.bytes for batch in kept)
        chunk = sorted_by_margin(chunk)
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
        outputs, kept = self.replay.base(batch.feed, self._keep)
        return Kept(kept, batch.labels, margins(outputs, batch.labels))


def sorted_by_margin(chunk: Sequence[Kept]) -> list[Kept]:
    """The images of batches in other batches, those of the least margin first.

    Args:
        chunk: batches; where they hold one run each, runs are only put into another order.
    """
    sizes = [len(batch.labels) for batch in chunk]
    rows = {len(array) for batch in chunk for array in batch.tensors.values()}
    if max(sizes) == 1 or not rows <= set(sizes):
        return sorted(chunk, key=lambda batch: batch.margins.min())
    order = np.argsort(np.concatenate([batch.margins for batch in chunk]), kind="stable")
    ends = np.cumsum(sizes)[:-1]

    def put(arrays: list[np.ndarray]) -> list[np.ndarray]:
        return np.split(np.concatenate(arrays)[order], ends)

    tensors = {name: put([b.tensors[name] for b in chunk]) for name in chunk[0].tensors}
    labels, sorted_margins = put([b.labels for b in chunk]), put([b.margins for b in chunk])
    return [
        Kept({name: parts[i] for name, parts in tensors.items()}, labels[i], sorted_margins[i])
        for i in range(len(chunk))
    ]


def _groups(items: Any, size: int) -> Iterator[list[Any]]:
    items = iter(items)
    while group := list(islice(items, size)):
        yield group
