"""Batches of prepared pictures: which step sees which, by seed alone, so a run can go on anywhere.

Order and augmentation are functions of (seed, step): no generator's state needs to be kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsesim.train.dataset import Part

_PAD = 4  # He et al. 2015, section 4.2


class Batches:
    """The batches of a part.

    Args:
        part: pictures and labels.
        table: prepared value of each pixel, float32, shape (channels, 256).
        batch: pictures a step.
        augment: crop and mirror at random.
        seed: of order and augmentation.
    """

    def __init__(self, part: Part, table: np.ndarray, batch: int, augment: bool, seed: int) -> None:
        self.part, self.table, self.batch = part, table, batch
        self.augment, self.seed = augment, seed
        self.steps_an_epoch = len(part.labels) // batch
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def step(self, number: int) -> tuple[Any, Any]:
        """Prepared pictures and labels of a step, counted from 0 over all epochs.

        Returns:
            float32 tensor (batch, channels, height, width), int64 tensor (batch,).
        """
        import torch

        epoch, place = divmod(number, self.steps_an_epoch)
        if epoch != self._epoch:
            generator = np.random.default_rng((self.seed, 0, epoch))
            self._epoch, self._order = epoch, generator.permutation(len(self.part.labels))
        chosen = self._order[place * self.batch : (place + 1) * self.batch]
        pixels = self.part.images[chosen]
        if self.augment:
            pixels = augmented(pixels, np.random.default_rng((self.seed, 1, number)))
        labels = torch.from_numpy(self.part.labels[chosen])
        images = torch.from_numpy(prepared(pixels, self.table))
        return images.contiguous(memory_format=torch.channels_last), labels


def prepared(pixels: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Values of pixels.

    Args:
        pixels: uint8, shape (n, channels, height, width).
        table: float32, shape (channels, 256).
    Returns:
        float32, the shape of `pixels`.
    """
    values = np.empty(pixels.shape, dtype=np.float32)
    for channel, row in enumerate(table):
        np.take(row, pixels[:, channel], out=values[:, channel])
    return values


def augmented(pixels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Pictures shifted by up to 4 pixels each way, black coming in, half of them mirrored.

    Args:
        pixels: uint8, shape (n, channels, height, width).
    Returns:
        the same shape and type.
    """
    n, channels, height, width = pixels.shape
    padded = np.zeros((n, channels, height + 2 * _PAD, width + 2 * _PAD), dtype=np.uint8)
    padded[:, :, _PAD:-_PAD, _PAD:-_PAD] = pixels
    top, left = generator.integers(0, 2 * _PAD + 1, (2, n))
    mirror = generator.integers(0, 2, n).astype(bool)
    shifted = np.empty_like(pixels)
    for index in range(n):
        y, x = top[index], left[index]
        view = padded[index, :, y : y + height, x : x + width]
        shifted[index] = view[:, :, ::-1] if mirror[index] else view
    return shifted
