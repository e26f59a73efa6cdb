"""What LUTs and flip-flops of a part grow with: quantities read off the Verilog, none fitted here.

Each function gives, for one design, a mapping from a quantity's name to its value; the model weighs
them. What queues are stored in isn't among them: that is exact.
"""

from __future__ import annotations

from sparsesim.area.storage import memory_luts
from sparsesim.area.table import Design

Features = dict[str, float]

# LUTs of a one-bit multiplexer over 1, 2, 4, 8, 16, 32, 64 inputs (sparsesim/synth/maps).
_MUX_LUTS = {
    "xc7": (0, 1, 1, 2, 4, 9, 17),
    "xcup": (0, 1, 1, 2, 4, 9, 17),
    "ecp5": (0, 1, 2, 4, 8, 17, 34),
}
_DSP_SUM_BITS = 47  # a DSP48's adder is 48 bits wide; the sum is kept in one bit more than its own


def stored_luts(design: Design) -> int:
    """LUTs used as memory, exact but for a shift register or two."""
    return sum(memory_luts(design.family, w, design.queue_depth) for w in _queue_widths(design))


def stored_ffs(design: Design) -> int:
    """Flip-flops used as queues of one window, exact."""
    return sum(_queue_widths(design)) if design.queue_depth == 1 else 0


def _queue_widths(design: Design) -> tuple[int, ...]:
    """Bits of a word of each queue of a PE."""
    if design.part != "pe":
        return ()
    window, by = design.window, design.skipping
    return (
        2 + window * (by in ("weight", "two_sided")),
        1 + window * (by in ("activation", "two_sided")),
        1 + window * design.weight_bits,
        window * design.act_bits,
    )


def features_of(design: Design) -> Features:
    """The quantities of a design, by its part."""
    by_part = {
        "pe": _dot if design.is_dot else _pe,
        "array": _array,
        "postprocess": _postprocess,
        "decoder": _decoder,
        "packed_sums": _packed_sums,
    }
    return by_part[design.part](design)


def _pe(design: Design) -> Features:
    window, lanes = design.window, min(design.lanes, design.window)
    skips = design.skipping != "none"
    operands = design.act_bits + design.weight_bits
    choices = window if skips else -(-window // lanes)  # a dense lane has elements of its own
    return {
        "one": 1,
        "slot bits": _bits(design.queue_depth),
        "mask bits": window * skips,
        "selected bits": lanes * window * skips,
        "index bits": lanes * _bits(window),
        "operand multiplexers": lanes * operands * mux_luts(design.family, choices),
        "adder tree bits": (lanes - 1) * operands,
        "sum bits": design.acc_bits,
        "sum bits outside the DSP": design.acc_bits * (lanes > 1),
        "sum bits beyond the DSP": design.acc_bits * (design.acc_bits > _DSP_SUM_BITS),
        "banks": (_banks(design) - 1) * window * operands,
    }


def _dot(design: Design) -> Features:
    """A dense PE that multiplies a whole window a cycle: a tree of sums, each level registered."""
    lanes, operands = min(design.lanes, design.window), design.act_bits + design.weight_bits
    levels = _bits(lanes)
    step_bits = operands + levels
    registered = sum(-(-lanes // 2**level) for level in range(2, levels + 1))
    return {
        "one": 1,
        "slot bits": _bits(design.queue_depth),
        "lanes": lanes,
        "operand bits": lanes * operands,
        "tree bits": (lanes - 1) * step_bits,
        "tree bits behind its first level": registered * step_bits,
        "bits of a lane without a partner": (lanes % 2) * step_bits,
        "sum bits": design.acc_bits,
        "banks": (_banks(design) - 1) * lanes * operands,
    }


def _array(design: Design) -> Features:
    rows, cols, window = design.rows, design.cols, design.window
    lines, pes = rows + cols, rows * cols
    stages = design.feed_latency - 1
    values = rows * window * (design.weight_bits + 1) + cols * window * (design.act_bits + 1)
    return {
        "one": 1,
        "lines": lines,
        "columns": cols,
        "PEs": pes,
        "heads": 2 * pes * (_bits(design.queue_depth) + 1),
        "gated mask bits": lines * window,
        "result multiplexers": pes * (design.acc_bits + 1),
        "pipelined values": stages * values,
        "pipelined heads": 2 * stages * pes * (_bits(design.queue_depth) + 1),
        "pipelined lines": stages * lines,
        "registered values": values,
    }


def _postprocess(design: Design) -> Features:
    return {"one": 1, "beat elements": design.window, "sum bits": design.acc_bits}


def _decoder(design: Design) -> Features:
    window = design.window
    return {
        "one": 1,
        "elements": window,
        "operand bits": window * design.act_bits,
        "rank bits": window * _bits(window),
        "multiplexers": window * design.act_bits * mux_luts(design.family, window) / 2,
    }


def _packed_sums(design: Design) -> Features:
    if design.lanes > 1:  # sums of more lanes lie in LUTs anyway: what their borrows add
        return {"one": 0, "sum bits": 0, "borrows": design.lanes}
    return {"one": 1, "sum bits": design.acc_bits, "borrows": 0}


def mux_luts(family: str, inputs: int) -> int:
    """LUTs of a multiplexer of one bit; inputs count up to the next power of two, at most 64."""
    return _MUX_LUTS[family][_bits(inputs)]


def _bits(values: int) -> int:
    """Bits of an index over so many values."""
    return max(0, values - 1).bit_length()


def _banks(design: Design) -> int:
    """Memories one behind the other that a queue of this depth takes."""
    deepest = 16 if design.family == "ecp5" else 64
    return -(-design.queue_depth // deepest)
