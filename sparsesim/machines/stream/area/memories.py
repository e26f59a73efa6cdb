"""Block RAM of memories inside the machine, as Yosys maps them, and what its families share.

Source: UG473, UG573: 18 Kb as 512 x 36 to 16384 x 1, two of them as one of 72 bits; FPGA-DS-02012:
18 Kb as 512 x 36 to 16384 x 1. Yosys's memory_libmap, of which synthesis is compared with this.
"""

from __future__ import annotations

# Bits of a word -> words, of a half of a 36 Kb block.
_HALF_BLOCK = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}


def fitted_with(family: str) -> str:
    """What a family is fitted together with: UltraScale+ with the 7 series, as Yosys maps both the
    same way, to a percent; nothing here lies in LUTs as memory.
    """
    return "xc7 and xcup" if family in ("xc7", "xcup") else family


def block_bram36(family: str, width_bits: int, words: int) -> float:
    """Blocks of 36 Kb of a memory with one read and one write port.

    Args:
        family: of FPGAs.
        width_bits: of a word.
        words: of the memory.
    """
    return min(-(-width_bits // bits) * -(-words // deep) for bits, deep in _HALF_BLOCK.items()) / 2
