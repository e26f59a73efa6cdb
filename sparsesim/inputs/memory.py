"""Arrays in memory as inputs: what the Python interface is given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from sparsesim.errors import InputError, nearest
from sparsesim.inputs.arrays import feed_arrays
from sparsesim.inputs.defaults import refuse_defaults
from sparsesim.inputs.feed import Inputs, InputSpec
from sparsesim.inputs.stored import Stored


@dataclass(frozen=True, eq=False)
class Held(Stored):
    """An array in memory that reads like a stored one."""

    values: np.ndarray

    def slices(self, rows: int) -> Iterator[np.ndarray]:
        """Blocks of whole rows of the first axis."""
        for first in range(0, self.shape[0] - rows + 1, rows):
            yield np.ascontiguousarray(self.values[first : first + rows])

    def whole(self) -> np.ndarray:
        """All of it."""
        return self.values


def feed_memory(
    arrays: Mapping[str, np.ndarray],
    expected: tuple[InputSpec, ...],
    defaults: Collection[str] = (),
) -> Inputs:
    """Inputs from arrays by input name; the axis that holds the images is cut into runs.

    Args:
        arrays: one for each input.
        expected: the model's inputs.
        defaults: inputs that the model's file has values for, which they keep: none may be fed.
    Raises:
        InputError: a name that the model does not have, one that lacks, an array that does not fit.
    """
    refuse_defaults(arrays, defaults)
    names = [spec.name for spec in expected]
    for name in arrays:
        if name not in names:
            raise InputError(f"the model has no input '{name}'; {nearest(name, names)}")
    chosen: dict[str, Stored] = {}
    for name in names:
        if name not in arrays:
            raise InputError(f"input '{name}' lacks an array")
        values = np.asarray(arrays[name])
        chosen[name] = Held(
            f"input '{name}'", values.shape, values.dtype, False, _not_a_file, values
        )
    return feed_arrays(chosen, expected, lambda total: None, None, Path("arrays in memory"))


def _not_a_file() -> IO[bytes]:  # Held overrides every reader of it
    raise AssertionError("an array in memory is no file")
