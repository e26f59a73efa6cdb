"""Passes of time steps that share one weight, as passes of one long activation operand.

A machine need know nothing of steps: the strings of all steps of a weight set lie behind each
other in its operand of activations, so a step is where a pass begins in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def over_steps(passes: NDArray[np.int64], steps: int, positions: int) -> NDArray[np.int64]:
    """Passes by weight set, their positions counted over all of its steps.

    Args:
        passes: shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains; groups are ordered
            [weight set][step].
        steps: of a weight set, 1 or more.
        positions: by which a step lies behind the one before.
    Returns:
        int64, of that shape.
    """
    if steps == 1:
        return passes
    moved = passes.copy()
    moved[:, 0], step = np.divmod(passes[:, 0], steps)
    moved[:, 3:5] += (step * positions)[:, None]
    return moved
