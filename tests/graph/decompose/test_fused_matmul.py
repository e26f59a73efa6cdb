"""FusedMatMul and TransposeMatMul against ONNX Runtime's own kernel."""

import numpy as np
import pytest
from decompositions import agree, model, node, product_counts, sparse

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("factor", [1.0, 0.125])
def test_one_operand_is_turned(constant, turned, batch, factor):
    """By the definition: the first axis goes behind the batch axes, then the last two swap."""
    a = sparse(RNG, 2, 3, 4, 5)
    order = ((0, 1, 2, 3), (0, 1, 3, 2), (1, 2, 0, 3), (1, 2, 3, 0))[turned + 2 * batch]
    first = a.transpose(order)
    b = sparse(RNG, *first.shape[:2], first.shape[3], 6)
    fused = node("FusedMatMul", "a b", "y", transA=turned, transBatchA=batch, alpha=factor)
    feed = {"a": a} if constant else {"a": a, "b": b}
    whole = model([fused], feed, {"y": ("f4", 4)}, {"b": b} if constant else {}, free=not constant)
    agree(whole, feed, {"op": product_counts(first, b)})
    expected = [np.matmul(first, b) * np.float32(factor)]
    agree(whole, feed, {"op": product_counts(first, b)}, expected)


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_the_second_operand_is_turned_and_constant(rank):
    a, b = sparse(RNG, *(2, 3)[: rank - 2], 4, 5), sparse(RNG, *(2, 3)[: rank - 2], 6, 5)
    fused = node("FusedMatMul", "a b", "y", transB=1, alpha=2.0)
    whole = model([fused], {"a": a}, {"y": ("f4", rank)}, {"b": b})
    graph = agree(whole, {"a": a}, {"op": product_counts(a, b.swapaxes(-1, -2))})
    np.testing.assert_array_equal(graph.weight(graph.layer("op")), b.swapaxes(-1, -2))


def test_the_batch_of_the_second_operand_is_turned():
    a, b = sparse(RNG, 3, 4, 5), sparse(RNG, 5, 3, 6)
    fused = node("FusedMatMul", "a b", "y", transBatchB=1)
    whole = model([fused], {"a": a, "b": b}, {"y": ("f4", 3)}, {})
    counts = {"op": product_counts(a, b.transpose(1, 0, 2))}
    agree(whole, {"a": a, "b": b}, counts)


def test_transpose_matmul_is_the_same():
    a, b = sparse(RNG, 3, 5, 4), sparse(RNG, 3, 6, 5)
    fused = node("TransposeMatMul", "a b", "y", transA=1, transB=1, alpha=0.5)
    whole = model([fused], {"a": a, "b": b}, {"y": ("f4", 3)}, {})
    agree(whole, {"a": a, "b": b}, {"op": product_counts(a.swapaxes(1, 2), b.swapaxes(1, 2))})


def test_a_fused_product_behind_another_keeps_its_shape():
    a, b, c = sparse(RNG, 4, 5), sparse(RNG, 6, 5), sparse(RNG, 4, 3)
    nodes = [
        node("FusedMatMul", "a b", "h", "first", transB=1),
        node("FusedMatMul", "h c", "y", "second", transA=1),
    ]
    whole = model(nodes, {"a": a, "c": c}, {"y": ("f4", 2)}, {"b": b})
    h = a @ b.T
    counts = {"first": product_counts(a, b.T), "second": product_counts(h.T, c)}
    agree(whole, {"a": a, "c": c}, counts)
