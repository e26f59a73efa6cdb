"""The i.i.d. bound on an encoding's size; not a bound on structured tensors, which may go below."""

from __future__ import annotations

import math

from sparsesim.errors import SpecError
from sparsesim.formats.format import checked_int


def iid_bound_bits(elements: int, nonzeros: int, value_bits: int) -> float:
    """Bits that independent elements need at least: n * H(p) + nonzeros * log2(2^v - 1).

    H is the entropy of one mask bit at density p = nonzeros / elements; a non-zero value is any of
    the other 2^v - 1 patterns, all equally likely.

    Args:
        elements: n, 0 or more.
        nonzeros: 0 to elements.
        value_bits: v, 1 to 64.
    Returns:
        bits, not negative; not a whole number.
    Raises:
        SpecError: a count out of range.
    Source: Shannon, A Mathematical Theory of Communication, 1948, theorem 9.
    """
    checked_int("value_bits", value_bits, 1, 64)
    if not 0 <= nonzeros <= elements:
        raise SpecError(f"nonzeros {nonzeros} is out of range; use 0 to {elements}")
    mask_bits = sum(
        count * math.log2(elements / count) for count in (nonzeros, elements - nonzeros) if count
    )
    return mask_bits + nonzeros * math.log2(2**value_bits - 1)
