"""ONNX's own Attention (opset 23 on): NODE/scores and NODE/values, and what lies between.

Where fewer heads have keys, those that share one are joined: a group has the rows of them all.
"""

from __future__ import annotations

import math

import numpy as np

from sparsesim.graph.decompose import heads as h
from sparsesim.graph.decompose.attention_bias import (
    FILLED,
    KEY,
    PAST_KEY,
    PAST_VALUE,
    QUERY,
    VALUE,
    attention_bias,
)
from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths

_RAW, _CAPPED, _BIASED, _PROBABILITIES = range(4)
_PRECISIONS = (1, 10, 11)  # float32, float16, float64


def rewrite(b: Builder) -> None:
    """Transposed, scaled, multiplied, capped, masked, normalised, multiplied, turned back."""
    if b.input(FILLED) and b.input(PAST_KEY):
        raise Uncovered("it has a past and a number of filled keys (nonpad_kv_seqlen)")
    joined = b.rank(b.input(QUERY)) == 3
    heads, shared = _heads(b, joined)
    query, key, value = (
        h.split_heads(b, b.input(index), count, part) if joined else b.input(index)
        for index, count, part in (
            (QUERY, heads, "query"),
            (KEY, shared, "key"),
            (VALUE, shared, "value"),
        )
    )
    key = _with_past(b, key, PAST_KEY, 1, "key")
    value = _with_past(b, value, PAST_VALUE, 2, "value")
    root = b.value(np.array(_root_of_scale(b, heads if joined else 1), b.kind(b.input(0))), "scale")
    lengths = Lengths(b)
    bias, may_hide_all = attention_bias(b, lengths, query, key)
    query = b.add("Mul", query, root, part="query/scaled")
    key = b.add("Mul", key, root, part="key/scaled")
    query = h.grouped(b, query, shared, "query/grouped") if shared < heads else query
    x = h.scores(b, query, key)
    x = h.grouped(b, x, heads, "scores/heads") if shared < heads else x
    _shown(b, x, _RAW)
    x = _capped(b, x)
    _shown(b, x, _CAPPED)
    x = b.add("Add", x, bias, part="biased") if bias else x
    _shown(b, x, _BIASED)
    x = _normalised(b, x, bias if may_hide_all else "")
    _shown(b, x, _PROBABILITIES)
    x = h.grouped(b, x, shared, "softmax/grouped") if shared < heads else x
    x = h.values(b, x, value)
    x = h.grouped(b, x, heads, "values/heads") if shared < heads else x
    if joined:
        h.join_heads(b, x, b.output())
    else:
        b.nodes[-1].output[0] = b.output()


def _heads(b: Builder, joined: bool) -> tuple[int, int]:
    """Heads of queries; of keys and values."""
    if joined:
        heads, shared = b.integer("q_num_heads"), b.integer("kv_num_heads")
    else:
        lengths = [b.length(b.input(index), 1) for index in (QUERY, KEY)]
        if b.rank(b.input(QUERY)) != 4 or None in lengths:
            raise Uncovered("its number of heads is unknown")
        heads, shared = (length or 0 for length in lengths)
    if shared < 1 or heads < 1 or heads % shared:
        raise Uncovered(f"{shared} heads of keys do not divide {heads} heads of queries")
    return heads, shared


def _with_past(b: Builder, x: str, past: int, present: int, part: str) -> str:
    """Keys or values behind those of the past; what is asked for of them is given."""
    if b.input(past):
        return b.add(
            "Concat", b.input(past), x, part=f"{part}/all", axis=2, output=b.output(present)
        )
    if b.output(present):
        b.add("Identity", x, part=f"{part}/all", output=b.output(present))
    return x


def _root_of_scale(b: Builder, heads: int) -> float:
    """Both operands are multiplied by the root, so that their product doesn't overflow."""
    size = h.head_size(b, b.input(QUERY), heads)
    scale = b.number("scale", 1 / math.sqrt(size))
    if not scale > 0:
        raise Uncovered(f"its scale is {scale:g}; layers take one above 0")
    return math.sqrt(scale)


def _capped(b: Builder, x: str) -> str:
    cap = b.number("softcap", 0.0)
    if not cap:
        return x
    number = b.value(np.array(cap, b.kind(b.input(0))), "softcap")
    bent = b.add("Tanh", b.add("Div", x, number, part="softcap/in"), part="softcap/tanh")
    return b.add("Mul", bent, number, part="softcap/out")


def _normalised(b: Builder, x: str, bias: str) -> str:
    """Softmax; 0 where the bias leaves a row without any key."""
    wide = b.integer("softmax_precision", 0)
    if wide and wide not in _PRECISIONS:
        raise Uncovered("its softmax is computed in a type that ONNX Runtime has no kernel for")
    x = b.add("Cast", x, part="softmax/wide", to=wide) if wide else x
    x = h.softmax(b, x)
    if wide:
        x = b.add("Cast", x, part="softmax/narrow", to=_type(b))
    if not bias:
        return x
    axes = b.value(np.array([-1], np.int64), "last")
    most = b.add("ReduceMax", bias, axes, part="hidden/most", keepdims=1)
    hidden = b.add("IsInf", most, part="hidden", detect_positive=0)
    zero = b.value(np.array(0, b.kind(b.input(0))), "zero")
    return b.add("Where", hidden, zero, x, part="softmax/guarded")


def _type(b: Builder) -> int:
    return {"float32": 1, "float16": 10, "float64": 11}[str(b.kind(b.input(0)))]


def _shown(b: Builder, x: str, mode: int) -> None:
    """The scores at the stage that the fourth output asks for."""
    asked = b.integer("qk_matmul_output_mode", _RAW)
    if asked not in (_RAW, _CAPPED, _BIASED, _PROBABILITIES):
        raise Uncovered(f"its qk_matmul_output_mode is {asked}; there are 0 to 3")
    if b.output(3) and mode == asked:
        b.add("Identity", x, part="scores/shown", output=b.output(3))
