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

from sparsesim.machines.passes import Passes
from sparsesim.memory.blocks import Ints
from sparsesim.memory.columns import WEIGHT
from sparsesim.memory.layer import Layer


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


def drop_kept_weights(passes: Passes, bits: Ints, steps: int, stays: NDArray[np.bool_]) -> None:
    """Leave out the loads of weights that stay, behind their first.

    Args:
        passes: of a layer.
        bits: int64, shape (2, 3, passes), as `lay_out_passes` gives them; changed in place.
        steps: of a weight set.
        stays: of `resident`.
    """
    if stays.any():
        # At a group's first positions each block of its weight is new, in either order.
        first = (passes.group % steps == 0) & (passes.p0 == 0)
        bits[:, WEIGHT, stays[passes.group] & ~first] = 0
