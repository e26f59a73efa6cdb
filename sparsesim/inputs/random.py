"""Random inputs, only where asked for by name: `random`, `random:uniform` or `random:normal`.

Not real data: `Inputs.random` is set, and every report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sparsesim.errors import InputError, nearest
from sparsesim.inputs.feed import (
    Feed,
    Inputs,
    InputSpec,
    count_images,
    doubts,
    images_per_run,
)

DISTRIBUTIONS = ("uniform", "normal")


def is_random(source: str) -> bool:
    """Whether a source asks for random inputs."""
    return source == "random" or source.startswith("random:")


def feed_random(
    source: str, expected: tuple[InputSpec, ...], images: int | None, seed: int
) -> Inputs:
    """Seeded values; run i is the same whatever the number of runs.

    Uniform: floats in [0, 1), 8-bit integers over their whole range. Normal: floats of mean 0 and
    deviation 1, 8-bit integers with a deviation of 32 about the middle of their range, clamped.
    Wider integers (indices, masks) and booleans are 0 or 1 in both.

    Args:
        source: `random` (uniform) or `random:` and a distribution.
        images: how many; None: those of one run.
    Raises:
        InputError: an unknown distribution, a free dimension, fewer than one run.
    """
    kind = source.partition(":")[2] or "uniform"
    if kind not in DISTRIBUTIONS:
        raise InputError(f"{source}: unknown distribution; {nearest(kind, DISTRIBUTIONS)}")
    batch = images_per_run(expected)
    if images is not None and images < batch:
        why = "; the model's batch is fixed" if batch > 1 else ""
        raise InputError(f"images {images} is out of range; use {batch} or more{why}")
    for spec in expected:
        if None in spec.item:
            raise InputError(
                f"input '{spec.name}' takes {spec}; random inputs need its sizes fixed, give "
                f"--shape {spec.name}=… or arrays"
            )
    wanted = images or batch
    share = count_images(wanted, batch, wanted, source)

    def stream() -> Iterator[Feed]:
        for index in range(share.runs):
            draw = np.random.default_rng([seed, index])
            yield {spec.name: _drawn(draw, spec, kind) for spec in expected}

    text = f"RANDOM {kind} values, seed {seed}, not real data"
    return Inputs(
        share.runs,
        None,
        text,
        True,
        stream,
        images_per_run=batch,
        warnings=(*doubts(expected), *share.warnings),
    )


def _drawn(draw: np.random.Generator, spec: InputSpec, kind: str) -> np.ndarray:
    shape = tuple(1 if size is None else size for size in spec.shape)
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
