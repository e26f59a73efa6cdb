"""Outputs of a rewritten model against those of the model as loaded, and top-1."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesim.result.model import Accuracy, OutputError
from sparsesim.trace import ImageTrace
from sparsesim.trace.difference import is_numbers, relative_error


class OutputTally:
    """Gathers, run by run.

    Args:
        images_per_run: of each; they are told apart where all outputs have as many rows.
    """

    def __init__(self, images_per_run: int = 1) -> None:
        self._images = images_per_run
        self._errors: list[float] = []
        self._agree: list[bool] = []
        self._right: list[tuple[bool, bool]] = []

    def add(self, run: ImageTrace) -> None:
        """Take the outputs of one run's images into account."""
        labels = run.labels or (run.label,)
        after, before = (_by_image(made, self._images) for made in (run.outputs, run.reference))
        if not run.reference:
            before = [()] * len(after)
        elif len(before) != len(after):
            after, before = [run.outputs], [run.reference]
        if len(labels) != len(after):
            labels = (-1,) * len(after)
        for outputs, reference, label in zip(after, before, labels, strict=True):
            self._add(outputs, reference, label)

    def _add(self, outputs: tuple[Any, ...], reference: tuple[Any, ...], label: int) -> None:
        if reference:
            pairs = zip(outputs, reference, strict=True)
            errors = [relative_error(after, before) for after, before in pairs]
            self._errors.append(max(errors, default=0.0))
        after = _top1(outputs)
        before = _top1(reference) if reference else after
        if after is None or before is None:
            return
        if reference:
            self._agree.append(after == before)
        if label >= 0:
            self._right.append((before == label, after == label))

    def output_error(self) -> OutputError | None:
        """None where the model ran as loaded."""
        if not self._errors:
            return None
        agreement = float(np.mean(self._agree)) if self._agree else None
        return OutputError(
            mean=float(np.mean(self._errors)),
            worst=float(np.max(self._errors)),
            top1_agreement=agreement,
        )

    def accuracy(self) -> Accuracy | None:
        """None without labels."""
        if not self._right:
            return None
        before, after = np.mean(self._right, axis=0)
        return Accuracy(images=len(self._right), top1_before=float(before), top1_after=float(after))


def _by_image(outputs: tuple[Any, ...], images: int) -> list[tuple[Any, ...]]:
    """Each image's rows of the outputs; all of them as one, where they can't be told apart."""
    if images == 1 or not all(is_numbers(o) and o.shape[:1] == (images,) for o in outputs):
        return [outputs]
    return [tuple(output[i : i + 1] for output in outputs) for i in range(images)]


def _top1(outputs: tuple[Any, ...]) -> int | None:
    """The largest of the first output, where that is one vector of classes."""
    if not outputs or not is_numbers(outputs[0]):
        return None
    scores = outputs[0]
    is_vector = scores.size > 1 and scores.size == max(scores.shape)
    return int(np.argmax(scores)) if is_vector else None
