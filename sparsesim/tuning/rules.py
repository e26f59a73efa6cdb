"""What each operator does to channels: passes them on, ties them, reads them as a product, or ends
their freedom.

A rule reads the layouts of a node's inputs and says those of its outputs. An operator without a
rule lets nothing move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx

from sparsesim import elementwise
from sparsesim.graph import Graph
from sparsesim.tuning.channels import (
    FIXED,
    Channels,
    Layout,
    Piece,
    Walk,
    integer,
    integers,
    reshaped,
)
from sparsesim.tuning.products import convolves, ends, multiplies, why

Rule = Callable[[Walk, onnx.NodeProto], None]


def find_channels(graph: Graph) -> Channels:
    """The channel classes of a graph."""
    walk = Walk(graph)
    for walk.at, node in enumerate(graph.model.graph.node):
        _follow(walk, node)
    for name in graph.outputs:
        walk.stay(walk.layout(name), f"the model's output '{name}'")
    return walk.found()


def _follow(walk: Walk, node: onnx.NodeProto) -> None:
    """Apply a node's rule."""
    (ends if node.domain else RULES.get(node.op_type, ends))(walk, node)


def _free(walk: Walk, node: onnx.NodeProto) -> None:
    """Only the shape is read."""


def _passes(walk: Walk, node: onnx.NodeProto) -> None:
    """Element by element, or along other axes than the channels'; only the first input counts."""
    for name in node.input[1:]:
        walk.stay(walk.layout(name), why(node))
    walk.set(node.output[0], walk.layout(node.input[0]))


def _spatial(walk: Walk, node: onnx.NodeProto) -> None:
    """Channel by channel, in an axis of their own behind the batch."""
    layout = walk.layout(node.input[0])
    indices = [name for name in node.output[1:] if name]  # of a MaxPool: they count channels
    if layout is None or layout.axis != 1 or indices:
        ends(walk, node)
    else:
        walk.set(node.output[0], layout)


def _normalises(walk: Walk, node: onnx.NodeProto) -> None:
    """With a constant vector or more over the channels behind the batch."""
    layout = walk.layout(node.input[0])
    slots = range(1, len(node.input))
    if (
        layout is None
        or layout.axis != 1
        or not all(walk.is_constant(node.input[i]) for i in slots)
    ):
        ends(walk, node)
        return
    for slot in slots:
        walk.take(node, slot, layout.moved(0))
    walk.set(node.output[0], layout)


def _meets(walk: Walk, node: onnx.NodeProto) -> None:
    """Element by element of several tensors, broadcast to each other."""
    laid = [name for name in node.input if walk.layout(name)]
    ranks = {name: walk.shape(name) for name in (*node.input, node.output[0]) if name}
    if not laid:
        return
    if any(shape is None for shape in ranks.values()):
        ends(walk, node)
        return
    first = walk.layout(laid[0])
    assert first is not None
    right = first.axis - len(ranks[laid[0]] or ())
    for slot, name in enumerate(node.input):
        layout, shape = walk.layout(name), ranks.get(name) or ()
        if not name or (layout is None and (len(shape) < -right or shape[right] == 1)):
            continue  # one element for all channels
        if layout is not None and layout.axis - len(shape) == right:
            walk.tie(first, layout, why(node))
        elif layout is None and shape[right] == first.length and walk.is_constant(name):
            walk.take(node, slot, first.moved(len(shape) + right))
        else:
            walk.stay(first, why(node))
            walk.stay(layout, why(node))
    walk.set(node.output[0], first.moved(len(ranks[node.output[0]] or ()) + right))


def _joins(walk: Walk, node: onnx.NodeProto) -> None:
    """Concat: along the channels, piece behind piece; along another axis all are alike."""
    shapes = [walk.shape(name) for name in node.input]
    layouts = [walk.layout(name) for name in node.input]
    if not any(layouts) or any(shape is None for shape in shapes):
        ends(walk, node)
        return
    axis = integer(node, "axis") % len(shapes[0] or (1,))
    laid = [layout for layout in layouts if layout]
    if all(layout.axis == axis for layout in laid):
        lengths = [(shape or ())[axis] for shape in shapes]
        if None in lengths:
            ends(walk, node)
            return
        pieces = [
            layout.pieces if layout else (Piece(FIXED, int(length or 0)),)
            for layout, length in zip(layouts, lengths, strict=True)
        ]
        walk.set(node.output[0], Layout(axis, tuple(piece for part in pieces for piece in part)))
    elif len(laid) == len(layouts) and all(layout.axis == laid[0].axis != axis for layout in laid):
        for layout in laid[1:]:
            walk.tie(laid[0], layout, why(node))
        walk.set(node.output[0], laid[0])
    else:
        ends(walk, node)


