"""Arrays of uint8 pixels as pictures: [n, h, w, c], [n, c, h, w], [n, h, w] or flat.

Not arrays that already are what the model takes: `arrays.py` feeds those untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs.labels import Labels
from sparsesim.inputs.pictures import Pictures
from sparsesim.inputs.stored import Stored

_CHANNEL_COUNTS = (1, 3)


def pictures(stored: Stored, own_labels: Callable[[], Labels | None]) -> Pictures:
    """Pictures of an array; the axis of 1 or 3 is the channels, the last one where both are.

    Raises:
        InputError: no such axis.
    """
    shape = stored.shape
    axes: tuple[int, ...] = ()
    if len(shape) == 4 and shape[3] in _CHANNEL_COUNTS:
        axes = (0, 1, 2)
    elif len(shape) == 4 and shape[1] in _CHANNEL_COUNTS:
        axes = (1, 2, 0)
    elif len(shape) not in (2, 3):
        raise InputError(
            f"{stored.where}: is {list(shape)}; pixels are [n, h, w, c], [n, c, h, w] with 1 or 3 "
            "channels, [n, h, w] or [n, h*w]"
        )

    def stream() -> Iterator[tuple[str, np.ndarray]]:
        for index, block in enumerate(stored.slices(1)):
            picture = block[0].transpose(axes) if axes else np.atleast_2d(block[0])[..., None]
            yield f"{stored.where}: image {index}", picture

    return Pictures(shape[0], stream, stored.where, own_labels=own_labels)
