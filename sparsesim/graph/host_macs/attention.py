"""MACs of attention: projections where the operator holds them, scores, and the sum of values.

All scores are counted, those that a causal or another mask makes zero afterwards included.
"""

from __future__ import annotations

from math import prod

import onnx

from sparsesim.graph.host_macs.known import Known, UnknownError, attribute, read


def _projecting(node: onnx.NodeProto, known: Known, past: int) -> int:
    """Attention of the runtime: x [batch, length, size] and one weight for query, key, value."""
    batch, length, size = known.shape(node.input[0])
    _, width = known.shape(node.input[1])
    sizes = attribute(node, "qkv_hidden_sizes", None) or [width // 3] * 3
    if attribute(node, "past_present_share_buffer", 0):
        raise UnknownError(read(node, past))
    before = known.shape(read(node, past))[3] if read(node, past) else 0
    scores = batch * length * (length + before)
    return batch * length * size * width + scores * (sizes[1] + sizes[2])


def _attention(node: onnx.NodeProto, known: Known) -> int:
    return _projecting(node, known, past=4)


def _quantised_attention(node: onnx.NodeProto, known: Known) -> int:
    return _projecting(node, known, past=8)


def _multi_head(node: onnx.NodeProto, known: Known) -> int:
    """Query [batch, length, size], or with keys, or with both, packed beside each other by head."""
    heads = attribute(node, "num_heads", 0)
    query, key, value = (read(node, index) for index in range(3))
    past, past_length = read(node, 6), read(node, 8)
    shape = known.shape(query)
    batch, length = shape[:2]
    size = shape[2] * shape[4] if len(shape) == 5 else shape[2]
    there = _length(known.shape(key)) if key else length
    widths = size
    if value:
        across = known.shape(value)
        widths = across[-1] if len(across) == 3 else across[-1] * heads
    before = int(known.value(past_length).max()) if past_length else 0
    if past and not past_length:
        before = known.shape(past)[2]
    return batch * length * (there + before) * (size + widths)


def _length(key: tuple[int, ...]) -> int:
    """Of keys [batch, length, size], by head [batch, heads, length, size], or packed in five."""
    return key[2] if len(key) == 4 else key[1]


def _decoding(node: onnx.NodeProto, known: Known) -> int:
    """One query against a buffer, of which `past_sequence_length` positions are filled."""
    heads = attribute(node, "num_heads", 0)
    batch, length, size = known.shape(node.input[0])
    key, value, past_length = read(node, 1), read(node, 2), read(node, 7)
    if key and len(known.shape(key)) == 4:  # cross attention: its keys are there
        total, width = known.shape(key)[2], known.shape(value)[3] * heads
    else:
        total = length + (int(known.value(past_length).max()) if past_length else 0)
        width = known.shape(value)[-1] if value else size // 3
        size = size if value else size // 3
    return batch * length * total * (size + width)


def _grouped(node: onnx.NodeProto, known: Known) -> int:
    """Several query heads share a key; `seqlens_k` is the length of each image's keys, less 1."""
    heads, shared = attribute(node, "num_heads", 0), attribute(node, "kv_num_heads", 0)
    _, length, size = known.shape(node.input[0])
    if not read(node, 1):  # query, key and value beside each other
        size = size * heads // (heads + 2 * shared)
    lengths = known.value(read(node, 5)).astype(int) + 1
    return length * int(lengths.sum()) * 2 * size


def _standard(node: onnx.NodeProto, known: Known) -> int:
    """Of ONNX: by head [batch, heads, length, size], or [batch, length, heads * size]."""
    query, key, value = (known.shape(name) for name in node.input[:3])
    before = known.shape(read(node, 4))[2] if read(node, 4) else 0
    if len(query) == 4:
        return prod(query[:3]) * (key[2] + before) * (query[3] + value[3])
    heads, shared = attribute(node, "q_num_heads", 0), attribute(node, "kv_num_heads", 0)
    width = value[2] // shared * heads
    return prod(query[:2]) * (key[1] + before) * (query[2] + width)


STANDARD = {"Attention": _standard}
MICROSOFT = {
    "Attention": _attention,
    "DecoderMaskedMultiHeadAttention": _decoding,
    "GroupQueryAttention": _grouped,
    "MultiHeadAttention": _multi_head,
    "QAttention": _quantised_attention,
}
