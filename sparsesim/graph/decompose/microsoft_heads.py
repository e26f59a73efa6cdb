"""What com.microsoft's attention operators share: their masks, and the way through the heads.

A hidden key gets a large negative number, not -inf: a query that sees nothing sees all alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sparsesim.graph.decompose import heads as h
from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths

_RANGE = 11
_HIDDEN = -10000.0
_LATER = np.float32(np.finfo(np.float32).min)  # what a query may not see because it comes later


@dataclass(frozen=True)
class Operands:
    """Of one attention, each (batch, heads, length, size); empty names are absent.

    Attributes:
        query, key, value: the operands, the past included.
        past_length: of the keys, an int64 scalar.
        mask: which keys are there: of 1, 2 or 3 axes.
        added: to the scores.
        is_crossed: the keys may be of another sequence than the queries.
    """

    query: str
    key: str
    value: str
    past_length: str = ""
    mask: str = ""
    added: str = ""
    is_crossed: bool = False


def attend(b: Builder, x: Operands, size: int) -> None:
    """NODE/scores and NODE/values, and the node's first output.

    Args:
        b: the builder.
        x: operands.
        size: of a head's queries.
    """
    b.needs_opset(_RANGE, "Range")
    scale = b.number("scale", 0.0) or 1 / math.sqrt(size)
    scores = h.scores(b, x.query, x.key)
    factor = b.value(np.array(scale, np.float32), "scale")
    scores = b.add("Mul", scores, factor, part="scores/scaled")
    for bias in (x.added, _masked(b, x)):
        scores = b.add("Add", scores, bias, part="scores/biased") if bias else scores
    y = h.values(b, h.softmax(b, scores), x.value)
    h.join_heads(b, y, b.output())


def _masked(b: Builder, x: Operands) -> str:
    """What hides keys, to broadcast over (batch, heads, queries, keys); empty: nothing."""
    lengths = Lengths(b)
    there = _there(b, lengths, x)
    zero = b.value(np.array(0, np.float32), "shown")
    bias = ""
    if there:
        number = b.number("mask_filter_value", _HIDDEN)
        if not math.isfinite(number):
            raise Uncovered(f"its mask_filter_value is {number:g}; layers take finite ones")
        hidden = b.value(np.array(number, np.float32), "hidden")
        bias = b.add("Where", there, zero, hidden, part="mask")
    if not b.integer("unidirectional", 0):
        return bias
    later = b.value(np.array(_LATER, np.float32), "later")
    return b.add("Where", _earlier(b, lengths, x), bias or zero, later, part="causal")


def _there(b: Builder, lengths: Lengths, x: Operands) -> str:
    """Which keys the mask shows, (batch, 1, 1 or queries, keys); empty: all."""
    if not x.mask:
        return ""
    rank = b.rank(x.mask)
    if rank not in (1, 2, 3):
        raise Uncovered(f"its mask has {rank} axes; layers take 1 to 3")
    mask = b.add("Cast", x.mask, part="mask/integers", to=7)
    if rank == 1:
        return _between(b, lengths, x, mask)
    if rank == 2 and b.length(x.mask, 1) == 1:
        return ""  # one number for all keys of an image changes nothing
    zero = b.value(np.array(0, np.int64), "mask/zero")
    shown = b.add("Less", zero, mask, part="mask/shown")
    shown = unsqueezed(b, shown, 1, "mask/heads")
    return unsqueezed(b, shown, 1, "mask/queries") if rank == 2 else shown


def _between(b: Builder, lengths: Lengths, x: Operands, mask: str) -> str:
    """A list of where each image's keys end, and perhaps then one of where they start."""
    images = lengths.of(x.query, [0])
    column = b.value(np.array([-1, 1, 1, 1], np.int64), "mask/column")
    first = lengths.fixed(0)
    ends = b.add("Slice", mask, first, images, part="mask/ends")
    keys = lengths.count(lengths.scalar(x.key, 2))
    ends = b.add("Reshape", ends, column, part="mask/ends/column")
    shown = b.add("Less", keys, ends, part="mask/before")
    if x.is_crossed:
        return shown
    # One list or two, as rows: the sum of the second, or of none, is where keys start.
    rows = b.add("Concat", lengths.fixed(-1), images, part="mask/lists", axis=0)
    rows = b.add("Reshape", mask, rows, part="mask/rows")
    second = b.add("Slice", rows, lengths.fixed(1), lengths.fixed(2), first, part="mask/second")
    starts = summed(b, second, 0, "mask/starts")
    starts = b.add("Reshape", starts, column, part="mask/starts/column")
    late = b.add("Less", keys, starts, part="mask/early")
    return b.add("And", shown, b.add("Not", late, part="mask/late"), part="mask/shown")


def _earlier(b: Builder, lengths: Lengths, x: Operands) -> str:
    """Whether a key is the query's own or an earlier one, (queries, keys)."""
    queries = lengths.scalar(x.query, 2)
    column = b.value(np.array([-1, 1], np.int64), "column")
    one = b.value(np.array(1, np.int64), "one")
    own = b.add("Reshape", lengths.count(queries), column, part="place")
    place = b.add("Add", own, x.past_length, part="place/past") if x.past_length else own
    end = b.add("Add", place, one, part="place/next")
    earlier = b.add("Less", lengths.count(lengths.scalar(x.key, 2)), end, part="earlier")
    if not x.is_crossed:
        return earlier
    # ONNX Runtime's kernel lets the last query see all keys, which of its own sequence it does.
    last = b.add("Equal", own, b.add("Sub", queries, one, part="last/place"), part="last")
    return b.add("Or", earlier, last, part="earlier/last")


def refuse_other_types(b: Builder) -> None:
    """Uncovered where the operands aren't float32, the only type that this host computes."""
    if str(b.kind(b.input(0))) != "float32":
        raise Uncovered(f"its operands are of type {b.kind(b.input(0))}; layers take float32")


def unsqueezed(b: Builder, x: str, axis: int, part: str) -> str:
    """A tensor with one more axis, of length 1."""
    if b.facts.opset < 13:
        return b.add("Unsqueeze", x, part=part, axes=[axis])
    return b.add("Unsqueeze", x, b.value(np.array([axis], np.int64), "axis"), part=part)


def summed(b: Builder, x: str, axis: int, part: str) -> str:
    """The sum along an axis, which stays with length 1; 0 where it is empty."""
    if b.facts.opset < 13:
        return b.add("ReduceSum", x, part=part, axes=[axis], keepdims=1)
    return b.add("ReduceSum", x, b.value(np.array([axis], np.int64), "axis"), part=part, keepdims=1)
