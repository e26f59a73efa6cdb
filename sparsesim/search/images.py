"""Labelled images in batches: those that the search looks at, and those that judge it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sparsesim.errors import InputError, ModelError
from sparsesim.graph import Graph
from sparsesim.inputs import Inputs
from sparsesim.inputs.feed import picked
from sparsesim.search.replay import Replay, Tensors

_BATCH, _BATCH_BYTES = 100, 32 << 20  # what layers give for a batch should stay near the caches
_TRIED = 4  # images on which a batch must give what they give alone


@dataclass(frozen=True, eq=False)
class Batch:
    """Images that run together.

    Attributes:
        feed: input name -> array.
        labels: int64 classes, shape (images,).
        runs: how many runs of the model lie side by side.
    """

    feed: Tensors
    labels: np.ndarray
    runs: int


def part(inputs: Inputs, start: int, stop: int) -> Inputs:
    """The images from `start` up to `stop`, which is not among them.

    Raises:
        InputError: not a range of these images, or one that cuts a run.
    """
    size = inputs.images_per_run
    if not 0 <= start < stop <= inputs.images:
        raise InputError(
            f"images {start}:{stop} are out of range; use A:B with 0 <= A < B <= {inputs.images}, "
            "which is all that there are"
        )
    if start % size or stop % size:
        raise InputError(
            f"images {start}:{stop} cut a run; the model's batch is fixed at {size}, use "
            "multiples of it"
        )
    runs = range(start // size, stop // size)
    return picked(inputs, runs, f"images {start} to {stop - 1}")


def read_range(text: str, option: str, count: int) -> tuple[int, int]:
    """`A:B` as two numbers; either may be left out.

    Args:
        text: what the user wrote.
        option: its name, for errors.
        count: of all images.
    Raises:
        InputError: no such range.
    """
    first, colon, last = text.partition(":")
    words = (first or "0", last or str(count))
    if not colon or not all(word.isdigit() for word in words):
        raise InputError(f"{option} {text}: is no range of images; write A:B, as 0:{count // 2}")
    return int(words[0]), int(words[1])


def two_parts(
    inputs: Inputs, search: str | None = None, test: str | None = None
) -> tuple[Inputs, Inputs]:
    """A part to search on and one to test on; by default the first and the second half.

    Raises:
        InputError: no labels, a range that is none, or two that overlap.
    """
    _check_labels(inputs)
    if inputs.count < 2:
        raise InputError(
            f"{inputs.source}: holds one run; a search takes one to search on and another to test "
            "on, or --test-inputs"
        )
    half = inputs.count // 2 * inputs.images_per_run
    a, b = read_range(search or f"0:{half}", "--search-images", inputs.images)
    c, d = read_range(test or f"{half}:", "--test-images", inputs.images)
    parts = part(inputs, a, b), part(inputs, c, d)
    if max(a, c) < min(b, d):
        raise InputError(
            f"images {max(a, c)}:{min(b, d)} are both in --search-images {a}:{b} and in "
            f"--test-images {c}:{d}; use parts that do not overlap"
        )
    return parts


def batches(inputs: Inputs, size: int) -> Iterator[Batch]:
    """Images in batches of `size` runs; the last may be short.

    Raises:
        InputError: there are no labels.
    """
    labels = _check_labels(inputs).reshape(inputs.count, -1)
    feeds = inputs.feeds()
    done = 0
    while chunk := list(islice(feeds, size)):
        yield Batch(side_by_side(chunk), labels[done : done + len(chunk)].reshape(-1), len(chunk))
        done += len(chunk)


def side_by_side(feeds: Sequence[Tensors]) -> Tensors:
    """Runs as one; a single one as it is, whatever axes its tensors have."""
    if len(feeds) == 1:
        return dict(feeds[0])
    return {name: np.concatenate([feed[name] for feed in feeds]) for name in feeds[0]}


def batch_size(replay: Replay, inputs: Inputs) -> int:
    """How many runs may be one: 1 where the model's batch is fixed or mixes its images."""
    dims = [value.type.tensor_type.shape.dim for value in replay.graph.inputs]
    if any(not axes or axes[0].HasField("dim_value") for axes in dims):
        return 1
    feeds = list(islice(inputs.feeds(), _TRIED))
    names = {name for step in replay.graph.steps for name in step.makes}
    runs = [replay.base(feed, names) for feed in feeds]
    alone = [outputs[0] for outputs, _ in runs]
    largest = _BATCH_BYTES // max(1, sum(array.nbytes for array in runs[0][1].values()))
    try:
        outputs, together = replay.base(side_by_side(feeds), names)
    except (ModelError, ValueError):
        return 1
    pairs = [(outputs[0], alone)]
    pairs += [(together[name], [kept[name] for _, kept in runs]) for name in together]
    same = all(_is_joined(whole, parts) for whole, parts in pairs)
    return max(1, min(_BATCH, largest)) if same else 1


def _is_joined(whole: object, parts: list) -> bool:
    """Whether a tensor of a batch is those of its images, one after another, to rounding."""
    if not isinstance(whole, np.ndarray) or whole.ndim == 0 or whole.dtype.kind not in "fiub":
        return False
    wanted = np.concatenate(parts)
    return whole.shape == wanted.shape and np.allclose(whole, wanted, rtol=1e-3, atol=1e-4)


def _check_labels(inputs: Inputs) -> np.ndarray:
    """The labels; InputError where there are none."""
    if inputs.labels is None:
        how = "use real, labelled images" if inputs.random else "give --labels"
        raise InputError(f"{inputs.source}: has no labels, which a search needs; {how}")
    return inputs.labels


def right(outputs: list, labels: np.ndarray) -> int:
    """Images whose largest value of the model's first output is that of their class.

    Args:
        outputs: of the model; the first holds a value for each image and class.
        labels: int64, shape (images,).
    """
    scores = outputs[0].reshape(len(labels), -1)
    return int((scores.argmax(axis=1) == labels).sum())


def margins(outputs: list, labels: np.ndarray) -> np.ndarray:
    """How far each image's answer is from the next one, in the units of the model's output.

    Args:
        outputs, labels: as for `right`.
    Returns:
        float64, shape (images,): 0 or more exactly where the answer is right.
    """
    scores = outputs[0].reshape(len(labels), -1).astype(np.float64)
    rows = np.arange(len(labels))
    others = scores.copy()
    others[rows, labels] = -np.inf
    apart = scores[rows, labels] - others.max(axis=1)
    # Of equal values the first counts as the answer.
    wrong = scores.argmax(axis=1) != labels
    return np.where(wrong & (apart >= 0), -np.finfo(np.float64).tiny, apart)


def check_labels(graph: Graph, inputs: Inputs, outputs: list) -> int:
    """The number of classes.

    Raises:
        InputError: the first output is no value for each class, or a label is none of them.
    """
    labels = inputs.labels
    assert labels is not None  # `batches` has refused it
    images = labels[:1].size
    first = outputs[0]
    classes = first.size // images if isinstance(first, np.ndarray) and first.size else 0
    if classes < 2 or max(first.shape[1:], default=0) != classes:
        shape = list(getattr(first, "shape", ()))
        raise InputError(
            f"{graph.source}: output '{graph.outputs[0]}' has shape {shape}, no value for each "
            "class; a search needs a classifier"
        )
    if int(labels.max()) >= classes:
        raise InputError(
            f"{inputs.source}: label {int(labels.max())} is out of range; the model has classes 0 "
            f"to {classes - 1}"
        )
    return classes
