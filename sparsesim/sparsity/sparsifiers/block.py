"""block: whole blocks of the (filters, K) matrix become 0, those of smallest magnitude."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.sparsity.sparsifiers import sparsifier

AtLeastOne = Annotated[int, Field(ge=1)]


@sparsifier("block", not_onnx="selects by rank")
def block(
    values: NDArray[Any],
    rows: AtLeastOne,
    columns: AtLeastOne,
    share: Annotated[float, Field(ge=0, le=1)],
    by: Literal["l2", "mean"] = "l2",
) -> NDArray[Any]:
    """Whole blocks of smallest magnitude become 0, until they hold a share of the elements.

    Blocks become zero in rising order of their measure; of equal ones the first (row by row) stays
    longest. It ends with the block that reaches share * elements (the nearest whole number, half
    to even), so it passes the share by less than a block.

    Args:
        values: shape (filters, K); of more axes the last is K. Blocks start at the first filter
            and the first column; those at the far borders may be short, and are measured by the
            elements they have.
        rows, columns: of a block, 1 or more; above the matrix's own: one block.
        share: of the elements, 0 to 1.
        by: `l2`, the root of the sum of squares (a short block has less of it), or `mean`, the
            mean magnitude; in float64.
    """
    if not values.size:
        return values
    matrix = values.reshape(-1, values.shape[-1] if values.ndim else 1)
    height, width = matrix.shape
    tops, lefts = np.arange(0, height, rows), np.arange(0, width, columns)
    sizes = np.abs(matrix.astype(np.float64))
    # The root changes no order. A power of two keeps the squares of any float finite, and ties.
    sums = np.ldexp(sizes, -np.frexp(sizes.max())[1])
    sums = sums**2 if by == "l2" else sums
    sums = np.add.reduceat(np.add.reduceat(sums, tops, axis=0), lefts, axis=1)
    elements = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    measure = (sums if by == "l2" else sums / elements).reshape(-1)
    last_first = np.lexsort((-np.arange(measure.size), measure))
    before = np.cumsum(elements.reshape(-1)[last_first]) - elements.reshape(-1)[last_first]
    gone = np.zeros(measure.size, dtype=bool)
    gone[last_first] = before < round(share * values.size)
    of_row, of_column = np.arange(height) // rows, np.arange(width) // columns
    mask = gone.reshape(elements.shape)[of_row[:, None], of_column]
    return np.where(mask.reshape(values.shape), values.dtype.type(0), values)
