"""A PE's area. DSPs are exact: a multiplier a lane. What its queues are stored in is, too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area.part_model import Features, PartModel
from sparsesim.area.selection import index_bits, mux_luts
from sparsesim.area.storage import deepest_words, memory_luts

_DSP_SUM_BITS = 47  # a DSP48's adder is 48 bits wide; the sum is kept in one bit more than its own


@dataclass(frozen=True)
class Pe:
    """A PE by itself.

    Attributes:
        family: of FPGAs.
        skipping: the scheme.
        window, lanes, queue_depth, act_bits, weight_bits, acc_bits: as of an accelerator.
    """

    family: str
    skipping: str
    window: int
    lanes: int
    queue_depth: int
    act_bits: int
    weight_bits: int
    acc_bits: int

    @property
    def multipliers(self) -> int:
        """Lanes beyond the window have none."""
        return min(self.lanes, self.window)

    @property
    def is_dot(self) -> bool:
        """A dense PE whose lanes take a whole window at once: it selects nothing."""
        return self.skipping == "none" and self.lanes >= self.window > 1


def kind_of(family: str, skipping: str, is_dot: bool = False) -> tuple[str, ...]:
    """What is fitted together; dense PEs that select nothing by themselves."""
    return (family, skipping, "a whole window a cycle") if is_dot else (family, skipping)


def stored_luts(design: Pe) -> int:
    """LUTs used as memory, exact but for a shift register or two."""
    return sum(memory_luts(design.family, w, design.queue_depth) for w in _queue_widths(design))


def stored_ffs(design: Pe) -> int:
    """Flip-flops used as queues of one window, exact."""
    return sum(_queue_widths(design)) if design.queue_depth == 1 else 0


def _queue_widths(design: Pe) -> tuple[int, ...]:
    """Bits of a word of each queue."""
    window, by = design.window, design.skipping
    return (
        2 + window * (by in ("weight", "two_sided")),
        1 + window * (by in ("activation", "two_sided")),
        1 + window * design.weight_bits,
        window * design.act_bits,
    )


def _features(design: Pe) -> Features:
    return _dot(design) if design.is_dot else _any(design)


def _any(design: Pe) -> Features:
    window, lanes = design.window, design.multipliers
    skips = design.skipping != "none"
    operands = design.act_bits + design.weight_bits
    choices = window if skips else -(-window // lanes)  # a dense lane has elements of its own
    return {
        "one": 1,
        "slot bits": index_bits(design.queue_depth),
        "mask bits": window * skips,
        "selected bits": lanes * window * skips,
        "index bits": lanes * index_bits(window),
        "operand multiplexers": lanes * operands * mux_luts(design.family, choices),
        "adder tree bits": (lanes - 1) * operands,
        "sum bits": design.acc_bits,
        "sum bits outside the DSP": design.acc_bits * (lanes > 1),
        "sum bits beyond the DSP": design.acc_bits * (design.acc_bits > _DSP_SUM_BITS),
        "banks": (_banks(design) - 1) * window * operands,
    }


def _dot(design: Pe) -> Features:
    """A dense PE that multiplies a whole window a cycle: a tree of sums, each level registered."""
    lanes, operands = design.multipliers, design.act_bits + design.weight_bits
    levels = index_bits(lanes)
    step_bits = operands + levels
    registered = sum(-(-lanes // 2**level) for level in range(2, levels + 1))
    return {
        "one": 1,
        "slot bits": index_bits(design.queue_depth),
        "lanes": lanes,
        "operand bits": lanes * operands,
        "tree bits": (lanes - 1) * step_bits,
        "tree bits behind its first level": registered * step_bits,
        "bits of a lane without a partner": (lanes % 2) * step_bits,
        "sum bits": design.acc_bits,
        "banks": (_banks(design) - 1) * lanes * operands,
    }


def _banks(design: Pe) -> int:
    """Memories one behind the other that a queue of this depth takes."""
    return -(-design.queue_depth // deepest_words(design.family))


MODEL = PartModel(
    "inner_join's PE",
    Pe,
    Path(__file__).with_suffix(".csv"),
    _features,
    kind=lambda design: kind_of(design.family, design.skipping, design.is_dot),
    stored_luts=stored_luts,
    stored_ffs=stored_ffs,
    dsp=lambda design: design.multipliers,
    near=lambda design: design.acc_bits,
)
