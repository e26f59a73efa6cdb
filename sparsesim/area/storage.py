"""LUTs that memories in LUTs take: exact, by the shapes that a family has.

Source: UG474 (7 series: 32 x 6 or 64 x 3 in four LUTs), UG574 (UltraScale+: 32 x 14 or 64 x 7 in
eight), FPGA-TN-02204 (ECP5: 16 x 4 in six); Yosys's memory_libmap takes the same.
"""

from __future__ import annotations

# Family -> (words, bits of a word, LUTs) of its memories with one write and one read port.
_SHAPES = {
    "xc7": ((32, 6, 4), (64, 3, 4)),
    "xcup": ((32, 14, 8), (64, 7, 8)),
    "ecp5": ((16, 4, 6),),
}


def memory_luts(family: str, width_bits: int, words: int) -> int:
    """LUTs of a memory, without the multiplexers of one that is deeper than a family's deepest.

    Args:
        family: one of `sparsesim.synth.families.FAMILIES`.
        width_bits: of a word.
        words: one is a register and takes no LUT.
    """
    if words == 1:
        return 0
    shapes = _SHAPES[family]
    depth, width, luts = next((shape for shape in shapes if words <= shape[0]), shapes[-1])
    return -(-words // depth) * -(-width_bits // width) * luts


def deepest_words(family: str) -> int:
    """Words of a family's deepest memory; a deeper one is several, one behind the other."""
    return max(words for words, _, _ in _SHAPES[family])
