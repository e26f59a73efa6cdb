"""Products, lowered convolutions and running sums in plain loops and Python's integers: oracles."""

from __future__ import annotations

from itertools import product as every

import numpy as np


def naive_sum(activations, weights, acc_bits, window, lanes, skipping) -> tuple[int, bool]:
    """One output: its sum as the accumulator holds it, and whether it ever left its range.

    Args:
        activations, weights: whole numbers, K of each.
        acc_bits, window, lanes, skipping: as the accelerator's.
    """
    pairs = [(int(a), int(w)) for a, w in zip(activations, weights, strict=True)]
    half = 2 ** (acc_bits - 1)
    total, overflow = 0, False
    for start in range(0, len(pairs), window):
        multiplied = [
            a * w
            for a, w in pairs[start : start + window]
            if (a != 0 or skipping not in ("activation", "two_sided"))
            and (w != 0 or skipping not in ("weight", "two_sided"))
        ]
        for first in range(0, len(multiplied), lanes):
            total += sum(multiplied[first : first + lanes])
            overflow |= not -half <= total < half
    return (total + half) % (2 * half) - half, overflow


def naive_convolution(x, w, groups, stride, dilation, pad, shape) -> np.ndarray:
    """Sums of a two-dimensional convolution, int64, (batch, filters, rows, columns).

    Args:
        x: (batch, channels, rows, columns), whole numbers, zero points subtracted.
        w: (filters, channels of a group, kernel rows, kernel columns).
        groups, stride, dilation, pad: as the node's; pad is that before the input.
        shape: rows and columns of the output.
    """
    out = np.zeros((len(x), len(w), *shape), dtype=np.int64)
    each = len(w) // groups
    channels = w.shape[1]
    for n, f, r, c in np.ndindex(out.shape):
        for i, kr, kc in every(*map(range, w.shape[1:])):
            row = r * stride[0] + kr * dilation[0] - pad[0]
            column = c * stride[1] + kc * dilation[1] - pad[1]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                value = int(x[n, f // each * channels + i, row, column])
                out[n, f, r, c] += value * int(w[f, i, kr, kc])
    return out
