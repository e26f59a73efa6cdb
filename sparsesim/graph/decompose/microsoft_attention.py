"""com.microsoft's Attention: queries, keys and values projected by one packed weight.

The projections are NODE/query, NODE/key and NODE/value; the attention NODE/scores, NODE/values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsesim.graph.decompose import heads as h
from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths
from sparsesim.graph.decompose.microsoft_heads import (
    Operands,
    attend,
    refuse_other_types,
    unsqueezed,
)

PARTS = ("query", "key", "value")
_INPUT, _WEIGHT, _BIAS, _MASK, _PAST, _ADDED, _PAST_LENGTH = range(7)


def rewrite(b: Builder) -> None:
    """Three products of the input, and attention over heads."""
    refuse_other_types(b)
    if b.input(_PAST_LENGTH):
        raise Uncovered("its past is in a buffer that is larger than it")
    weight = b.known(b.input(_WEIGHT))

    def project(part: str, columns: slice) -> str:
        own = b.value(np.ascontiguousarray(weight[:, columns]), f"{part}/weight")
        return b.add("MatMul", b.input(_INPUT), own, part=part)

    projected_attention(b, weight, project, (_BIAS, _MASK, _PAST, _ADDED))


def projected_attention(
    b: Builder,
    weight: np.ndarray,
    project: Callable[[str, slice], str],
    inputs: tuple[int, int, int, int],
) -> None:
    """Attention of one input.

    Args:
        b: the builder.
        weight: (input, queries and keys and values side by side).
        project: gives one of the three products: its name, its columns of the weight.
        inputs: where the node has bias, mask, past and what is added to the scores; 99: nowhere.
    """
    bias, mask, past, added = (b.input(index) for index in inputs)
    if b.integer("do_rotary", 0):
        raise Uncovered("it turns its queries and keys by their places (do_rotary)")
    if b.integer("past_present_share_buffer", 0):
        raise Uncovered("its past is in a buffer that is larger than it")
    heads = b.integer("num_heads")
    sizes = _sizes(b, weight, heads)
    vector = b.known(bias).reshape(-1) if bias else None
    if vector is not None and vector.size != sum(sizes):
        raise Uncovered(f"its bias has {vector.size} values; its weight has {sum(sizes)} columns")
    split = []
    for index, part in enumerate(PARTS):
        columns = slice(sum(sizes[:index]), sum(sizes[: index + 1]))
        x = project(part, columns)
        if vector is not None:
            x = b.add("Add", x, b.value(vector[columns], f"{part}/bias"), part=f"{part}/biased")
        split.append(h.split_heads(b, x, heads, part))
    query, key, value = split
    past_length = Lengths(b).scalar(past, 3) if past else ""
    key = _with_past(b, key, past, 0)
    value = _with_past(b, value, past, 1)
    if b.output(1):
        both = [unsqueezed(b, x, 0, f"{p}/present") for x, p in ((key, "key"), (value, "value"))]
        b.add("Concat", *both, part="present", axis=0, output=b.output(1))
    attend(b, Operands(query, key, value, past_length, mask, added), sizes[0] // heads)


def _sizes(b: Builder, weight: np.ndarray, heads: int) -> list[int]:
    """Columns of queries, keys and values."""
    if weight.ndim != 2:
        raise Uncovered(f"its weight has {weight.ndim} axes; layers take 2")
    sizes = b.integers("qkv_hidden_sizes") or [weight.shape[1] // 3] * 3
    if len(sizes) != 3 or sum(sizes) != weight.shape[1] or sizes[0] != sizes[1]:
        raise Uncovered(f"its weight's {weight.shape[1]} columns are not {sizes}")
    if heads < 1 or any(size % heads or size < 1 for size in sizes):
        raise Uncovered(f"{heads} heads do not divide {sizes}")
    return sizes


def _with_past(b: Builder, x: str, past: str, which: int) -> str:
    """Keys (0) or values (1) behind those of the past."""
    if not past:
        return x
    index = b.value(np.array(which, np.int64), "past/index")
    before = b.add("Gather", past, index, part=f"{PARTS[which + 1]}/past", axis=0)
    return b.add("Concat", before, x, part=f"{PARTS[which + 1]}/all", axis=2)