def _reshapes(walk: Walk, node: onnx.NodeProto) -> None:
    layout = walk.layout(node.input[0])
    before, after = walk.shape(node.input[0]), walk.shape(node.output[0])
    found = None
    if layout is not None and before is not None and after is not None:
        found = reshaped(layout, before, after)
    if found is None:
        ends(walk, node)
    walk.set(node.output[0], found)


def _transposes(walk: Walk, node: onnx.NodeProto) -> None:
    layout, shape = walk.layout(node.input[0]), walk.shape(node.input[0])
    if layout is None or shape is None:
        ends(walk, node)
        return
    turned = list(integers(node, "perm")) or list(range(len(shape)))[::-1]
    walk.set(node.output[0], layout.moved(turned.index(layout.axis)))


def _reduces(walk: Walk, node: onnx.NodeProto) -> None:
    """Over other axes than the channels'."""
    layout, shape = walk.layout(node.input[0]), walk.shape(node.input[0])
    axes: Sequence[int] = integers(node, "axes")
    if len(node.input) > 1 and node.input[1]:
        given = walk.constants.get(node.input[1])
        axes = [] if given is None else [int(axis) for axis in given.reshape(-1)]
    if layout is None or shape is None or not axes:
        ends(walk, node)
        return
    gone = {axis % len(shape) for axis in axes}
    if layout.axis in gone:
        ends(walk, node)
        return
    kept = integer(node, "keepdims", 1)
    less = 0 if kept else sum(axis < layout.axis for axis in gone)
    walk.set(node.output[0], layout.moved(layout.axis - less))


def _along(walk: Walk, node: onnx.NodeProto) -> None:
    """Softmax and its like along another axis than the channels' (before opset 13: many axes)."""
    layout, shape = walk.layout(node.input[0]), walk.shape(node.input[0])
    if (
        layout is None
        or shape is None
        or walk.opset < 13
        or integer(node, "axis", -1) % len(shape) == layout.axis
    ):
        ends(walk, node)
    else:
        walk.set(node.output[0], layout)


def _pads(walk: Walk, node: onnx.NodeProto) -> None:
    """Along other axes than the channels', whose number stays."""
    layout = walk.layout(node.input[0])
    before, after = walk.shape(node.input[0]), walk.shape(node.output[0])
    if layout is None or before is None or after is None:
        ends(walk, node)
        return
    amounts = integers(node, "pads")
    if len(node.input) > 1:
        given = walk.constants.get(node.input[1])
        amounts = [] if given is None else [int(amount) for amount in given.reshape(-1)]
    some_axes = len(node.input) > 3 and node.input[3]
    if (
        len(amounts) != 2 * len(before)
        or some_axes
        or amounts[layout.axis]
        or amounts[layout.axis + len(before)]
    ):
        ends(walk, node)
    else:
        walk.set(node.output[0], layout)


def _quantises(walk: Walk, node: onnx.NodeProto) -> None:
    """With one scale, or with one for each channel."""
    layout, shape = walk.layout(node.input[0]), walk.shape(node.input[0])
    if layout is None:
        return
    vectors = [i for i in range(1, len(node.input)) if node.input[i]]
    known = all(node.input[i] in walk.constants for i in vectors)
    if shape is None or not known or integer(node, "block_size"):
        ends(walk, node)
        return
    for slot in vectors:
        scale = walk.constants[node.input[slot]]
        if scale.size > 1 and integer(node, "axis", 1) % len(shape) == layout.axis:
            walk.take(node, slot, layout.moved(0))
    walk.set(node.output[0], layout)


def _named(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: dict[str, Rule] = {
    **_named(_passes, " ".join(elementwise.MODULES)),
    **_named(
        _passes,
        "Identity Dropout Cast Neg Exp Log Sqrt Reciprocal Erf Floor Ceil Round Sign Not Sin Cos "
        "Tan Atan IsNaN DynamicQuantizeLinear",
    ),
    **_named(
        _spatial,
        "MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool",
    ),
    **_named(_normalises, "BatchNormalization InstanceNormalization"),
    **_named(
        _meets,
        "Add Sub Mul Div Pow Max Min Sum Mean PRelu Where Equal Greater GreaterOrEqual Less "
        "LessOrEqual And Or Xor",
    ),
    **_named(_joins, "Concat"),
    **_named(_reshapes, "Reshape Flatten Squeeze Unsqueeze"),
    **_named(_transposes, "Transpose"),
    **_named(_reduces, "ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceProd"),
    **_named(_along, "Softmax LogSoftmax Hardmax"),
    **_named(_pads, "Pad"),
    **_named(_quantises, "QuantizeLinear DequantizeLinear"),
    **_named(convolves, "Conv ConvTranspose QLinearConv ConvInteger"),
    **_named(multiplies, "Gemm MatMul QLinearMatMul MatMulInteger"),
    **_named(_free, "Shape Size Constant"),
}
