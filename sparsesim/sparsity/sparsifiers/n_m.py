"""n_m: of every m neighbours along the reduction, the n of largest magnitude stay."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.sparsifiers import sparsifier


def _check(n: int, m: int) -> None:
    if n > m:
        raise SpecError(f"n {n} is out of range; use 1 to m, which is {m}")


@sparsifier("n_m", not_onnx="selects by rank", check=_check)
def n_m(
    values: NDArray[Any], n: Annotated[int, Field(ge=1)], m: Annotated[int, Field(ge=1)]
) -> NDArray[Any]:
    """Keep n of every m along the reduction; of equal magnitudes the first.

    Args:
        values: shape (..., K), the reduction last. K is cut into groups of m from its start; the
            last may be short and keeps n of what it has.
        n: 1 to m.
        m: 1 or more.
    """
    if not values.size:
        return values
    length = values.shape[-1]
    m = min(m, length)
    short = -length % m
    widths = [(0, 0)] * (values.ndim - 1) + [(0, short)]
    sizes = np.pad(np.abs(values), widths, constant_values=-1)  # padding is the smallest of all
    groups = sizes.reshape(*values.shape[:-1], -1, m)
    largest = np.argsort(-groups, axis=-1, kind="stable")[..., :n]
    mask = np.zeros(groups.shape, dtype=bool)
    np.put_along_axis(mask, largest, True, axis=-1)
    mask = mask.reshape(*values.shape[:-1], -1)[..., :length]
    return np.where(mask, values, values.dtype.type(0))
