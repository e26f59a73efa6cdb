"""What a convolution does with its sums: the meeting point of products and endings."""

from __future__ import annotations

from typing import Protocol

import numpy as np

Clamp = tuple[np.ndarray, np.ndarray]


class Finish(Protocol):
    """What becomes of a convolution's sums.

    Attributes:
        clamp: the bias of each filter and two bounds (low, high), of the sums' type, where adding
            and clamping in place is all that `block` does; else None.
    """

    clamp: Clamp | None

    def block(self, sums: np.ndarray, image: int, filter_: int, position: int) -> None:
        """Take a finished block of sums; it may be changed in place.

        Args:
            sums: floats, (filters, positions).
            image, filter_, position: its image, first filter and first position.
        """
