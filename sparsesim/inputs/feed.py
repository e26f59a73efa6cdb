"""What a model takes (`InputSpec`) and what it is given, run by run (`Inputs`).

An image is one sample; a run is one execution of the model, of one image, or of several where the
model's batch is fixed.

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
        shape: None stands for a free dimension.
        dtype: of the values.
        batch_axis: along which images lie; None: a run takes the whole input for one.
        doubt: why it is only assumed that there is no such axis; empty: it is not.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype
    batch_axis: int | None = 0
    doubt: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
        if not self.shape:
            object.__setattr__(self, "batch_axis", None)

    @property
    def batch(self) -> int:
        """Images that one run takes: the fixed size of the batch axis; 1 where that is free, or
        there is none."""
        return 1 if self.batch_axis is None else self.shape[self.batch_axis] or 1

    @property
    def item(self) -> tuple[int | None, ...]:
        """The shape of one image: without the batch axis."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.batch_axis)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether one image of this shape (without the batch axis) fits."""
        return fits(shape, self.item)

    def stacked(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """One run's array of as many images as it takes."""
        return images[0] if self.batch_axis is None else np.stack(images, self.batch_axis)

    def __str__(self) -> str:
        sizes = ["any" if size is None else str(size) for size in self.shape]
        if self.batch_axis is not None and sizes[self.batch_axis] == "any":
            sizes[self.batch_axis] = "n"
        return f"{self.dtype} [{', '.join(sizes)}]"


def fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether a shape is one that leaves some lengths free."""
    return len(shape) == len(wanted) and all(
        size is None or size == came for size, came in zip(wanted, shape, strict=True)
    )


def images_per_run(expected: Sequence[InputSpec]) -> int:
    """Images that one run of a model takes: those of its inputs that take several, if these agree.

    Args:
        expected: the model's inputs.
    """
    several = {spec.batch for spec in expected if spec.batch > 1}
    return several.pop() if len(several) == 1 else 1


def doubts(expected: Sequence[InputSpec]) -> tuple[str, ...]:
    """What must be said where it is only assumed what an image is."""
    found = [
        f"input '{spec.name}' {list_of(spec)}: {spec.doubt}; one run is taken for one image, "
        f"--batch-axis {spec.name}=0 says otherwise"
        for spec in expected
        if spec.doubt
    ]
    several = sorted({spec.batch for spec in expected if spec.batch > 1})
    if len(several) > 1:
        found.append(
            f"inputs take {' and '.join(map(str, several))} images each; one run is taken for one "
            "image, --batch-axis says otherwise"
        )
    return tuple(found)


def list_of(spec: InputSpec) -> str:
    """An input's sizes without its type: `[24, 85]`."""
    return str(spec).partition(" ")[2]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Runs ready to feed; iterating decodes one at a time, and may be done again and again.

    Args:
        count: runs: executions of the model.
        labels: int64 classes, shape (count,), or (count, n) for n images a run; None: unknown.
        source: where they came from and how they were prepared, for the report.
        random: drawn, not real: every report must say so.
        stream: yields every feed from the first one on; may hold more than `count`.
        raw: yields the bytes that `sha256` covers; None: the fed arrays themselves.
        images_per_run: more than 1 where the model's batch is fixed.
        warnings: what reports must say of them.
    """

    count: int
    labels: np.ndarray | None
    source: str
    random: bool
    stream: Callable[[], Iterator[Feed]]
    raw: Callable[[], Iterator[bytes]] | None = None
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """Images in all runs."""
        return self.count * self.images_per_run

    def at_most(self, images: int) -> int:
        """Images in the runs that hold no more than so many; those of one run at least."""
        size = self.images_per_run
        return max(size, min(images, self.images) // size * size)

    def feeds(self) -> Iterator[Feed]:
        """Input name -> array with its batch axis, for each run in turn.

        Raises:
            InputError: a file turns out damaged, or holds a NaN or an infinity.
        """
        what = "image" if self.images_per_run == 1 else "run"
        for index, feed in enumerate(islice(self.stream(), self.count)):
            for name, values in feed.items():
                if values.dtype.kind == "f" and not np.isfinite(values).all():
                    raise InputError(
                        f"input '{name}', {what} {index}: holds a NaN or an infinity; "
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
    """Some of the runs; those between are read, too.

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


@dataclass(frozen=True)
class Share:
    """How much of a source is fed.

    Attributes:
        runs: of the model.
        images: in them.
        left: images behind them that would not fill a run, though they were asked for.
        total: that there are.
        batch: images that one run takes.
    """

    runs: int
    images: int
    left: int
    total: int
    batch: int

    def __str__(self) -> str:
        left = f", {self.left} left out" if self.left else ""
        return f"{self.images} of {self.total} images{left}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be said where images are left out."""
        if not self.left:
            return ()
        return (
            f"{self.left} of {self.images + self.left} images left out: the model's batch is fixed "
            f"at {self.batch}",
        )


def count_images(total: int, batch: int, images: int | None, where: str) -> Share:
    """How many images to feed.

    Args:
        total: images that there are.
        batch: images that one run takes.
        images: how many are asked for; None: all.
        where: names the source in errors.
    Raises:
        InputError: none there, fewer than one batch, or more asked for than there are.
    """
    if total < 1:
        raise InputError(f"{where}: holds no images")
    if total < batch:
        raise InputError(
            f"{where}: holds {total} images; the model's batch is fixed, give at least {batch}"
        )
    if images is not None and not batch <= images <= total:
        why = f"; the model's batch is fixed at {batch}" if batch > 1 else ""
        raise InputError(
            f"images {images} is out of range; use {batch} to {total}, all of {where}{why}"
        )
    wanted = total if images is None else images
    runs = wanted // batch
    return Share(runs, runs * batch, wanted % batch, total, batch)


def group_labels(labels: np.ndarray | None, count: int, batch: int) -> np.ndarray | None:
    """The labels of the first `count` runs: (count,), or (count, batch) for a fixed batch."""
    if labels is None:
        return None
    used = labels[: count * batch]
    return used if batch == 1 else used.reshape(count, batch)


def _fed_bytes(feeds: Iterator[Feed]) -> Iterator[bytes]:
    for feed in feeds:
        for name, values in sorted(feed.items()):
            yield f"{name} {values.dtype} {values.shape}".encode()
            yield values.tobytes()
