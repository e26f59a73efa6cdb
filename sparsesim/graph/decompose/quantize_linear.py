"""com.microsoft's QuantizeLinear and DequantizeLinear: ONNX's own, where the opset has the types.

Where it hasn't they stay, and are recognised around layers as ONNX's are (graph/recognise.py).
"""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder

_FIRST, _BY_AXIS, _FLOAT16, _WIDE = 10, 13, 19, 21
_ANY_OPSET = ("int8", "uint8", "int32")


def rewrite(b: Builder) -> None:
    """The node in ONNX's domain."""
    op = b.node.op_type
    zero = b.input(2)
    quantised = b.input(0) if op == "DequantizeLinear" else zero
    kind = str(b.kind(quantised)) if quantised else "uint8"
    b.needs_opset(_FIRST, op)
    if b.rank(b.input(1)) > 0:
        b.needs_opset(_BY_AXIS, f"{op} along an axis")
    if kind not in _ANY_OPSET:
        b.needs_opset(_WIDE, f"{op} of {kind}")
    if str(b.kind(b.input(1))) != "float32":
        b.needs_opset(_FLOAT16, f"{op} of {b.kind(b.input(1))}")
    b.add(op, b.input(0), b.input(1), zero, output=b.output(), **b.kept("axis"))
