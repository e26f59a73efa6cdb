"""LUTs of multiplexers, by the shapes that a family has: a feature of parts that select.

Source: `sparsesim/synth/maps`, which puts wide ones onto the multiplexers behind the LUTs.
"""

from __future__ import annotations

# LUTs of a one-bit multiplexer over 1, 2, 4, 8, 16, 32, 64 inputs.
_MUX_LUTS = {
    "xc7": (0, 1, 1, 2, 4, 9, 17),
    "xcup": (0, 1, 1, 2, 4, 9, 17),
    "ecp5": (0, 1, 2, 4, 8, 17, 34),
}


_WIDEST = 64


def mux_luts(family: str, inputs: int) -> int:
    """LUTs of a multiplexer of one bit; inputs count up to the next power of two. More than 64 go
    through several of 64 and one over those.

    >>> mux_luts("xc7", 64), mux_luts("xc7", 65), mux_luts("xc7", 200)
    (17, 35, 69)
    """
    whole = 1 << index_bits(inputs)
    if whole <= _WIDEST:
        return _MUX_LUTS[family][index_bits(whole)]
    groups = whole // _WIDEST
    return groups * mux_luts(family, _WIDEST) + mux_luts(family, groups)


def index_bits(values: int) -> int:
    """Bits of an index over so many values; none over one or none."""
    return max(0, values - 1).bit_length()
