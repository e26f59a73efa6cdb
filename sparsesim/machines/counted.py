"""What a machine counts of passes under a scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of n passes; all int64.

    Attributes:
        cycles: shape (n,), of each pass.
        slots: shape (n, classes), multiplier slots by class, in the order of the machine's
            `classes`; a row sums to the machine's slots times the pass's cycles.
        multiplied: shape (n,), pairs multiplied.
        read_activations, read_weights: shape (n,), elements read from the buffers.
        paces: bound -> shape (n,): cycles that one resource of the machine takes by itself, were
            all else free. A layer is bound by one that takes most of its cycles.
    """

    cycles: Ints
    slots: Ints
    multiplied: Ints
    read_activations: Ints
    read_weights: Ints
    paces: Mapping[str, Ints] = field(default_factory=dict)
