"""top_k: the values of largest magnitude stay, all others become 0."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.sparsity.sparsifiers import sparsifier


def _check(keep: float | None, count: int | None) -> None:
    if (keep is None) == (count is None):
        raise SpecError("top_k takes either keep or count; give one of the two")


@sparsifier("top_k", not_onnx="selects by rank", check=_check)
def top_k(
    values: NDArray[Any],
    keep: Annotated[float, Field(ge=0, le=1)] | None = None,
    count: Annotated[int, Field(ge=0)] | None = None,
) -> NDArray[Any]:
    """Keep the largest magnitudes of the whole array; of equal ones the first in its order.

    Args:
        values: any shape.
        keep: share of the elements that stay, 0 to 1; their number is the nearest whole one, half
            to even.
        count: or their number, 0 or more; above the array's size all stay.
    """
    stays = min(values.size, round(keep * values.size) if keep is not None else count or 0)
    if stays == values.size:
        return values
    if stays == 0:
        return np.zeros_like(values)
    sizes = np.abs(values).reshape(-1)
    edge = np.partition(sizes, -stays)[-stays]
    mask = sizes > edge
    equal = np.flatnonzero(sizes == edge)
    mask[equal[: stays - np.count_nonzero(mask)]] = True
    return np.where(mask.reshape(values.shape), values, values.dtype.type(0))
