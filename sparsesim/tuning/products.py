"""What products do to channels: filters are a class, the inputs' channels those of a weight."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import onnx

from sparsesim.graph.reads import reads
from sparsesim.tuning.channels import Layout, Walk, integer


def why(node: onnx.NodeProto) -> str:
    """A node as the reason why channels stay."""
    return f"{node.op_type} '{node.name}'"


def ends(walk: Walk, node: onnx.NodeProto) -> None:
    """All that a node reads must keep its order, and so does what it makes."""
    for name in sorted(reads(node)):
        walk.stay(walk.layout(name), why(node))


def convolves(walk: Walk, node: onnx.NodeProto) -> None:
    """Filters are a class; the input's channels are those of the weight."""
    # Slots: input, weight, bias; then those of values that may be vectors over the filters.
    slot, bias, vectors = {
        "QLinearConv": (3, 8, (4, 5)),
        "ConvInteger": (1, None, (3,)),
    }.get(node.op_type, (1, 2, ()))
    is_transposed = node.op_type == "ConvTranspose"
    layout, weight = walk.layout(node.input[0]), walk.shape(node.input[slot])
    follow_filters = [*vectors, *([bias] if bias is not None else [])]
    follow_filters = [i for i in follow_filters if i < len(node.input) and node.input[i]]
    if not walk.is_constant(node.input[slot]) or weight is None or None in weight:
        walk.fix(node, "its weight is computed")
        ends(walk, node)
        return
    if not all(walk.is_constant(node.input[i]) for i in follow_filters):
        walk.fix(node, "its bias or scale is computed")
        ends(walk, node)
        return
    if layout is not None and layout.axis != 1:
        walk.stay(layout, why(node))
        layout = None
    groups = integer(node, "group", 1)
    if groups == 1:
        inside, outside = (0, 1) if is_transposed else (1, 0)
        filters = walk.new(node, int(weight[outside] or 0), 1)
        if layout is not None:
            walk.take(node, slot, layout.moved(inside))
        walk.take(node, slot, filters.moved(outside))
        _vectors(walk, node, follow_filters, filters)
        walk.set(node.output[0], filters)
    elif not is_transposed and weight[1] == 1:
        walk.fix(node, "depthwise: each filter has its own channel")
        if layout is not None:
            filters = layout.widened(int(weight[0] or 0) // groups)
            walk.take(node, slot, filters.moved(0))
            _vectors(walk, node, follow_filters, filters)
            walk.set(node.output[0], filters)
    else:
        walk.fix(node, f"its filters are in {groups} groups")
        walk.stay(layout, why(node))


def multiplies(walk: Walk, node: onnx.NodeProto) -> None:
    """A product with a constant matrix on the right: its columns are a class."""
    slot, vectors = {"QLinearMatMul": (3, (4, 5)), "MatMulInteger": (1, (3,))}.get(
        node.op_type, (1, (2,) if node.op_type == "Gemm" else ())
    )
    left, out = walk.shape(node.input[0]), walk.shape(node.output[0])
    weight = walk.shape(node.input[slot])
    filters_vectors = [i for i in vectors if i < len(node.input) and node.input[i]]
    constant = [slot, *filters_vectors]
    plain = (
        all(walk.is_constant(node.input[i]) for i in constant)
        and not walk.is_constant(node.input[0])
        and not integer(node, "transA")
    )
    if not plain or left is None or out is None or weight is None or len(weight) != 2:
        walk.fix(node, "no product with a constant matrix on its right")
        ends(walk, node)
        return
    layout = walk.layout(node.input[0])
    if layout is not None and layout.axis != len(left) - 1:
        walk.stay(layout, why(node))
        layout = None
    inside, outside = (1, 0) if integer(node, "transB") else (0, 1)
    filters = walk.new(node, int(weight[outside] or 0), len(out) - 1)
    if layout is not None:
        walk.take(node, slot, layout.moved(inside))
    walk.take(node, slot, filters.moved(outside))
    _vectors(walk, node, filters_vectors, filters)
    walk.set(node.output[0], filters)


def _vectors(walk: Walk, node: onnx.NodeProto, slots: Sequence[int], filters: Layout) -> None:
    """Biases, scales and zero points: one for all filters, or one for each along the last axis."""
    for slot in slots:
        shape = walk.shape(node.input[slot])
        if shape and shape[-1] == filters.length and filters.length > 1:
            walk.take(node, slot, filters.moved(len(shape) - 1))
        elif shape is None or prod(length or 0 for length in shape) != 1:
            walk.stay(filters, why(node))  # a column of a Gemm's bias, say
