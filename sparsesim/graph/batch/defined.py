"""Operators that have their batch along one axis, by ONNX's definition."""

from __future__ import annotations

from sparsesim.graph.batch.place import ElsewhereError, LostError, Place
from sparsesim.graph.batch.view import View

# The first axis of the first operand; that of the first output is the same.
_PICTURES = [
    "AffineGrid",
    "AveragePool",
    "BatchNormalization",
    "Col2Im",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "DeformConv",
    "DepthToSpace",
    "FusedConv",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "GridSample",
    "GroupNorm",
    "GroupNormalization",
    "InstanceNormalization",
    "LRN",
    "LpPool",
    "MaxPool",
    "MaxUnpool",
    "NhwcConv",
    "NhwcFusedConv",
    "QLinearAveragePool",
    "QLinearConv",
    "QLinearGlobalAveragePool",
    "SpaceToDepth",
    "STFT",
]
_RECURRENT = ("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM")
# Queries, keys and values have it first.
_ATTENDING = ("Attention", "MultiHeadAttention", "GroupQueryAttention", "QAttention")
# Words, segments, mask and positions have it first, and so has each output.
_EMBEDDING = ("EmbedLayerNormalization",)
# Vectors that are turned, and angles or positions for each.
_TURNING = ("RotaryEmbedding",)

_OPERANDS = {
    **dict.fromkeys(_ATTENDING, (0, 1, 2)),
    **dict.fromkeys(_EMBEDDING, (0, 1, 7, 8)),
    **dict.fromkeys(_TURNING, (0, 1, 2, 3)),
}

DEFINED = frozenset((*_PICTURES, *_RECURRENT, *_ATTENDING, *_EMBEDDING, *_TURNING))
"""All of them."""


def defined(view: View) -> list[Place | None]:
    """Places in the outputs of an operator among `DEFINED`.

    Raises:
        ElsewhereError: it has its batch along another axis. LostError: it reads a parameter.
    """
    if view.node.op_type in _RECURRENT:
        return _recurrent(view)
    op = view.node.op_type
    many = _OPERANDS.get(op, (0,))
    for index in view.placed:
        place = view.place(index)
        if index not in many:
            raise LostError("takes it as a parameter")
        if place is not None and place.axis:
            raise ElsewhereError
    place = view.together([found for i in view.placed if (found := view.place(i))])
    if op == "BatchNormalization" and view.attribute("training_mode", 0):
        raise ElsewhereError
    others = len(view.node.output) - 1
    return [place] + [place if op in _EMBEDDING else None] * others


def _recurrent(view: View) -> list[Place | None]:
    """By `layout`: steps, batch, features; or batch, steps, features. States likewise."""
    batch_first = bool(view.attribute("layout", 0))
    state = 0 if batch_first else 1
    wanted = {0: 0 if batch_first else 1, 4: 0, 5: state, 6: state}
    found = []
    for index in view.placed:
        place = view.place(index)
        if place is None or index not in wanted:
            raise LostError("takes it as a parameter")
        if place.axis != wanted[index]:
            raise ElsewhereError
        found.append(place.along(0))
    place = view.together(found)
    # All steps: [batch, steps, directions, …] or [steps, directions, batch, …].
    whole, last = place.along(0 if batch_first else 2), place.along(state)
    places: list[Place | None] = [whole, last, last]
    return places[: len(view.node.output)]
