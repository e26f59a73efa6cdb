"""Operands as the accelerator's streams take them: windows of masks and packed values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pack_windows(values: NDArray[np.int16], window: int, value_bits: int) -> NDArray[np.uint32]:
    """The windows of each vector, a mask and its values each.

    Args:
        values: (vectors, K), each within value_bits, signed.
        window: pairs of a window, 1 to 64.
        value_bits: width of a value, 2 to 16.
    Returns:
        uint32, (vectors, windows, words): the mask's words, bit k for pair k, then the values',
        pair k from bit k * value_bits on; each from a word's lowest bit.
    """
    from sparsesim.machines.inner_join.packing.kernels import pack  # Numba is slow to load

    vectors, reduction = values.shape
    mask_words, value_words = -(-window // 32), -(-window * value_bits // 32)
    windows = -(-reduction // window)
    packed = np.zeros((vectors, windows, mask_words + value_words), dtype=np.uint32)
    pack(np.ascontiguousarray(values, dtype=np.int16), window, value_bits, mask_words, packed)
    return packed
