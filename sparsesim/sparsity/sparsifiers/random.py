"""random: a share of the elements, drawn by seed, becomes 0. A control for the other ones."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sparsesim.sparsity.sparsifiers import sparsifier


@sparsifier("random", not_onnx="draws at random")
def random(
    values: NDArray[Any],
    share: Annotated[float, Field(ge=0, le=1)],
    seed: Annotated[int, Field(ge=0)] = 0,
) -> NDArray[Any]:
    """A share of the elements becomes 0, whatever their values; which ones, the seed tells.

    Args:
        values: any shape.
        share: 0 to 1; the number drawn is the nearest whole one, half to even. Elements that are
            zero already are drawn as others are.
        seed: 0 or more. The same seed and number of elements give the same places, so layers of
            one size, and steps of a training, share them.
    """
    drawn = np.random.default_rng(seed).permutation(values.size)[: round(share * values.size)]
    changed = values.copy()
    changed.reshape(-1)[drawn] = 0
    return changed
