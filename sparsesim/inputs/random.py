"""Random inputs, only where asked for by name: `random`, `random:uniform` or `random:normal`.

Not real data: `Inputs.random` is set, and every report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sparsesim.errors import InputError, nearest
from sparsesim.inputs.feed import Feed, Inputs, InputSpec

DISTRIBUTIONS = ("uniform", "normal")


def is_random(source: str) -> bool:
    """Whether a source asks for random inputs."""
    return source == "random" or source.startswith("random:")


def feed_random(
    source: str, expected: tuple[InputSpec, ...], images: int | None, seed: int
) -> Inputs:
    """Seeded values; image i is the same whatever the number of images.

    Uniform: floats in [0, 1), 8-bit integers over their whole range. Normal: floats of mean 0 and
    deviation 1, 8-bit integers with a deviation of 32 about the middle of their range, clamped.
    Wider integers (indices, masks) and booleans are 0 or 1 in both.

    Args:
        source: `random` (uniform) or `random:` and a distribution.
        images: how many; None: 1.
    Raises:
        InputError: an unknown distribution, a free dimension, fewer than 1 image.
    """
    kind = source.partition(":")[2] or "uniform"
    if kind not in DISTRIBUTIONS:
        raise InputError(f"{source}: unknown distribution; {nearest(kind, DISTRIBUTIONS)}")
    if images is not None and images < 1:
        raise InputError(f"images {images} is out of range; use 1 or more")
    count = images or 1
    for spec in expected:
        if None in spec.shape[1:]:
            raise InputError(
                f"input '{spec.name}' takes {spec}; random inputs need its sizes fixed, give arrays"
            )

    def stream() -> Iterator[Feed]:
        for index in range(count):
            draw = np.random.default_rng([seed, index])
            yield {spec.name: _drawn(draw, spec, kind) for spec in expected}

    text = f"RANDOM {kind} values, seed {seed}, not real data ({count} images)"
    return Inputs(count, None, text, True, stream)


def _drawn(draw: np.random.Generator, spec: InputSpec, kind: str) -> np.ndarray:
    shape = tuple(size or 1 for size in spec.shape[:1]) + tuple(s or 0 for s in spec.shape[1:])
    if spec.dtype.kind == "f":
        values = draw.random(shape) if kind == "uniform" else draw.standard_normal(shape)
        return np.asarray(values).astype(spec.dtype)
    if spec.dtype.kind in "iu" and spec.dtype.itemsize == 1:
        limit = np.iinfo(spec.dtype)
        if kind == "uniform":
            return draw.integers(limit.min, limit.max, shape, spec.dtype, endpoint=True)
        middle = (limit.min + limit.max + 1) / 2
        spread = np.rint(middle + 32 * draw.standard_normal(shape))
        return spread.clip(limit.min, limit.max).astype(spec.dtype)
    return draw.integers(0, 2, shape).astype(spec.dtype)
