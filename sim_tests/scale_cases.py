"""Values, multipliers and shifts that make a scaler err if it can: halves, edges, every shift.

Stimuli only: what comes out is the package's to say.
"""

from __future__ import annotations

import numpy as np

LARGEST = (1 << 32) - 1  # multiplier


def scale_cases(
    random: np.random.Generator, in_bits: int, out_bits: int, count: int
) -> list[tuple[int, int, int]]:
    """(value, multiplier, shift), three kinds mixed: any; a result within range; a half exactly.

    Args:
        random: from `bench.generator`.
        in_bits: width of the value, signed.
        out_bits: width of the result, signed.
        count: how many.
    """
    makers = (_any, _within, _half)
    least, most = reachable(in_bits)
    cases = []
    for _ in range(count):
        value, multiplier, shift = makers[random.integers(3)](random, in_bits, out_bits)
        cases.append((min(max(value, least), most), multiplier, shift))
    return cases


def reachable(in_bits: int) -> tuple[int, int]:
    """The least and the most value: of 65 bits, what a sum of 64 and a bias of 32 bits reach."""
    if in_bits == 65:
        return -(1 << 63) - (1 << 31), (1 << 63) + (1 << 31) - 2
    return -(1 << in_bits - 1), (1 << in_bits - 1) - 1


def _signed(random: np.random.Generator, bits: int) -> int:
    """Of up to that many bits, every magnitude as likely as any other."""
    bits = int(random.integers(1, bits, endpoint=True))
    return int.from_bytes(random.bytes(9), "little") % (1 << bits) - (1 << bits - 1)


def _multiplier(random: np.random.Generator) -> int:
    edges = (0, 1, 1 << 31, LARGEST, (1 << 31) + 1, 3 << 30)
    if random.random() < 0.2:
        return edges[random.integers(len(edges))]
    return int(random.integers(1 << 31, LARGEST, endpoint=True))


def _any(random: np.random.Generator, in_bits: int, out_bits: int) -> tuple[int, int, int]:
    return _signed(random, in_bits), _multiplier(random), int(random.integers(64))


def _within(random: np.random.Generator, in_bits: int, out_bits: int) -> tuple[int, int, int]:
    value, multiplier = _signed(random, in_bits), _multiplier(random)
    room = int(random.integers(2, out_bits + 1))  # bits of the result, about
    shift = (abs(value) * multiplier).bit_length() - room
    return value, multiplier, min(max(shift, 0), 63)


def _half(random: np.random.Generator, in_bits: int, out_bits: int) -> tuple[int, int, int]:
    """An odd number of halves, or one part in 2^shift beside it."""
    halves = 2 * _signed(random, min(out_bits, in_bits - 1)) + 1
    zeros = int(random.integers(0, in_bits - halves.bit_length()))
    value = halves << zeros
    shift = min(32 + zeros, 63)
    beside = int(random.random() < 0.3)
    return value, (1 << 31) + beside, shift


def sum_cases(
    random: np.random.Generator, acc_bits: int, value_bits: int, count: int
) -> list[tuple[int, int, int, int]]:
    """(sum, bias, multiplier, shift): `scale_cases` with each value cut in two.

    Args:
        random: from `bench.generator`.
        acc_bits: width of a sum, signed.
        value_bits: width of an output value.
        count: how many.
    """
    most = (1 << acc_bits - 1) - 1
    cases = []
    in_bits = max(acc_bits, 32) + 1
    for value, multiplier, shift in scale_cases(random, in_bits, value_bits + 3, count):
        bias = _signed(random, 32)
        total = min(max(value - bias, -most - 1), most)
        bias = min(max(value - total, -(1 << 31)), (1 << 31) - 1)
        cases.append((total, bias, multiplier, shift))
    return cases
