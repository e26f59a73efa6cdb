"""ONNX's Attention against ONNX Runtime's kernel and onnx's reference; counts by NumPy.

The probabilities that the counts need are computed here, as the operator is defined.
"""

import numpy as np
import pytest
from decompositions import agree, close, model, node, reference, sparse, stays
from onnx.reference import ReferenceEvaluator

from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(12)
INPUTS = ["q", "k", "v", "m", "pk", "pv", "n"]


def operands(heads=4, shared=4, queries=3, keys=5, size=8, value_size=6, past=0):
    """Four-dimensional operands by name; some values are zero."""
    feed = {
        "q": sparse(RNG, 2, heads, queries, size),
        "k": sparse(RNG, 2, shared, keys, size),
        "v": sparse(RNG, 2, shared, keys, value_size),
    }
    if past:
        feed["pk"] = sparse(RNG, 2, shared, past, size)
        feed["pv"] = sparse(RNG, 2, shared, past, value_size)
    return feed


def flat(x):
    """(batch, heads, length, size) as (batch, length, heads * size)."""
    return np.ascontiguousarray(x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1))


def counted(feed, bias=None, cap=0.0, scale=None):
    """MACs and effectual MACs of both products, by NumPy."""
    return by_hand(feed, bias, cap, scale)[0]


def by_hand(feed, bias=None, cap=0.0, scale=None):
    """Counts of both products, and what the operator gives."""
    q = feed["q"]
    k, v = feed["k"], feed["v"]
    if "pk" in feed:
        k, v = np.concatenate([feed["pk"], k], 2), np.concatenate([feed["pv"], v], 2)
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], axis=1) for x in (k, v))
    x = np.einsum("bhqd,bhkd->bhqk", q, k) * (scale or q.shape[3] ** -0.5)
    x = cap * np.tanh(x / cap) if cap else x
    x = x if bias is None else x + bias
    with np.errstate(invalid="ignore"):
        p = np.exp(x - x.max(-1, keepdims=True))
    p = np.nan_to_num(p / p.sum(-1, keepdims=True))
    ones = lambda x: np.ones(x.shape, np.int64)  # noqa: E731
    real = lambda x: (x != 0).astype(np.int64)  # noqa: E731
    equations = {"op/scores": ("bhqd,bhkd->", q, k), "op/values": ("bhqk,bhkd->", p, v)}
    counts = {
        name: (int(np.einsum(e, ones(a), ones(b))), int(np.einsum(e, real(a), real(b))))
        for name, (e, a, b) in equations.items()
    }
    return counts, np.matmul(p, v).astype(np.float32)


def attention(feed, outputs="y", opset=24, ranks=(4, 4, 4, 4), free=False, **attributes):
    last = max(INPUTS.index(name) for name in feed)
    words = " ".join(name if name in feed else "-" for name in INPUTS[: last + 1])
    made = {o: ("f4", r) for o, r in zip(outputs.split(), ranks, strict=False) if o != "-"}
    fused = node("Attention", words, outputs, domain="", **attributes)
    return model([fused], feed, made, {}, opset, free)


def check(whole, feed, counts, runtime=True):
    graph = agree(whole, feed, counts, ReferenceEvaluator(whole).run(None, feed))
    if runtime:
        agree(whole, feed, counts)
    return graph


@pytest.mark.parametrize("opset", [23, 24, 25])
@pytest.mark.parametrize("shared", [4, 2, 1])
@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("free", [False, True])
def test_heads(opset, shared, flattened, free):
    feed = operands(shared=shared)
    counts = counted(feed)
    attributes, ranks = {}, (4,)
    if flattened:
        feed = {name: flat(x) for name, x in feed.items()}
        attributes, ranks = {"q_num_heads": 4, "kv_num_heads": shared}, (3,)
        free = False  # the head's size is a length that must be known
    whole = attention(feed, opset=opset, ranks=ranks, **attributes)
    if free:
        for value, name in zip(whole.graph.input, ("queries", "keys", "keys"), strict=True):
            value.type.tensor_type.shape.dim[2].dim_param = name
    check(whole, feed, counts)


@pytest.mark.parametrize("opset", [23, 24, 25])
@pytest.mark.parametrize("kind", ["bool", "rows", "float", "hides all", "vector"])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("cap", [0.0, 1.5])
def test_masks(opset, kind, causal, cap):
    feed = operands(shared=2)
    mask = RNG.random((3, 5)) < 0.6
    mask[:, 0] = True
    bias = np.where(mask, 0, -np.inf)
    if kind == "float":
        mask = bias = sparse(RNG, 2, 4, 3, 5)
    elif kind == "rows":
        mask = np.repeat(mask[None, None], 2, 0)
    elif kind == "hides all":
        mask[1] = False
        bias = np.where(mask, 0, -np.inf)
    elif kind == "vector":
        mask, bias = mask[:1], bias[:1]
    if causal:
        bias = bias + np.where(np.tri(3, 5, dtype=bool), 0, -np.inf)
    counts, y = by_hand(feed, bias, cap)
    feed["m"] = mask
    whole = attention(feed, opset=opset, is_causal=causal, softcap=cap)
    agree(whole, feed, counts, [y])
    if kind != "vector":  # one row for all queries: kernel and reference read others than the text
        check(whole, feed, counts)


