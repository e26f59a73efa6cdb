"""What a model takes (`InputSpec`) and what it is given, image by image (`Inputs`).

Not the readers: one kind of file each has its own module beside this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice

import numpy as np

from sparsesim.errors import InputError

Feed = dict[str, np.ndarray]


@dataclass(frozen=True)
class InputSpec:
    """One input of a model.

    Args:
        name: as in the model.
        shape: None stands for a free dimension; the first axis is the batch.
        dtype: of the values.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", np.dtype(self.dtype))

    @property
    def batch(self) -> int:
        """Rows of the first axis that one run takes: its fixed size, or 1 where it is free."""
        return self.shape[0] or 1 if self.shape else 1

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether one image of this shape (without the batch axis) fits."""
        wanted = self.shape[1:]
        return len(shape) == len(wanted) and all(
            size is None or size == came for size, came in zip(wanted, shape, strict=True)
        )

    def __str__(self) -> str:
        sizes = ["any" if size is None else str(size) for size in self.shape]
        if sizes and sizes[0] == "any":
            sizes[0] = "n"
        return f"{self.dtype} [{', '.join(sizes)}]"


@dataclass(frozen=True, eq=False)
class Inputs:
    """Images ready to feed; iterating decodes one at a time, and may be done again and again.

    Args:
        count: images; where a model's batch is fixed at n > 1, an image is one whole batch.
        labels: int64 classes, shape (count,), or (count, n) for a fixed batch; None: unknown.
        source: where they came from and how they were prepared, for the report.
        random: drawn, not real: every report must say so.
        stream: yields every feed from the first one on; may hold more than `count`.
        raw: yields the bytes that `sha256` covers; None: the fed arrays themselves.
    """

    count: int
    labels: np.ndarray | None
    source: str
    random: bool
    stream: Callable[[], Iterator[Feed]]
    raw: Callable[[], Iterator[bytes]] | None = None

    def feeds(self) -> Iterator[Feed]:
        """Input name -> array with its batch axis, for each image in turn.

        Raises:
            InputError: a file turns out damaged, or holds a NaN or an infinity.
        """
        for index, feed in enumerate(islice(self.stream(), self.count)):
            for name, values in feed.items():
                if values.dtype.kind == "f" and not np.isfinite(values).all():
                    raise InputError(
                        f"input '{name}', image {index}: holds a NaN or an infinity; "
                        "inputs must be finite"
                    )
            yield feed

    def __iter__(self) -> Iterator[Feed]:
        return self.feeds()

    def __len__(self) -> int:
        return self.count

    @cached_property
    def sha256(self) -> str:
        """Hex digest of what is fed; for pictures of the stored files and their preparation."""
        digest = hashlib.sha256()
        for part in self.raw() if self.raw else _fed_bytes(self.feeds()):
            digest.update(part)
        return digest.hexdigest()


def picked(inputs: Inputs, indices: Sequence[int], said: str) -> Inputs:
    """Some of the images; those between are read, too.

    Args:
        inputs: of them all.
        indices: rising, each below `inputs.count`; one or more.
        said: which they are, for reports.
    """
    wanted, raw = frozenset(indices), inputs.raw
    last = max(wanted) + 1

    def stream() -> Iterator[Feed]:
        return (feed for index, feed in enumerate(islice(inputs.feeds(), last)) if index in wanted)

    return replace(
        inputs,
        count=len(wanted),
        labels=None if inputs.labels is None else inputs.labels[np.array(indices)],
        source=f"{inputs.source}, {said}",
        stream=stream,
        raw=None if raw is None else lambda: chain((said.encode(),), raw()),
    )


def count_images(total: int, batch: int, images: int | None, where: str) -> int:
    """How many images to feed.

    Args:
        total: rows that there are.
        batch: rows that one run takes.
        images: how many are asked for; None: all.
        where: names the source in errors.
    Raises:
        InputError: none there, fewer than one batch, or more asked for than there are.
    """
    runs = total // batch
    if total < 1:
        raise InputError(f"{where}: holds no images")
    if runs == 0:
        raise InputError(
            f"{where}: holds {total} images; the model's batch is fixed, give at least {batch}"
        )
    if images is None:
        return runs
    if not 1 <= images <= runs:
        raise InputError(f"images {images} is out of range; use 1 to {runs}, all of {where}")
    return images


def group_labels(labels: np.ndarray | None, count: int, batch: int) -> np.ndarray | None:
    """The labels of the first `count` images: (count,), or (count, batch) for a fixed batch."""
    if labels is None:
        return None
    used = labels[: count * batch]
    return used if batch == 1 else used.reshape(count, batch)


def _fed_bytes(feeds: Iterator[Feed]) -> Iterator[bytes]:
    for feed in feeds:
        for name, values in sorted(feed.items()):
            yield f"{name} {values.dtype} {values.shape}".encode()
            yield values.tobytes()
