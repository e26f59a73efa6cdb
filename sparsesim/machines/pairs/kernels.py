"""Counting effectual pairs without forming them.

The effectual pairs of a pass are the sum over k of (weights set at k) * (activations set at k). The
counts of 64 elements at a time are kept as bit planes: bit k of plane b is bit b of element k's
count. Seven rows at a time are added by full adders, and two counts are multiplied plane by plane.
"""

from __future__ import annotations

import numpy as np
from numba.extending import intrinsic

from sparsesim.kernel import kernel
from sparsesim.machines.pairs.columns import ACTIVATION, EFFECTUAL, WEIGHT

PLANES = 40
ONES, TWOS, FOURS, LEAST_PLANES = range(4)
"""Planes that seven rows fill; at least these are used."""


@intrinsic
def ones(typing, word):
    """How many bits of a number are set, in its own type."""

    def emit(context, builder, signature, args):
        return builder.ctpop(args[0])

    return word(word), emit


@kernel
def count_bits(act_words, weight_words, passes, out):
    """For each pass: activations set, weights set, effectual pairs.

    Args:
        act_words: uint64, shape (groups, positions, words).
        weight_words: uint64, shape (groups, filters, words).
        passes: int64, shape (n, 8), `Passes.table`.
        out: int64, shape (n, 3), see `columns`.
    """
    act_planes = np.empty(PLANES, dtype=np.uint64)
    weight_planes = np.empty(PLANES, dtype=np.uint64)
    for index in range(passes.shape[0]):
        group, m0, m1, p0, p1, first, last, _ = passes[index]
        acts, weights, effectual = 0, 0, 0
        for word in range(first >> 6, (last + 63) >> 6):
            inside = ~np.uint64(0)
            if word == first >> 6:
                inside &= ~np.uint64(0) << np.uint64(first & 63)
            if word == last >> 6:
                inside &= (np.uint64(1) << np.uint64(last & 63)) - np.uint64(1)
            act_used = add_rows(act_words[group], p0, p1, word, inside, act_planes)
            weight_used = add_rows(weight_words[group], m0, m1, word, inside, weight_planes)
            for a in range(act_used):
                acts += np.int64(ones(act_planes[a])) << a
                for w in range(weight_used):
                    effectual += np.int64(ones(act_planes[a] & weight_planes[w])) << (a + w)
            for w in range(weight_used):
                weights += np.int64(ones(weight_planes[w])) << w
        out[index, ACTIVATION] = acts
        out[index, WEIGHT] = weights
        out[index, EFFECTUAL] = effectual


@kernel
def add_rows(words, first, last, word, inside, planes):
    """Count each bit of one word over some rows, as bit planes; returns the planes in use."""
    planes[:LEAST_PLANES] = 0
    used = LEAST_PLANES
    row = first
    while row < last:
        rest = last - row
        a = words[row, word]
        b = words[row + 1, word] if rest > 1 else np.uint64(0)
        c = words[row + 2, word] if rest > 2 else np.uint64(0)
        d = words[row + 3, word] if rest > 3 else np.uint64(0)
        e = words[row + 4, word] if rest > 4 else np.uint64(0)
        f = words[row + 5, word] if rest > 5 else np.uint64(0)
        g = words[row + 6, word] if rest > 6 else np.uint64(0)
        row += 7
        one_a, two_a = full_add(a, b, c)
        one_b, two_b = full_add(d, e, f)
        one, two_c = full_add(one_a, one_b, g)
        two, four = full_add(two_a, two_b, two_c)
        planes[ONES], carry = full_add(planes[ONES], one & inside, np.uint64(0))
        planes[TWOS], carry = full_add(planes[TWOS], two & inside, carry)
        planes[FOURS], carry = full_add(planes[FOURS], four & inside, carry)
        plane = LEAST_PLANES
        while carry:
            if plane == used:
                planes[plane] = 0
                used += 1
            planes[plane], carry = planes[plane] ^ carry, planes[plane] & carry
            plane += 1
    return used


@kernel
def full_add(a, b, c):
    """Sum and carry of three bits, 64 times over."""
    half = a ^ b
    return half ^ c, (a & b) | (half & c)
