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


def mux_luts(family: str, inputs: int) -> int:
    """LUTs of a multiplexer of one bit; inputs count up to the next power of two, at most 64."""
    return _MUX_LUTS[family][index_bits(inputs)]


def index_bits(values: int) -> int:
    """Bits of an index over so many values; none over one or none."""
    return max(0, values - 1).bit_length()
