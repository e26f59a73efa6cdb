"""com.microsoft's attention operators against ONNX Runtime's own kernels; counts by NumPy."""

import numpy as np
import pytest
from decompositions import agree, close, model, node, product_counts, reference, sparse, stays

RNG = np.random.default_rng(13)
LOWEST = float(np.finfo(np.float32).min)
IMAGES, LENGTH, HEADS, SIZE = 2, 4, 2, 3


def by_heads(x, heads=HEADS):
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(0, 2, 1, 3)


def attended(q, k, v, bias=0.0, scale=None):
    """What attention of operands (batch, heads, length, size) gives, and its counts."""
    x = np.matmul(q, k.swapaxes(2, 3)) * (scale or q.shape[3] ** -0.5) + bias
    p = np.exp(x - x.max(-1, keepdims=True)).astype("f4")
    p = p / p.sum(-1, keepdims=True)
    counts = {
        "op/scores": product_counts(q, k.swapaxes(2, 3)),
        "op/values": product_counts(p, v),
    }
    y = np.matmul(p, v).transpose(0, 2, 1, 3)
    return y.reshape(*y.shape[:2], -1).astype("f4"), counts


def masks(kind, length=LENGTH):
    """A mask as the operators take it, and which keys it shows, to broadcast over scores."""
    places = np.arange(length)
    if kind == "ends":
        ends = np.array([3, length], "i4")
        return ends, (places < ends[:, None])[:, None, None]
    if kind == "ends and starts":
        both = np.array([3, length, 1, 0], "i4")
        shown = (places < both[:2, None]) & (places >= both[2:, None])
        return both, shown[:, None, None]
    if kind == "keys":
        mask = (RNG.random((IMAGES, length)) < 0.6).astype("i4")
        return mask, (mask > 0)[:, None, None]
    if kind == "nothing left":
        mask = np.zeros((IMAGES, length), "i4")
        mask[0, 1:] = 1
        return mask, (mask > 0)[:, None, None]
    if kind == "queries":
        mask = (RNG.random((IMAGES, LENGTH, length)) < 0.6).astype("i4")
        return mask, (mask > 0)[:, None]
    mask = np.zeros((IMAGES, 1), "i4")  # "one"
    return mask, np.ones((1, 1, 1, 1), bool)


def hidden(shown, number=-1e4, causal=False, past=0):
    """The bias that hides keys."""
    bias = np.where(shown, 0, np.float32(number))
    if causal:
        earlier = np.tri(LENGTH, LENGTH + past, past, dtype=bool)
        bias = np.where(earlier, bias, np.float32(LOWEST))
    return bias


