"""A PE's area: one DSP, a queue and two halves of sums in LUTs. It has no block RAM: its stores
stand outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits
from sparsesim.area.storage import deepest_words, memory_luts

AHEAD = 8
"""Activations that may lie in the queue before they are sent: broadcast_array.v."""
_DSP_SUM_BITS = 48  # a DSP48 adds up to 48 bits; wider sums lie in LUTs


@dataclass(frozen=True)
class Pe:
    """A PE by itself.

    Attributes:
        family: of FPGAs.
        queue_depth, entry_run_bits, pe_sums, act_bits, weight_bits, acc_bits: as of an accelerator.
        address_bits: of an entry in its store.
    """

    family: str
    queue_depth: int
    entry_run_bits: int
    pe_sums: int
    act_bits: int
    weight_bits: int
    acc_bits: int
    address_bits: int

    @property
    def count_bits(self) -> int:
        """Of how many entries a column has."""
        return self.pe_sums.bit_length()

    @property
    def queue_words(self) -> int:
        """Words of the queue's memory."""
        return 1 << index_bits(self.queue_depth - 1 + AHEAD)

    @property
    def queue_bits(self) -> int:
        """Of a word: activation, address, entries behind the first, whether there is one, half."""
        return self.act_bits + self.address_bits + self.count_bits + 2

    @property
    def banks(self) -> int:
        """Memories one behind the other that a half of the sums takes."""
        return -(-self.pe_sums // deepest_words(self.family))


def stored_luts(design: Pe) -> int:
    """LUTs used as memory: the queue, both halves of the sums with a bit each."""
    queue = memory_luts(design.family, design.queue_bits, design.queue_words)
    return queue + 2 * memory_luts(design.family, design.acc_bits + 1, design.pe_sums)


def stored_ffs(design: Pe) -> int:
    """Flip-flops used as memory: a single sum in each half."""
    return 2 * (design.acc_bits + 1) if design.pe_sums == 1 else 0


def _features(design: Pe) -> Features:
    return {
        "one": 1,
        "queue bits": design.queue_bits,
        "count and run bits": design.count_bits + design.entry_run_bits,
        "operand bits": design.act_bits + design.weight_bits,
        "row bits": index_bits(design.pe_sums),
        "sum bits": design.acc_bits,
        "sum bits beyond the DSP": design.acc_bits * (design.acc_bits > _DSP_SUM_BITS),
        "sum bits of banks": (design.banks - 1) * design.acc_bits,
        "banks of the queue": -(-design.queue_words // deepest_words(design.family)) - 1,
        "address bits": design.address_bits,
    }


MODEL = PartModel(
    "broadcast's PE",
    Pe,
    Path(__file__).with_suffix(".csv"),
    _features,
    stored_luts=stored_luts,
    stored_ffs=stored_ffs,
    dsp=lambda design: 1,
)
