"""What planning needs to know of a layer's operands and what no accelerator changes.

Made once for a layer and an image and kept for as many accelerators as one likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sparsesim.lowering import Geometry


@dataclass(frozen=True, eq=False)
class LayerCounts:
    """Running counts of non-zeros, and which pixels the outputs meet.

    Attributes:
        geometry: `Geometry.array()`.
        axes: int64, shape (4, 3, longest output axis + 1), see `kernels.meet_axes`.
        pixel_ones: int64, shape (groups, pixels + 1): non-zero activations before each pixel.
        filter_ones: int64, shape (weight sets * filters + 1,): non-zero weights before each
            filter.
    """

    geometry: NDArray[np.int64]
    axes: NDArray[np.int64]
    pixel_ones: NDArray[np.int64]
    filter_ones: NDArray[np.int64]

    @classmethod
    def of_zeros(cls, geometry: Geometry) -> LayerCounts:
        """Those of operands without a non-zero."""
        pixels = np.zeros((geometry.groups, prod(geometry.input_shape) + 1), np.int64)
        filters = np.zeros(geometry.weight_sets * geometry.filters + 1, np.int64)
        return cls(*_met(geometry), pixels, filters)


def count_layer(
    geometry: Geometry, activation_words: NDArray[np.uint64], weight_words: NDArray[np.uint64]
) -> LayerCounts:
    """Count the non-zeros of both operands, by pixel and by filter.

    Args:
        geometry: the layer's lowering.
        activation_words: packed bits of the activation operand, laid out as `geometry` says.
        weight_words: packed bits of [weight sets][filters][K].
    """
    from sparsesim.memory.kernels import running_ones  # Numba is slow to load

    pixels = prod(geometry.input_shape)
    pixel_ones = np.empty((geometry.groups, pixels + 1), np.int64)
    running_ones(
        activation_words,
        geometry.group_stride,
        geometry.pixel_stride,
        geometry.channels,
        pixel_ones,
    )
    filter_ones = np.empty((1, geometry.weight_sets * geometry.filters + 1), np.int64)
    running_ones(weight_words, 0, geometry.reduction, geometry.reduction, filter_ones)
    return LayerCounts(*_met(geometry), pixel_ones, filter_ones[0])


def _met(geometry: Geometry) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`LayerCounts.geometry` and `LayerCounts.axes`."""
    from sparsesim.memory.kernels import meet_axes  # Numba is slow to load

    numbers = geometry.array()
    axes = np.zeros((4, 3, max(geometry.output_shape) + 1), np.int64)
    meet_axes(numbers, axes)
    return numbers, axes
