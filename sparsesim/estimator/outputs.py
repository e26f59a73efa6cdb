"""Outputs of a rewritten model against those of the model as loaded, and top-1."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesim.result.model import Accuracy, OutputError
from sparsesim.trace import ImageTrace
from sparsesim.trace.difference import is_numbers, relative_error


class OutputTally:
    """Gathers, image by image."""

    def __init__(self) -> None:
        self._errors: list[float] = []
        self._agree: list[bool] = []
        self._right: list[tuple[bool, bool]] = []

    def add(self, image: ImageTrace) -> None:
        """Take one image's outputs into account."""
        if image.reference:
            pairs = zip(image.outputs, image.reference, strict=True)
            errors = [relative_error(after, before) for after, before in pairs]
            self._errors.append(max(errors, default=0.0))
        after = _top1(image.outputs)
        before = _top1(image.reference) if image.reference else after
        if after is None or before is None:
            return
        if image.reference:
            self._agree.append(after == before)
        if image.label >= 0:
            self._right.append((before == image.label, after == image.label))

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


def _top1(outputs: tuple[Any, ...]) -> int | None:
    """The largest of the first output, where that is one vector of classes."""
    if not outputs or not is_numbers(outputs[0]):
        return None
    scores = outputs[0]
    is_vector = scores.size > 1 and scores.size == max(scores.shape)
    return int(np.argmax(scores)) if is_vector else None
