"""quantile: a share of the elements, those of smallest magnitude, becomes 0; equal ones together.

top_k is the same by rank: it stops within equal magnitudes to meet its number, this one doesn't.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.sparsity.sparsifiers import sparsifier


@sparsifier("quantile", not_onnx="selects by rank")
def quantile(values: NDArray[Any], share: Annotated[float, Field(ge=0, le=1)]) -> NDArray[Any]:
    """A share of smallest magnitudes becomes 0, and all that equal the largest of these.

    With k = share * elements (the nearest whole number, half to even) the threshold is the k-th
    smallest magnitude, zeros counted; at or below it a value becomes 0. So at least k are zero
    afterwards, more only where magnitudes tie at the threshold. k = 0 changes nothing.

    Args:
        values: any shape.
        share: 0 to 1.
    """
    smallest = round(share * values.size)
    if smallest == 0:
        return values
    sizes = np.abs(values)
    edge = np.partition(sizes, smallest - 1, axis=None)[smallest - 1]
    return np.where(sizes <= edge, values.dtype.type(0), values)
