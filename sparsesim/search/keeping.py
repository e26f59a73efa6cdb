"""Images with the tensors that suffixes start from, the least certain answers first, in chunks
that fit a stated memory.

What a candidate loses shows at once in that order, and the rest can be taken to be right: so a bad
one is given up after a few batches, also where not all images fit the memory at once. Then they are
run twice: once to learn how certain each is, and once in the order of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from sparsesim.engine.threads import each, thread_count
from sparsesim.search.images import Batch, margins, side_by_side
from sparsesim.search.replay import Replay, Tensors


@dataclass(frozen=True, eq=False)
class Kept:
    """A batch with what its suffixes start from.

    Attributes:
        tensors: by name, images first.
        labels: int64 classes, shape (images,).
        margins: of the graph as it is, shape (images,): its value for an image's class less the
            largest of the others before it or behind it; below 0 where its answer is wrong.
        runs: of the model; one an image where the batch may be cut anywhere.
    """

    tensors: Tensors
    labels: np.ndarray
    margins: np.ndarray
    runs: int

    @property
    def bytes(self) -> int:
        """Of the kept tensors."""
        return sum(array.nbytes for array in self.tensors.values())


class Keeper:
    """Runs the graph as it is on all images.

    Args:
        replay: of the graph.
        keep: names of the tensors to keep.
        stream: gives the batches, from the first on, as often as it is called.
        limit: bytes of kept tensors at a time; at least one batch is kept.
    """

    def __init__(
        self, replay: Replay, keep: set[str], stream: Callable[[], Iterator[Batch]], limit: int
    ) -> None:
        self._replay, self._keep, self._stream, self._limit = replay, keep, stream, limit
        self._all: list[Kept] | None = None  # kept for good where all images fit
        self._margins: list[np.ndarray] = []  # of each run
        self._bytes = 0  # of a run

    def baseline(self) -> int:
        """Right answers of the graph as it is."""
        self._look()
        return sum(int((margin >= 0).sum()) for margin in self._margins)

    def chunks(self) -> Iterator[list[Kept]]:
        """All images, chunk by chunk, the least certain first."""
        self._look()
        if self._all is not None:
            yield self._all
            return
        order = np.argsort([margin.min() for margin in self._margins], kind="stable")
        batch = max(1, min(len(order), next(self._stream()).runs))
        size = max(batch, self._limit // max(1, self._bytes) // batch * batch)
        for first in range(0, len(order), size):
            chunk = sorted_by_margin(list(self._kept(set(order[first : first + size]), batch)))
            yield chunk
            chunk.clear()  # the caller still holds the list: its tensors go before the next ones

    def _look(self) -> None:
        """The first time: keep all images where they fit, else only their margins."""
        if self._margins:
            return
        kept: list[Kept] = []
        size = 0
        fits = True
        for group in groups(self._stream(), thread_count()):
            names = self._keep if fits else set()
            for found in each(lambda batch: self._run(batch, names), [(one,) for one in group]):  # noqa: B023
                self._margins += np.split(found.margins, found.runs)
                self._bytes = max(self._bytes, found.bytes // found.runs)
                size += found.bytes
                kept.append(found)
            if fits and size > self._limit and len(kept) > 1:
                fits = False
                kept.clear()
            elif not fits:
                kept.clear()
        if fits:
            self._all = sorted_by_margin(kept)

    def _kept(self, wanted: set[int], size: int) -> Iterator[Kept]:
        """The runs of these numbers, in batches of `size` runs."""
        for group in groups(_chosen(self._stream(), wanted, size), thread_count()):
            yield from each(lambda batch: self._run(batch, self._keep), [(one,) for one in group])

    def _run(self, batch: Batch, names: set[str]) -> Kept:
        outputs, kept = self._replay.base(batch.feed, names)
        # Copies: what ONNX Runtime gives lies in its arena, which never gives memory back.
        tensors = {name: array.copy() for name, array in kept.items()}
        return Kept(tensors, batch.labels, margins(outputs, batch.labels), batch.runs)


def sorted_by_margin(chunk: Sequence[Kept]) -> list[Kept]:
    """The images of batches in other batches, those of the least margin first.

    Args:
        chunk: batches; where a run has several images, runs are only put into another order. Their
            tensors are taken out of them one by one: two copies of all would not fit.
    """
    sizes = [len(batch.labels) for batch in chunk]
    rows = {len(array) for batch in chunk for array in batch.tensors.values()}
    if any(batch.runs < len(batch.labels) for batch in chunk) or not rows <= set(sizes):
        return sorted(chunk, key=lambda batch: batch.margins.min())
    order = np.argsort(np.concatenate([batch.margins for batch in chunk]), kind="stable")
    ends = np.cumsum(sizes)[:-1]

    def put(arrays: list[np.ndarray]) -> list[np.ndarray]:
        return np.split(np.concatenate(arrays)[order], ends)

    names = list(chunk[0].tensors)
    tensors = {name: put([b.tensors.pop(name) for b in chunk]) for name in names}
    labels, sorted_margins = put([b.labels for b in chunk]), put([b.margins for b in chunk])
    return [
        Kept({name: parts[i] for name, parts in tensors.items()}, labels[i], sorted_margins[i], n)
        for i, n in enumerate(sizes)
    ]


def groups(items: Any, size: int) -> Iterator[list[Any]]:
    """Items, so many at a time; the last may be fewer."""
    items = iter(items)
    while group := list(islice(items, size)):
        yield group


def _chosen(stream: Iterator[Batch], wanted: set[int], size: int) -> Iterator[Batch]:
    """The runs of these numbers in batches of their own."""
    number = 0
    feeds: list[Tensors] = []
    labels: list[np.ndarray] = []
    for batch in stream:
        of_run = np.split(batch.labels, batch.runs)
        for index in range(batch.runs):
            if number in wanted:
                alone = batch.runs == 1
                feeds.append(
                    {
                        name: a if alone else np.split(a, batch.runs)[index]
                        for name, a in batch.feed.items()
                    }
                )
                labels.append(of_run[index])
                if len(feeds) == size:
                    yield _joined(feeds, labels)
                    feeds, labels = [], []
            number += 1
    if feeds:
        yield _joined(feeds, labels)


def _joined(feeds: Sequence[Tensors], labels: Sequence[np.ndarray]) -> Batch:
    return Batch(side_by_side(feeds), np.concatenate(labels), len(feeds))