@pytest.mark.parametrize("opset", [23, 25])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("flattened", [False, True])
def test_past_and_present(opset, causal, flattened):
    feed = operands(shared=2, past=2)
    bias = np.where(np.tri(3, 7, 2, dtype=bool), 0, -np.inf) if causal else None
    counts = counted(feed, bias)
    attributes, ranks = {"is_causal": causal}, (4, 4, 4)
    if flattened:
        feed |= {name: flat(feed[name]) for name in "qkv"}
        attributes |= {"q_num_heads": 4, "kv_num_heads": 2}
        ranks = (3, 4, 4)
    check(attention(feed, "y a b", opset, ranks, **attributes), feed, counts)


def test_present_without_a_past():
    feed = operands()
    check(attention(feed, "y a b"), feed, counted(feed))


@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("opset", [24, 25])
def test_filled_keys(causal, opset):
    """A cache of five keys, of which the first image fills two, fewer than it has queries."""
    feed = operands(shared=2)
    filled = np.array([2, 5])
    bias = np.where(np.arange(5) < filled[:, None], 0, -np.inf)[:, None, None]
    if causal:
        place = np.arange(3)[:, None] + (filled - 3)[:, None, None, None]
        bias = bias + np.where(np.arange(5) <= place, 0, -np.inf)
    counts = counted(feed, bias)
    feed["n"] = filled
    check(attention(feed, opset=opset, is_causal=causal), feed, counts)


@pytest.mark.parametrize("left, right", [(1, -1), (-1, 0), (1, 1), (0, 2)])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("past", [0, 2])
def test_windows(left, right, causal, past):
    feed = operands(queries=4, keys=4, past=past)
    far = np.arange(4)[:, None] + past - np.arange(4 + past)
    allowed = np.ones(far.shape, bool)
    allowed &= (far <= left) | (left < 0)
    allowed &= (-far <= right) | (right < 0)
    allowed &= (far >= 0) | (causal == 0)
    counts = counted(feed, np.where(allowed, 0, -np.inf))
    sides = {"left_window_size": left, "right_window_size": right, "is_causal": causal}
    outputs, ranks = ("y a b", (4, 4, 4)) if past else ("y", (4,))
    check(attention(feed, outputs, 25, ranks, **sides), feed, counts)


@pytest.mark.parametrize("mask", [np.array([[True, False, True]]), np.float32([[0.5, -1, 2]])])
def test_a_mask_that_ends_before_the_keys(mask):
    """The rest is hidden; ONNX Runtime's kernel of opset 24 refuses it, its expansion does not."""
    feed = operands()
    shown = np.where(mask, 0, -np.inf) if mask.dtype == bool else mask
    bias = np.concatenate([shown, np.full((1, 2), -np.inf)], 1)
    counts = counted(feed, bias)
    feed["m"] = mask
    check(attention(feed, opset=25), feed, counts)
    expected = ReferenceEvaluator(attention(feed)).run(None, feed)
    agree(attention(feed, opset=24), feed, counts, expected)


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@pytest.mark.parametrize("opset", [23, 25])
def test_scores_are_shown_at_each_stage(mode, opset):
    """Against ONNX Runtime: onnx's reference caps what mode 0 calls raw."""
    feed = operands(shared=2)
    feed["m"] = sparse(RNG, 2, 4, 3, 5)
    whole = attention(feed, "y - - s", opset, (4, 4, 4, 4), qk_matmul_output_mode=mode, softcap=2.0)
    agree(whole, feed, counted(feed, feed["m"], 2.0))


def test_scale_and_precision():
    feed = operands()
    whole = attention(feed, opset=25, scale=0.3, softmax_precision=11)
    check(whole, feed, counted(feed, scale=0.3))


def test_heads_of_an_unknown_length_stay():
    """The scale follows from it."""
    feed = {name: flat(x) for name, x in operands().items()}
    whole = attention(feed, ranks=(3,), q_num_heads=4, kv_num_heads=4)
    for value in whole.graph.input:
        value.type.tensor_type.shape.dim[2].dim_param = value.name
    stays(whole, feed, "the last length of 'q' is unknown")


def test_half_precision():
    feed = {name: x.astype(np.float16) for name, x in operands(shared=2).items()}
    whole = attention(feed, is_causal=1)
    for value in [*whole.graph.input, *whole.graph.output]:
        value.type.tensor_type.elem_type = 10
    graph = load(whole)
    assert [layer.name for layer in graph.layers] == ["op/scores", "op/values"]
    close(Engine(graph).run(feed)[0], reference(whole, feed)[0], 3e-3)
