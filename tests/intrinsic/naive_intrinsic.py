"""The arithmetic of an emulated layer with Python's fractions, written from docs/model.md alone.

Numbers keep their real values throughout: no shifts, no units, no two's complement.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product as every
from math import floor

import numpy as np


def naive_round(value: Fraction, rounding: str) -> int:
    """A whole number."""
    if rounding == "down":
        return floor(value)
    if rounding == "toward_zero":
        return int(value)
    return round(value)  # Python's is half to even


def naive_fit(value: Fraction, bits: int, fraction: int, overflow: str) -> Fraction:
    """What a format makes of a multiple of its unit."""
    unit = Fraction(2) ** -fraction
    low, high = -(2 ** (bits - 1)) * unit, (2 ** (bits - 1) - 1) * unit
    if low <= value <= high:
        return value
    if overflow == "saturate":
        return low if value < low else high
    span = 2**bits * unit
    return value - floor((value - low) / span) * span  # whole turns back into the range


def naive_operand(value: float, bits: int, fraction: int, rounding: str) -> Fraction:
    """A float in a format; it saturates."""
    unit = Fraction(2) ** -fraction
    steps = naive_round(Fraction(float(value)) / unit, rounding)
    return naive_fit(steps * unit, bits, fraction, "saturate")


def naive_sum(pairs, arithmetic, product_fraction, acc_fraction, start=Fraction(0)):
    """One output.

    Args:
        pairs: operands as fractions, in ascending order of K.
        arithmetic: anything with the attributes of `Arithmetic`.
        product_fraction, acc_fraction: as settled.
        start: what the sum starts from.
    Returns:
        the sum, whether it ever left its format, how many products left theirs.
    """
    acc = arithmetic.acc_bits, acc_fraction
    total = naive_fit(start, *acc, "saturate")
    overflowed, lost = total != start, 0
    ordered = list(pairs) if arithmetic.order == "ascending" else list(pairs)[::-1]
    for first in range(0, len(ordered), arithmetic.lanes):
        cycle = Fraction(0)
        for a, w in ordered[first : first + arithmetic.lanes]:
            unit = Fraction(2) ** -product_fraction
            made = naive_round(a * w / unit, arithmetic.product_rounding) * unit
            if arithmetic.product_bits is not None:
                how = arithmetic.product_overflow
                kept = naive_fit(made, arithmetic.product_bits, product_fraction, how)
                lost += kept != made
                made = kept
            cycle += made
        kept = naive_fit(total + cycle, *acc, arithmetic.overflow)
        overflowed |= kept != total + cycle
        total = kept
    return total, overflowed, lost


def naive_pairs_of_convolution(x, w, groups, stride, dilation, pad, shape):
    """Operand pairs of each output of a two-dimensional convolution, in the order of K.

    Args:
        x: (batch, channels, rows, columns), fractions. w: (filters, channels of a group, kernel).
        groups, stride, dilation, pad: as the node's; pad is that before the input.
        shape: rows and columns of the output.
    Yields:
        the output's index (image, filter, row, column) and its list of pairs.
    """
    each = len(w) // groups
    channels, kernel_rows, kernel_columns = w.shape[1:]
    for n, f, r, c in np.ndindex(len(x), len(w), *shape):
        pairs = []
        for kr, kc, i in every(range(kernel_rows), range(kernel_columns), range(channels)):
            row = r * stride[0] + kr * dilation[0] - pad[0]
            column = c * stride[1] + kc * dilation[1] - pad[1]
            inside = 0 <= row < x.shape[2] and 0 <= column < x.shape[3]
            a = x[n, f // each * channels + i, row, column] if inside else Fraction(0)
            pairs.append((a, w[f, i, kr, kc]))
        yield (n, f, r, c), pairs
