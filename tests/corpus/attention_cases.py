"""Attention in its forms, and Einsum: products of two computed operands, a group a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from corpus import Case, Network, Product, case
from sums import columns, holes, random, rows, softmax


def heads(x: np.ndarray, count: int) -> np.ndarray:
    """(batch, tokens, hidden) as (batch, heads, tokens, size)."""
    batch, tokens, hidden = x.shape
    return x.reshape(batch, tokens, count, hidden // count).transpose(0, 2, 1, 3)


def joined(x: np.ndarray) -> np.ndarray:
    """The inverse of `heads`."""
    batch, count, tokens, size = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, tokens, count * size)


def attended(name: str, q, k, v, bias=0.0, scale: float | None = None):
    """The output and the two products of heads that attend, (batch, heads, tokens, size)."""
    size = q.shape[-1]
    raw = q.astype(np.float64) @ np.swapaxes(k, -1, -2)
    weights = softmax(raw * (size**-0.5 if scale is None else scale) + bias)
    weights = np.where(weights < 1e-30, 0, weights)
    y = weights @ v
    groups = q.shape[0] * q.shape[1]
    scores = Product(f"{name}/scores", q.reshape(groups, -1, size), k.reshape(groups, -1, size), q)
    w32 = weights.astype(np.float32)
    values = Product(f"{name}/values", w32.reshape(groups, *weights.shape[2:]), columns(v), w32)
    return y.astype(np.float32), [scores, values]


def onnx_attention(name: str, opset: int, query_heads: int, kv_heads: int, causal: bool) -> Case:
    n = Network(name, opset=opset)
    q = n.feed("q", holes(1, random(1, 1, query_heads, 5, 8), 0.3))
    k = n.feed("k", holes(2, random(2, 1, kv_heads, 7, 8), 0.3))
    v = n.feed("v", holes(3, random(3, 1, kv_heads, 7, 8), 0.3))
    n.node("Attention", "q k v", "y", "attn", is_causal=int(causal))
    times = query_heads // kv_heads
    wide = [np.repeat(part, times, axis=1) for part in (k, v)]
    bias = np.where(np.arange(7)[None] <= np.arange(5)[:, None], 0.0, -1e300) if causal else 0.0
    y, products = attended("attn", q, *wide, bias)
    # Query heads that share a key head are positions of one group.
    grouped = [
        replace(p, a=p.a.reshape(kv_heads, -1, p.a.shape[-1]), w=p.w[::times]) for p in products
    ]
    return n.case({"y": y}, grouped)


@case
def attention_23() -> Case:
    return onnx_attention("attention_23", 23, 2, 2, False)


@case
def attention_24() -> Case:
    return onnx_attention("attention_24", 24, 2, 2, False)


@case
def attention_25() -> Case:
    return onnx_attention("attention_25", 25, 2, 2, False)


@case
def attention_causal() -> Case:
    return onnx_attention("attention_causal", 23, 2, 2, True)


@case
def attention_grouped() -> Case:
    return onnx_attention("attention_grouped", 23, 4, 2, False)


@case
def attention_of_three_axes() -> Case:
    n = Network("attention_of_three_axes", opset=23)
    q, k, v = (n.feed(part, random(4 + i, 2, 4, 12)) for i, part in enumerate("qkv"))
    n.node("Attention", "q k v", "y", "attn", q_num_heads=3, kv_num_heads=3, scale=0.5)
    y, products = attended("attn", heads(q, 3), heads(k, 3), heads(v, 3), scale=0.5)
    return n.case({"y": joined(y)}, products, images_per_run=2)


@case
def attention_masked() -> Case:
    n = Network("attention_masked", opset=23)
    q, k, v = (n.feed(part, random(7 + i, 1, 2, 4, 6)) for i, part in enumerate("qkv"))
    mask = random(10, 4, 4)
    n.const(mask=mask)
    n.node("Attention", "q k v mask", "y", "attn")
    y, products = attended("attn", q, k, v, mask)
    return n.case({"y": y}, products)


@case
def multi_head_attention() -> Case:
    n = Network("multi_head_attention")
    q = n.feed("q", random(11, 1, 4, 12))
    k, v = n.feed("k", random(12, 1, 6, 12)), n.feed("v", random(13, 1, 6, 12))
    n.node("ms.MultiHeadAttention", "q k v", "y", "attn", num_heads=3)
    y, products = attended("attn", heads(q, 3), heads(k, 3), heads(v, 3))
    return n.case({"y": joined(y)}, products)


@case
def multi_head_attention_biased() -> Case:
    n = Network("multi_head_attention_biased")
    q, k, v = (n.feed(part, random(14 + i, 2, 5, 8)) for i, part in enumerate("qkv"))
    bias = random(17, 24)
    n.const(bias=bias)
    n.node("ms.MultiHeadAttention", "q k v bias", "y", "attn", num_heads=2, scale=0.25)
    moved = [heads(x + bias[8 * i : 8 * i + 8], 2) for i, x in enumerate((q, k, v))]
    y, products = attended("attn", *moved, scale=0.25)
    return n.case({"y": joined(y)}, products, images_per_run=2)


@case
def packed_attention() -> Case:
    n = Network("packed_attention")
    x, w, b = n.feed("x", random(18, 1, 5, 8)), holes(19, random(19, 8, 24), 0.4), random(20, 24)
    n.const(w=w, b=b)
    n.node("ms.Attention", "x w b", "y", "attn", num_heads=2)
    parts = [w[:, 8 * i : 8 * i + 8] for i in range(3)]
    moved = [(x @ part + b[8 * i : 8 * i + 8]) for i, part in enumerate(parts)]
    y, products = attended("attn", *(heads(m.astype(np.float32), 2) for m in moved))
    names = ("query", "key", "value")
    own = [
        Product(f"attn/{part}", rows(x), columns(weight), x, weight)
        for part, weight in zip(names, parts, strict=True)
    ]
    return n.case({"y": joined(y)}, [*own, *products], weights=(8 * 24, int((w == 0).sum())))


def einsum(name: str, equation: str, a, b, groups: int, positions: int, filters: int) -> Case:
    """An Einsum of which one operand is (groups, positions, K) and one (groups, filters, K)."""
    n = Network(name)
    n.feed("a", a)
    n.feed("b", b)
    n.node("Einsum", "a b", "y", "e", equation=equation)
    y = np.einsum(equation, a.astype(np.float64), b).astype(np.float32)
    k = a.size // (groups * positions)
    left, right = equation.split("->")[0].split(",")
    shared = [i for i in left if i in right]
    out = equation.split("->")[1]
    batch = [i for i in shared if i in out]
    inner = [i for i in shared if i not in out]
    own = [[i for i in term if i not in shared] for term in (left, right)]

    def laid(array, term, outer):
        order = [term.index(i) for i in (*batch, *outer, *inner)]
        return array.transpose(order).reshape(groups, -1, k)

    product = Product("e", laid(a, left, own[0]), laid(b, right, own[1]), a)
    assert product.a.shape[1] == positions and product.w.shape[1] == filters
    return n.case({"y": y}, [product])


@case
def einsum_matrix() -> Case:
    a, b = holes(21, random(21, 4, 6), 0.3), random(22, 6, 5)
    return einsum("einsum_matrix", "ij,jk->ik", a, b, 1, 4, 5)


@case
def einsum_scores() -> Case:
    q, k = holes(23, random(23, 1, 4, 2, 8), 0.5), holes(24, random(24, 1, 6, 2, 8), 0.5)
    return einsum("einsum_scores", "bqhd,bkhd->bhqk", q, k, 2, 4, 6)


@case
def einsum_turned() -> Case:
    a, b = random(25, 3, 7, 2), holes(26, random(26, 4, 3, 7), 0.5)
    return einsum("einsum_turned", "jki,ljk->il", a, b, 1, 2, 4)


@case
def einsum_that_is_no_product() -> Case:
    """Three operands stay on the host: the MACs of one product behind the other."""
    n = Network("einsum_that_is_no_product")
    x, w = n.feed("x", random(27, 3, 4)), random(28, 4, 5)
    u, v = random(29, 5, 2), random(30, 2, 3)
    n.const(w=w, u=u, v=v)
    n.node("MatMul", "x w", "a", "m")
    n.node("Einsum", "a u v", "y", "e", equation="ij,jk,kl->il")
    y = ((x @ w) @ u @ v).astype(np.float32)
    return n.case(
        {"y": y}, [Product("m", rows(x), columns(w), x, w)], host_macs=3 * 5 * 2 + 3 * 2 * 3
    )
