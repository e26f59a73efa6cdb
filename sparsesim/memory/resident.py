"""The weight of a recurrent product that stays in its buffer from step to step.

Not how a step is cut: that is `choose`. A step can't begin before the one in front of it has ended,
so its passes are never joined with others; what it can share with them is the weight.

Source: docs/model.md, "Recurrent layers":

- The weight stays where half of the weight buffer holds all of it: each weight set as one block
  (filters x K) in the accelerator's format; where a step goes through several weight sets, all of
  these together.
- A weight that stays is loaded in the first step, each of its blocks once, whatever the order of
  the passes. Any other is loaded anew in every step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.memory.blocks import Ints
from sparsesim.memory.layer import Layer

_P0, _WEIGHT_LOADS = 3, (9, 12)  # rows of `lay_out_passes`: a pass's first position, loads


def resident(layer: Layer, available: int) -> NDArray[np.bool_]:
    """Whether the weight of each group stays over its steps.

    Args:
        layer: its operands.
        available: bits of the weight buffer that a pass can use.
    Returns:
        bool, shape (groups,); false where there are no further steps.
    """
    geometry = layer.geometry
    if geometry.steps == 1:
        return np.zeros(geometry.groups, bool)
    firsts = np.arange(geometry.weight_sets) * geometry.steps
    none, all_ = np.zeros_like(firsts), np.full_like(firsts, geometry.filters)
    bits = layer.weight.encoded_bits(layer.weight_blocks(firsts, none, all_))
    together = bits.reshape(-1, geometry.parts).sum(axis=1)
    return np.repeat(together <= available, geometry.parts * geometry.steps)


def loaded_once(passes: Ints, steps: int, stays: NDArray[np.bool_]) -> Ints:
    """The passes with the loads of weights that stay left out behind their first.

    Args:
        passes: int64, shape (14, passes), as `lay_out_passes` gives them.
        steps: of a weight set.
        stays: of `resident`.
    Returns:
        the same array, changed in place.
    """
    if stays.any():
        group = passes[0]
        # At a group's first positions each block of its weight is new, in either order.
        first = (group % steps == 0) & (passes[_P0] == 0)
        for row in _WEIGHT_LOADS:
            passes[row, stays[group] & ~first] = 0
    return passes
