"""What one pass of a layer feeds the array with: the value that travels to a simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.rtl.simulator import Epilogue


@dataclass(frozen=True, eq=False)
class PassOperands:
    """The operands of a pass, cut out of its layer's.

    Attributes:
        layer, image, number: which pass this is; the number counts within layer and image.
        group, first_filter, first_position, first_element: where it begins in the layer.
        activations: int16, (positions, K of the pass), zero points subtracted.
        weights: int16, (filters, K of the pass).
        drains: the pass ends its tiles.
        epilogue: post-processing; None where the sums leave the array as they are.
    """

    layer: str
    image: int
    number: int
    group: int
    first_filter: int
    first_position: int
    first_element: int
    activations: NDArray[np.int16]
    weights: NDArray[np.int16]
    drains: bool
    epilogue: Epilogue | None
