"""What ONNX's Attention adds to its scores: a mask, and the bounds of what a query may see."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose import heads as h
from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths

# Inputs of the operator.
QUERY, KEY, VALUE, MASK, PAST_KEY, PAST_VALUE, FILLED = range(7)


def attention_bias(b: Builder, lengths: Lengths, query: str, key: str) -> tuple[str, bool]:
    """What is added to the scores: the mask, and -inf where a query may not see a key.

    Args:
        b: the builder.
        lengths: of its tensors.
        query, key: with an axis for the heads, the past included.
    Returns:
        the tensor, empty where nothing is hidden; whether it may hide all keys of a query.
    """
    kind = b.kind(b.input(0))
    if str(kind) not in ("float16", "float32", "float64"):
        raise Uncovered(f"its operands are of type {kind}; layers take floats")
    zero, none = b.value(np.array(0, kind), "allowed"), b.value(np.array(-np.inf, kind), "hidden")
    parts = []
    if b.input(MASK):
        mask = b.input(MASK)
        if str(b.kind(mask)) == "bool":
            mask = b.add("Where", mask, zero, none, part="mask")
        elif b.kind(mask) != kind:
            raise Uncovered(f"its mask is of type {b.kind(mask)}; layers take bool and {kind}")
        parts.append(_as_long_as_keys(b, lengths, mask, key, none))
    allowed = _allowed(b, lengths, query, key)
    if allowed:
        parts.append(b.add("Where", allowed, zero, none, part="bounds"))
    only_causal = not parts[:-1] and not b.input(MASK) and not b.input(FILLED)
    windows = any(b.integer(f"{side}_window_size", -1) >= 0 for side in ("left", "right"))
    return h.summed(b, parts, "bias"), bool(parts) and (not only_causal or windows)


def _as_long_as_keys(b: Builder, lengths: Lengths, mask: str, key: str, none: str) -> str:
    """A mask that ends before the keys hides the rest."""
    rank = b.rank(b.input(MASK))
    if rank < 1:
        raise Uncovered("its mask has no axes")
    axis = 2 if b.rank(b.input(KEY)) == 4 else 1
    known = b.length(b.input(MASK), -1) if rank > 1 else None
    keys = b.length(b.input(KEY), axis)
    if b.input(PAST_KEY):
        past = b.length(b.input(PAST_KEY), 2)
        keys = None if keys is None or past is None else keys + past
    if known is not None and known == keys:
        return mask
    missing = b.add("Sub", lengths.of(key, [2]), lengths.of(mask, [rank - 1]), part="mask/missing")
    missing = b.add("Max", missing, lengths.fixed(0), part="mask/added")
    pads = lengths.joined(lengths.fixed(*[0] * (2 * rank - 1)), missing)
    return b.add("Pad", mask, pads, none, part="mask/padded")


def _allowed(b: Builder, lengths: Lengths, query: str, key: str) -> str:
    """Which keys a query may see by its place, (..., queries, keys); empty: all."""
    left, right = b.integer("left_window_size", -1), b.integer("right_window_size", -1)
    causal, filled = b.integer("is_causal", 0), b.input(FILLED)
    if not causal and left < 0 and right < 0 and not filled:
        return ""
    keys = lengths.count(lengths.scalar(key, 2))
    tests = []
    if filled:
        shape = b.value(np.array([-1, 1, 1, 1], np.int64), "filled/shape")
        filled = b.add("Reshape", filled, shape, part="filled")
        tests.append(b.add("Less", keys, filled, part="filled/keys"))
    if causal or left >= 0 or right >= 0:
        place = _places(b, lengths, query, filled)
        if causal:
            tests.append(b.add("LessOrEqual", keys, place, part="causal"))
        if right >= 0:
            tests.append(b.add("LessOrEqual", keys, _moved(b, place, right), part="right"))
        if left >= 0:
            tests.append(b.add("GreaterOrEqual", keys, _moved(b, place, -left), part="left"))
    allowed = tests[0]
    for other in tests[1:]:
        allowed = b.add("And", allowed, other, part="bounds/all")
    return allowed


def _places(b: Builder, lengths: Lengths, query: str, filled: str) -> str:
    """Of each query among the keys, (..., queries, 1)."""
    column = b.value(np.array([-1, 1], np.int64), "column")
    count = lengths.count(lengths.scalar(query, 2))
    place = b.add("Reshape", count, column, part="place")
    if filled:
        offset = b.add("Sub", filled, lengths.scalar(query, 2), part="place/first")
    elif b.input(PAST_KEY):
        offset = lengths.scalar(b.input(PAST_KEY), 2)
    else:
        return place
    return b.add("Add", place, offset, part="place/moved")


def _moved(b: Builder, place: str, by: int) -> str:
    return b.add("Add", place, b.value(np.array(by, np.int64), "window"), part="window/end")