KINDS = ["ends", "ends and starts", "keys", "nothing left", "queries", "one"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("number", [-1e4, LOWEST])
@pytest.mark.parametrize("opset", [12, 17])
def test_masks_of_attention(kind, causal, number, opset):
    x = sparse(RNG, IMAGES, LENGTH, 5)
    w, bias = sparse(RNG, 5, 3 * HEADS * SIZE), sparse(RNG, 3 * HEADS * SIZE)
    mask, shown = masks(kind)
    parts = np.split(w, 3, axis=1)
    q, k, v = (by_heads(x @ p + b) for p, b in zip(parts, np.split(bias, 3), strict=True))
    y, counts = attended(q, k, v, hidden(shown, number, causal))
    for part, own in zip(("query", "key", "value"), parts, strict=True):
        counts[f"op/{part}"] = product_counts(x, own)
    attributes = {"num_heads": HEADS, "unidirectional": causal, "mask_filter_value": number}
    fused = node("Attention", "x w b m", "y", **attributes)
    feed = {"x": x, "m": mask}
    whole = model([fused], feed, {"y": ("f4", 3)}, {"w": w, "b": bias}, opset)
    if kind == "ends and starts":  # its first length is no number of images
        del feed["m"]
        whole = model([fused], feed, {"y": ("f4", 3)}, {"w": w, "b": bias, "m": mask}, opset)
    graph = agree(whole, feed, counts, [y], 1e-5)
    close(reference(whole, feed)[0], y, 1e-5)
    with_bias = {layer.name for layer in graph.layers if layer.bias}
    assert with_bias == {"op/query", "op/key", "op/value"}


@pytest.mark.parametrize("opset", [11, 17])
@pytest.mark.parametrize("sizes", [None, [6, 6, 10]])
@pytest.mark.parametrize("past", [False, True])
def test_sizes_scales_and_pasts_of_attention(opset, sizes, past):
    if past and sizes:
        sizes = [6, 6, 6]
    widths = sizes or [6, 6, 6]
    x, w = sparse(RNG, IMAGES, LENGTH, 5), sparse(RNG, 5, sum(widths))
    parts = np.split(w, np.cumsum(widths)[:2], axis=1)
    q, k, v = (by_heads(x @ p) for p in parts)
    before = sparse(RNG, 2, IMAGES, HEADS, 2, SIZE)
    feed = {"x": x}
    if past:
        feed["p"] = before
        k, v = np.concatenate([before[0], k], 2), np.concatenate([before[1], v], 2)
    y, counts = attended(q, k, v, hidden(True, 0, True, 2 * past), 0.7)
    for part, own in zip(("query", "key", "value"), parts, strict=True):
        counts[f"op/{part}"] = product_counts(x, own)
    attributes = {"num_heads": HEADS, "unidirectional": 1, "scale": 0.7}
    attributes |= {"qkv_hidden_sizes": sizes} if sizes else {}
    zero = np.zeros(sum(widths), "f4")
    outputs = {"y": ("f4", 3)} | ({"present": ("f4", 5)} if past else {})
    fused = node("Attention", f"x w b - {'p' * past}", " ".join(outputs), **attributes)
    expected = [y, np.stack([k, v])] if past else [y]
    whole = model([fused], feed, outputs, {"w": w, "b": zero}, opset)
    agree(whole, feed, counts, expected, 1e-5)
    for mine, right in zip(reference(whole, feed), expected, strict=True):
        close(mine, right, 1e-5)


def test_what_is_added_to_the_scores_of_attention():
    x, w = sparse(RNG, IMAGES, LENGTH, 5), sparse(RNG, 5, 3 * HEADS * SIZE)
    added = sparse(RNG, IMAGES, HEADS, LENGTH, LENGTH)
    parts = np.split(w, 3, axis=1)
    y, counts = attended(*(by_heads(x @ p) for p in parts), added)
    for part, own in zip(("query", "key", "value"), parts, strict=True):
        counts[f"op/{part}"] = product_counts(x, own)
    fused = node("Attention", "x w b - - a", "y", num_heads=HEADS)
    feed = {"x": x, "a": added}
    zero = np.zeros(18, "f4")
    whole = model([fused], feed, {"y": ("f4", 3)}, {"w": w, "b": zero})
    agree(whole, feed, counts, [y], 1e-5)
    close(reference(whole, feed)[0], y, 1e-5)


@pytest.mark.parametrize("kind", ["ends", "keys", "nothing left", "queries", ""])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("opset", [12, 17])
def test_multi_head_attention(kind, causal, bias, opset):
    q, k = sparse(RNG, IMAGES, LENGTH, 6), sparse(RNG, IMAGES, LENGTH, 6)
    v, vector = sparse(RNG, IMAGES, LENGTH, 10), sparse(RNG, 22) * bias
    mask, shown = masks(kind) if kind else (None, True)
    cuts = np.split(vector, [6, 12])
    heads = [by_heads(x + cut) for x, cut in zip((q, k, v), cuts, strict=True)]
    y, counts = attended(*heads, hidden(shown, causal=causal))
    feed = {"q": q, "k": k, "v": v} | ({"m": mask} if kind else {})
    words = f"q k v {'b' if bias else '-'} {'m' if kind else ''}"
    fused = node("MultiHeadAttention", words, "y", num_heads=HEADS, unidirectional=causal)
    whole = model([fused], feed, {"y": ("f4", 3)}, {"b": vector}, opset)
    agree(whole, feed, counts, [y], 1e-5)
    close(reference(whole, feed)[0], y, 1e-5)


@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("added", [False, True])
def test_past_and_present_of_multi_head_attention(causal, added):
    feed = {name: sparse(RNG, IMAGES, LENGTH, 6) for name in "qkv"}
    feed["pk"], feed["pv"] = (sparse(RNG, IMAGES, HEADS, 2, SIZE) for _ in range(2))
    more = sparse(RNG, 1, HEADS, LENGTH, LENGTH + 2)
    k = np.concatenate([feed["pk"], by_heads(feed["k"])], 2)
    v = np.concatenate([feed["pv"], by_heads(feed["v"])], 2)
    bias = hidden(True, 0, causal, 2) + (more if added else 0)
    y, counts = attended(by_heads(feed["q"]), k, v, bias)
    words = f"q k v - - {'a' if added else '-'} pk pv"
    fused = node("MultiHeadAttention", words, "y a1 a2", num_heads=HEADS, unidirectional=causal)
    outputs = {"y": ("f4", 3), "a1": ("f4", 4), "a2": ("f4", 4)}
    whole = model([fused], feed, outputs, {"a": more})
    agree(whole, feed, counts, [y, k, v], 1e-5)
    for mine, right in zip(reference(whole, feed), [y, k, v], strict=True):
        close(mine, right, 1e-5)


@pytest.mark.parametrize("queries", [1, 3])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("split", [False, True])
def test_keys_of_another_sequence(queries, causal, split):
    """Keys with heads apart as well; the last query sees all, a rule of the kernel's."""
    q, k, v = (sparse(RNG, IMAGES, n, 6) for n in (queries, 5, 5))
    bias = np.zeros((queries, 5))
    if causal:
        bias[:-1] = np.where(np.tri(queries - 1, 5, dtype=bool), 0, LOWEST)
    y, counts = attended(*map(by_heads, (q, k, v)), bias)
    feed = {"q": q, "k": k, "v": v}
    if split:
        feed |= {name: np.ascontiguousarray(by_heads(feed[name])) for name in "kv"}
    fused = node("MultiHeadAttention", "q k v", "y", num_heads=HEADS, unidirectional=causal)
    whole = model([fused], feed, {"y": ("f4", 3)}, {})
    agree(whole, feed, counts, [y], 1e-5)
    close(reference(whole, feed)[0], y, 1e-5)


@pytest.mark.parametrize("kind", ["i1", "u1"])
@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("opset", [12, 17])
def test_qattention(kind, channels, computed, past, opset):
    """The projections are exact integer sums; operands are small, so that no kernel saturates."""
    x = RNG.integers(0, 60, (IMAGES, LENGTH, 5)).astype("u1")
    w = (RNG.integers(-60, 60, (5, 18)) * (RNG.random((5, 18)) < 0.7)).astype("i1").astype(kind)
    w = np.minimum(w, 60)
    scale = RNG.uniform(0.01, 0.03, 18).astype("f4") if channels else np.float32(0.02)
    bias, step = sparse(RNG, 18), np.float32(0.03)
    feed = {"x": x} | ({"s": np.array([step])} if computed else {})
    constants = {"w": w, "b": bias, "sw": scale, "zx": np.uint8(7)}
    constants["zw"] = np.zeros(np.shape(scale), kind)
    if not computed:
        constants["s"] = step
    sums = (x.astype(np.int64) - 7) @ w.astype(np.int64)
    real = sums.astype("f4") * (step * scale) + bias
    q, k, v = (by_heads(part) for part in np.split(real, 3, axis=2))
    outputs = {"y": ("f4", 3)}
    if past:
        before = sparse(RNG, 2, IMAGES, HEADS, 2, SIZE)
        feed["p"], outputs["present"] = before, ("f4", 5)
        k, v = np.concatenate([before[0], k], 2), np.concatenate([before[1], v], 2)
    y, counts = attended(q, k, v, hidden(True, 0, True, 2 * past))
    moved = x.astype(int) - 7
    for part, own in zip(("query", "key", "value"), np.split(w, 3, axis=1), strict=True):
        counts[f"op/{part}"] = product_counts(moved, own)
    words = "x w b s sw - zx zw" + " p" * past
    fused = node("QAttention", words, " ".join(outputs), num_heads=HEADS, unidirectional=1)
    whole = model([fused], feed, outputs, constants, opset)
    expected = [y, np.stack([k, v])] if past else [y]
    graph = agree(whole, feed, counts, expected, 1e-5)
    for mine, right in zip(reference(whole, feed), expected, strict=True):
        close(mine, right, 1e-5)
    assert [layer.is_integer for layer in graph.layers].count(True) == 3


def test_what_is_not_covered_stays():
    x, w = sparse(RNG, IMAGES, LENGTH, 5), sparse(RNG, 5, 18)
    fused = node("Attention", "x w b", "y", num_heads=HEADS)
    feed = {"x": x, "w": w}
    whole = model([fused], feed, {"y": ("f4", 3)}, {"b": np.zeros(18, "f4")})
    stays(whole, feed, "'w' is no constant")
    q = sparse(RNG, IMAGES, LENGTH, 6)
    fused = node("MultiHeadAttention", "q k v b", "y", num_heads=HEADS)
    feed = {name: q for name in "qkv"} | {"b": sparse(RNG, 18)}
    stays(model([fused], feed, {"y": ("f4", 3)}, {}), feed, "'b' is no constant")
