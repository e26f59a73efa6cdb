"""Where a batch lies in a tensor, and where it lies once the tensor has another shape."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

Sizes = tuple[int, ...]


class LostError(Exception):
    """Where the batch goes can't be told; the message says why, as `reads it by a list`."""


class MixesError(Exception):
    """An operator combines what lies along the batch: it is none."""


class ElsewhereError(MixesError):
    """An operator has its batch along another axis, by ONNX's definition."""


@dataclass(frozen=True)
class Place:
    """A batch within an axis; it is the whole axis unless a reshape has folded others into it.

    Attributes:
        axis: that holds it.
        length: of the batch.
        inner: elements of the axis from one item of the batch to the next.
    """

    axis: int
    length: int
    inner: int = 1

    def is_whole(self, shape: Sizes) -> bool:
        """Whether the axis holds the batch and nothing else."""
        return shape[self.axis] == self.length

    def along(self, axis: int) -> Place:
        """The same within another axis."""
        return Place(axis, self.length, self.inner)


def reshaped(place: Place, before: Sizes, after: Sizes) -> Place:
    """Where a batch lies once a tensor's elements, in their order, have another shape.

    Items lie some elements apart and repeat after as many; neither changes, so there must be an
    axis that has room for both.

    Raises:
        LostError: the batch is cut over several axes, or one of length 1 has moved.

    >>> folded = reshaped(Place(0, 5), (5, 3, 4), (15, 4))
    >>> folded, reshaped(folded, (15, 4), (5, 12))
    (Place(axis=0, length=5, inner=3), Place(axis=0, length=5, inner=1))
    """
    if place.length == 1:
        if before[: place.axis + 1] == after[: place.axis + 1]:
            return place
        raise LostError("moves an axis of length 1")
    apart = prod(before[place.axis + 1 :]) * place.inner
    for axis, length in enumerate(after):
        within = prod(after[axis + 1 :])
        if apart % within == 0 and (within * length) % (apart * place.length) == 0:
            return Place(axis, place.length, apart // within)
    outermost = place.axis == 0 and before[0] == place.length * place.inner
    if outermost and after and after[0] % place.length == 0:
        # The sizes contradict each other: one of a free length is baked into the model, and not
        # that which was made up for it. What comes before all others stays so.
        return Place(0, place.length, after[0] // place.length)
    raise LostError("cuts it up")
