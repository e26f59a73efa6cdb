"""True widths of values that are stored wider than they are: 4-bit weights as floats, 2-bit
integers in eight bits.

They travel in the model's metadata, so that folding, rewriting and saving keep them. They say
nothing of a tensor that is stored as wide as it is: that is its type's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import onnx

from sparsesim.graph.notes import note, noted

METADATA_KEY = "sparsesim.value_bits"
WIDEST_NOTED_BITS = 32
# Operators whose output holds no values but those of their first input, and zeros.
MOVES = (
    "Identity",
    "Transpose",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Slice",
    "Gather",
    "Split",
    "Expand",
    "Tile",
)
_MEANS_FLOAT = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)


def value_bits(model: onnx.ModelProto) -> dict[str, int]:
    """Tensor -> its values' width in bits, of those that the model's metadata lists.

    What is no such list, or no width from 1 to 32, is passed over: metadata may hold anything.
    """
    return {
        name: bits
        for name, bits in noted(model, METADATA_KEY).items()
        if type(bits) is int and 1 <= bits <= WIDEST_NOTED_BITS
    }


def with_value_bits(model: onnx.ModelProto, bits: Mapping[str, int]) -> onnx.ModelProto:
    """The model, which now lists these widths besides its own; a name that is there gets the new
    one. It is changed in place."""
    if bits:
        set_value_bits(model, {**value_bits(model), **bits})
    return model


def set_value_bits(model: onnx.ModelProto, widths: Mapping[str, int]) -> None:
    """Let the model list these widths and no others, in place."""
    note(model, METADATA_KEY, widths)


def type_bits(kind: np.dtype) -> int:
    """Bits of a value of an ONNX type, those of less than a byte included."""
    text = str(kind)
    for bits, narrow in ((4, ("int4", "uint4", "float4_e2m1fn")), (2, ("int2", "uint2"))):
        if text in narrow:
            return bits
    return kind.itemsize * 8


def widths_behind(
    nodes: Iterable[onnx.NodeProto],
    types: Mapping[str, np.dtype],
    known: Mapping[str, int],
) -> dict[str, int]:
    """Widths of floats that nodes make of narrow integer constants: dequantised, and moved about.

    A DequantizeLinear, or a Cast with what follows it: a zero point taken off, factors.

    Args:
        nodes: in an order in which they can run.
        types: of constants by name.
        known: widths that are known of them.
    Returns:
        tensor -> width of the integers behind it, for those that the nodes make.
    """
    found: dict[str, int] = {}
    unscaled: set[str] = set()  # still whole numbers: a zero point may be taken off
    for node in nodes:
        source = node.input[0] if node.input else ""
        bits, is_unscaled = found.get(source), source in unscaled
        others = set(node.input[1:]) - {""}
        if node.op_type in ("DequantizeLinear", "Cast") and source in types:
            bits = known.get(source, _narrow_bits(types[source]))
            is_unscaled = node.op_type == "Cast"
        if node.op_type == "Cast":
            to = next((a.i for a in node.attribute if a.name == "to"), 0)
            bits = bits if to in _MEANS_FLOAT else None
        elif node.op_type in ("Sub", "Mul", "Div"):
            if not others.issubset(types) or (node.op_type == "Sub" and not is_unscaled):
                bits = None
            is_unscaled = False
        elif node.op_type not in (*MOVES, "DequantizeLinear"):
            bits = None
        if bits is not None:
            made = [name for name in node.output if name]
            found |= dict.fromkeys(made, bits)
            unscaled |= set(made if is_unscaled else ())
    return found


def of_constants(model: onnx.ModelProto) -> dict[str, int]:
    """`widths_behind` the constants of a model that is not folded yet; by names of tensors, of
    which folding leaves those that become constants."""
    types = {t.name: t.data_type for t in model.graph.initializer}
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                types[node.output[0]] = attribute.t.data_type
    kinds = {name: onnx.helper.tensor_dtype_to_np_dtype(kind) for name, kind in types.items()}
    return widths_behind(model.graph.node, kinds, value_bits(model))


def _narrow_bits(kind: np.dtype) -> int | None:
    """The width of an integer type of up to 16 bits; wider ones are no quantised weights."""
    if not str(kind).startswith(("int", "uint")):
        return None
    bits = type_bits(kind)
    return bits if bits <= 16 else None
