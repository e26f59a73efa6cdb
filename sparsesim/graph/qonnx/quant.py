"""`Quant` (and `IntQuant`, its later name): x, scale, zero point, bit width.

scale * (round(clip(x / scale + zero point, low, high)) - zero point)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from sparsesim.graph.qonnx import bipolar_quant
from sparsesim.graph.qonnx.codes import dequantise, hold_constant, kind_of
from sparsesim.graph.qonnx.lowering import Lowering
from sparsesim.graph.qonnx.rounding import add_rounding, is_half_even, mode_of, rounded

_MOST_BITS = 32


def lower(work: Lowering, node: onnx.NodeProto) -> None:
    """Replace the node."""
    bits = whole_width(work, node, 3, "bit width")
    signed, narrow = _flag(node, "signed", 1), _flag(node, "narrow", 0)
    mode = mode_of(work, node, "ROUND")
    x, scale, zero = (work.constant(name) for name in node.input[:3])
    if bits == 1 and signed:
        bipolar_quant.lower(work, node)
        return
    low, high = limits(bits, signed, narrow)
    if x is not None and scale is not None and zero is not None:
        x, scale, zero = (part.astype(np.float32) for part in (x, scale, zero))
        clipped = np.clip(x / scale + zero, np.float32(low), np.float32(high))
        codes = rounded(clipped, mode)
        if zero.size == 1:
            hold_constant(work, codes, scale, float(zero.reshape(-1)[0]), bits, node.output[0])
        else:
            _hold_real(work, (codes - zero) * scale, bits, node.output[0])
        return
    if scale is None or scale.size != 1 or zero is None or zero.size != 1:
        _in_floats(work, node, low, high, mode)
        return
    step, shift = np.float32(scale.reshape(-1)[0]), float(zero.reshape(-1)[0])
    kind = kind_of(min(low, shift), max(high, shift))
    if kind is None or shift != round(shift):
        _in_floats(work, node, low, high, mode)
        return
    output = node.output[0]
    if is_half_even(mode) and shift % 2 == 0:  # then rounding before or after the shift is the same
        codes_name = _quantised(work, node, low, high, step, int(shift), kind)
    else:
        whole = _rounded(work, node, low, high, mode)
        codes_name = work.add("Cast", [whole], "codes", output, to=_element(kind))
    work.widths[codes_name] = bits
    dequantise(work, codes_name, np.asarray(step), int(shift), kind, output, 1)


def whole_width(work: Lowering, node: onnx.NodeProto, place: int, what: str) -> int:
    """A constant width in bits, 1 to 32; ModelError else."""
    bits = work.number(node, place, what)
    if bits != round(bits) or not 1 <= bits <= _MOST_BITS:
        raise work.error(
            node, f"its {what} {bits:g} is out of range; use a whole number from 1 to {_MOST_BITS}"
        )
    return int(bits)


def limits(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Least and greatest code of so many bits; a narrow range leaves one code out.

    >>> limits(3, True, False), limits(3, True, True), limits(3, False, True)
    ((-4, 3), (-3, 3), (0, 6))
    """
    if signed:
        return -(1 << (bits - 1)) + int(narrow), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1 - int(narrow)


def _quantised(work, node, low, high, step, shift: int, kind: np.dtype) -> str:
    """QuantizeLinear, behind a Clip of floats where the codes do not use all of their type."""
    x, output = node.input[0], node.output[0]
    limit = np.iinfo(kind)
    bounds = ["", ""]
    if low > limit.min:
        bounds[0] = work.hold(np.float32(low - shift) * step, "least", output)
    if high < limit.max:
        bounds[1] = work.hold(np.float32(high - shift) * step, "most", output)
    if any(bounds):
        inputs = [x, *bounds] if bounds[1] else [x, bounds[0]]
        x = work.add("Clip", inputs, "clipped", output)
    scale = work.hold(np.float32(step), "step", output)
    zero = work.hold(np.asarray(shift, kind), "shift", output)
    return work.add("QuantizeLinear", [x, scale, zero], "codes", output)


def _rounded(work, node, low, high, mode: str) -> str:
    """The codes as floats: divided, shifted, clipped, rounded."""
    output = node.output[0]
    tensor = work.add("Div", [node.input[0], node.input[1]], "steps", output)
    zero = work.constant(node.input[2])
    if zero is None or zero.any():
        tensor = work.add("Add", [tensor, node.input[2]], "shifted", output)
    bounds = [
        work.hold(np.float32(value), part, output) for part, value in (("low", low), ("high", high))
    ]
    tensor = work.add("Clip", [tensor, *bounds], "clipped", output)
    return add_rounding(work, tensor, mode, output)


def _in_floats(work, node, low, high, mode: str) -> None:
    """The same numbers, but no quantised operand: no DequantizeLinear says them."""
    output = node.output[0]
    codes = _rounded(work, node, low, high, mode)
    zero = work.constant(node.input[2])
    if zero is None or zero.any():
        codes = work.add("Sub", [codes, node.input[2]], "centred", output)
    work.give("Mul", [codes, node.input[1]], output)


def _hold_real(work: Lowering, real: np.ndarray, bits: int, output: str) -> None:
    real = real.astype(np.float32)
    work.know(output, real)
    work.hold_as(real, output)
    work.widths[output] = bits


def _flag(node: onnx.NodeProto, name: str, default: int) -> bool:
    return bool(next((a.i for a in node.attribute if a.name == name), default))


def _element(kind: np.dtype) -> Any:
    return onnx.helper.np_dtype_to_tensor_dtype(kind)
