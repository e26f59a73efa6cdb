"""com.microsoft's MultiHeadAttention: attention of projected queries, keys and values."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose import heads as h
from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths
from sparsesim.graph.decompose.microsoft_heads import Operands, attend, refuse_other_types

_QUERY, _KEY, _VALUE, _BIAS, _MASK, _ADDED, _PAST_KEY, _PAST_VALUE, _PAST_LENGTH, _BEAMS = range(10)


def rewrite(b: Builder) -> None:
    """Biases, heads, the past, and attention."""
    refuse_other_types(b)
    if not b.input(_KEY) or not b.input(_VALUE):
        raise Uncovered("its queries, keys and values are packed into one tensor")
    if b.input(_PAST_LENGTH) or b.input(_BEAMS):
        raise Uncovered("its past is in a buffer that is larger than it")
    if b.output(3):
        raise Uncovered("it gives its scores")
    heads = b.integer("num_heads")
    size = h.head_size(b, b.input(_QUERY), heads)
    biases = _biases(b, heads * size)
    query, key, value = (
        _by_heads(b, b.input(index), biases[index], heads, part)
        for index, part in ((_QUERY, "query"), (_KEY, "key"), (_VALUE, "value"))
    )
    past = ""
    if b.input(_PAST_KEY):
        past = Lengths(b).scalar(b.input(_PAST_KEY), 2)
    key = _with_past(b, key, b.input(_PAST_KEY), b.output(1), "key")
    value = _with_past(b, value, b.input(_PAST_VALUE), b.output(2), "value")
    attend(b, Operands(query, key, value, past, b.input(_MASK), b.input(_ADDED), True), size)


def _biases(b: Builder, hidden: int) -> list[str]:
    """Of queries, keys and values; empty where there are none."""
    if not b.input(_BIAS):
        return ["", "", ""]
    whole = b.known(b.input(_BIAS)).reshape(-1)
    if whole.size <= 2 * hidden:
        raise Uncovered(f"its bias has {whole.size} values; queries and keys have {hidden} each")
    cuts = np.split(whole, [hidden, 2 * hidden])
    names = ("query/bias", "key/bias", "value/bias")
    return [b.value(cut, name) for cut, name in zip(cuts, names, strict=True)]


def _by_heads(b: Builder, x: str, bias: str, heads: int, part: str) -> str:
    rank = b.rank(x)
    if rank == 4 and part != "query" and not bias:
        return x
    if rank != 3:
        raise Uncovered(f"its {part} has {rank} axes; layers take 3")
    x = b.add("Add", x, bias, part=f"{part}/biased") if bias else x
    return h.split_heads(b, x, heads, part)


def _with_past(b: Builder, x: str, past: str, present: str, part: str) -> str:
    if past:
        return b.add("Concat", past, x, part=f"{part}/all", axis=2, output=present)
    if present:
        b.add("Identity", x, part=f"{part}/all", output=present)
    return x
