"""How an array is cut into runs: along the axis that holds the images, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.feed import InputSpec, fits
from sparsesim.inputs.stored import Stored


@dataclass(frozen=True, eq=False)
class Cut:
    """An array that fits its input.

    Attributes:
        stored: the array; spec: the input.
        axis: of the array, along which it is cut; None: it is one run.
        rows: of that axis that one run takes; 0: one, and the axis goes, as the input has none.
    """

    stored: Stored
    spec: InputSpec
    axis: int | None
    rows: int

    @property
    def images(self) -> int:
        """That lie in it, those of a last run that is not full among them."""
        return self.spec.batch if self.axis is None else self.stored.shape[self.axis]

    @property
    def runs(self) -> int:
        """That it is cut into."""
        return 1 if self.axis is None else self.images // max(self.rows, 1)

    def values(self) -> Iterator[np.ndarray]:
        """What each run is fed with.

        Raises:
            InputError: a value that the input's type does not hold, a damaged file.
        """
        what = "image" if self.spec.batch == 1 else "run"
        for index, block in enumerate(self._blocks()):
            yield _cast(block, self.spec, f"{what} {index}")

    def _blocks(self) -> Iterator[np.ndarray]:
        if self.axis is None:
            whole = self.stored.whole()
            lacks = whole.ndim < len(self.spec.shape) and self.spec.batch_axis is not None
            yield np.expand_dims(whole, self.spec.batch_axis or 0) if lacks else whole
        elif self.rows == 0:
            yield from (block[0, ...] for block in self.stored.slices(1))
        elif self.axis == 0:
            yield from self.stored.slices(self.rows)
        else:  # its images do not lie together: it is read whole
            parts = np.arange(self.rows, self.images, self.rows)
            blocks = np.split(self.stored.whole(), parts, self.axis)
            yield from blocks[: self.runs]


def cut_of(stored: Stored, spec: InputSpec) -> Cut:
    """How an array is cut for an input.

    An input whose images lie along an axis takes an array of any number of them, or one image
    without the axis; an input that a run takes whole takes one array, or several stacked on a first
    axis of their own.

    Raises:
        InputError: it does not fit.
    """
    shape, axis = stored.shape, spec.batch_axis
    cut = None
    if axis is None:
        if fits(shape, spec.shape):
            cut = Cut(stored, spec, None, 0)
        elif fits(shape[1:], spec.shape) and shape:
            cut = Cut(stored, spec, 0, 0)
    elif len(shape) == len(spec.shape) and spec.takes(shape[:axis] + shape[axis + 1 :]):
        cut = Cut(stored, spec, axis, spec.batch)
    elif spec.batch == 1 and spec.takes(shape):
        cut = Cut(stored, spec, None, 0)
    if cut is None:
        hint = ""
        if axis is None and len(shape) == len(spec.shape) and fits(shape[1:], spec.shape[1:]):
            hint = f" whole; --batch-axis {spec.name}=0 cuts it along its first axis"
        raise InputError(
            f"{stored.where}: is {list(shape)}; input '{spec.name}' takes {spec}{hint}"
        )
    kinds = "iu" if spec.dtype.kind in "iu" else spec.dtype.kind
    if stored.dtype.kind not in kinds:
        prepare = stored.dtype.kind in "iu" and spec.dtype.kind == "f"
        hint = ", or give uint8 pixels and a preprocess table" if prepare else ""
        raise InputError(
            f"{stored.where}: is {stored.dtype}; input '{spec.name}' takes {spec}; convert it{hint}"
        )
    return cut


def _cast(block: np.ndarray, spec: InputSpec, where: str) -> np.ndarray:
    if spec.dtype.kind in "iu" and block.size:
        limit = np.iinfo(spec.dtype)
        for edge in (int(block.min()), int(block.max())):
            if not limit.min <= edge <= limit.max:
                raise InputError(
                    f"input '{spec.name}', {where}: {edge} is out of range; {spec.dtype} "
                    f"takes {limit.min} to {limit.max}"
                )
    with np.errstate(over="ignore"):  # an overflow becomes an infinity, which is refused later
        return block.astype(spec.dtype, order="C")
