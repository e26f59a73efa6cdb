"""Tiny pictures and files that the tests of several kinds share."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from sparsesim.inputs import InputSpec

RGB = InputSpec("x", (None, 3, 4, 5), np.dtype(np.float32))


def pixels(count: int, height: int = 4, width: int = 5, channels: int = 3) -> np.ndarray:
    """uint8 pictures, all different, shape (count, height, width, channels)."""
    shape = (count, height, width, channels)
    return np.random.default_rng(count).integers(0, 256, shape, np.uint8)


def png(picture: np.ndarray) -> bytes:
    """A picture as PNG."""
    file = io.BytesIO()
    flat = picture[..., 0] if picture.shape[2] == 1 else picture
    Image.fromarray(flat).save(file, "png")
    return file.getvalue()


def write_pictures(folder: Path, pictures: np.ndarray, names: list[str]) -> None:
    """PNG files of these names."""
    for picture, name in zip(pictures, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(picture))


def idx_bytes(values: np.ndarray) -> bytes:
    """An idx file of uint8."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return head + values.tobytes()


def fed(inputs, name: str = "x") -> np.ndarray:
    """All images of one input, laid along the first axis."""
    return np.concatenate([feed[name] for feed in inputs])
