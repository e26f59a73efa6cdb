"""The post-processing unit in Python's own integers, which have no width: the oracle.

Written from the definition in docs/model.md ("Fixed-point execution"), one value at a time.
"""

from __future__ import annotations

from fractions import Fraction


def naive_requantise(
    total: int,
    bias: int,
    multiplier: int,
    shift: int,
    relu: bool,
    threshold: int,
    zero_point: int,
    low: int,
    high: int,
) -> int:
    """One output value; round() of a fraction goes to the even neighbour at a tie."""
    y = round(Fraction((total + bias) * multiplier, 2**shift))
    if relu:
        y = max(y, 0)
    if abs(y) <= threshold:
        y = 0
    return min(max(y + zero_point, low), high)


def naive_scale(real: float) -> Fraction:
    """The number nearest to a scale among all multiplier / 2^shift, by looking at each shift."""
    wanted = Fraction(real)
    best = None
    for shift in range(64):
        near = int(wanted * 2**shift)
        for multiplier in (near, near + 1):
            held = min(max(multiplier, 2**31 if shift < 63 else 0), 2**32 - 1)
            value = Fraction(held, 2**shift)
            if best is None or abs(value - wanted) < abs(best - wanted):
                best = value
    assert best is not None
    return best
