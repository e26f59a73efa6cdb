"""Float Gemm and MatMul against ONNX Runtime: all forms."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_models import agree, model, node

RNG = np.random.default_rng(7)


def normal(shape, kind="f4"):
    return RNG.normal(size=shape).astype(kind)


@pytest.mark.parametrize("turn_a", [0, 1])
@pytest.mark.parametrize("turn_b", [0, 1])
@pytest.mark.parametrize("bias", [None, (), (1,), (6,), (1, 6), (5, 1), (5, 6)])
@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.5, 2.0)])
def test_gemm(turn_a, turn_b, bias, factors):
    constants = {"w": normal((6, 4) if turn_b else (4, 6))}
    if bias is not None:
        constants["c"] = normal(bias)
    inputs = "x w" if bias is None else "x w c"
    alpha, beta = factors
    whole = model(
        [node("Gemm", inputs, "y", "fc", alpha=alpha, beta=beta, transA=turn_a, transB=turn_b)],
        {"x": ("f4", (4, 5) if turn_a else (5, 4))},
        ["y"],
        constants,
    )
    agree(whole, {"x": normal((4, 5) if turn_a else (5, 4))})


@pytest.mark.parametrize("turn_a", [0, 1])
@pytest.mark.parametrize("turn_b", [0, 1])
@pytest.mark.parametrize("bias", [None, (1,), (6,), (5, 1), (5, 6)])
def test_gemm_whose_first_operand_is_the_weight(turn_a, turn_b, bias):
    constants = {"w": normal((4, 5) if turn_a else (5, 4))}
    if bias is not None:
        constants["c"] = normal(bias)
    whole = model(
        [node("Gemm", "w x" + (" c" if bias else ""), "y", "fc", transA=turn_a, transB=turn_b)],
        {"x": ("f4", (6, 4) if turn_b else (4, 6))},
        ["y"],
        constants,
    )
    graph = agree(whole, {"x": normal((6, 4) if turn_b else (4, 6))})
    assert graph.layers[0].weight_first


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize(
    "first,second",
    [
        ((4,), (4,)),
        ((4,), (4, 3)),
        ((5, 4), (4,)),
        ((5, 4), (4, 3)),
        ((2, 5, 4), (4, 3)),
        ((2, 5, 4), (4,)),
        ((4,), (2, 4, 3)),
        ((2, 5, 4), (2, 4, 3)),
        ((5, 4), (2, 4, 3)),
        ((3, 2, 5, 4), (3, 2, 4, 6)),
        ((3, 1, 5, 4), (2, 4, 6)),
        ((1, 5, 4), (7, 4, 6)),
        ((0, 4), (4, 3)),
    ],
)
@pytest.mark.parametrize("constant", ["", "a", "b"])
def test_matmul(kind, first, second, constant):
    if 0 in first and constant == "a":
        constant = "b"  # ONNX Runtime folds an empty product itself
    feed = {"a": normal(first, kind), "b": normal(second, kind)}
    constants = {constant: feed.pop(constant)} if constant else {}
    whole = model(
        [node("MatMul", "a b", "y", "product")],
        {name: (kind, array.shape) for name, array in feed.items()},
        ["y"],
        constants,
    )
    graph = agree(whole, feed)
    assert graph.layers[0].weight == (constant or "b")


@pytest.mark.parametrize("bias", [(6,), (1, 6), (1,), (), (5, 6), (1, 1, 6), (2, 1, 1, 6)])
@pytest.mark.parametrize("first", [False, True])
def test_what_is_added_behind_a_matmul(bias, first):
    whole = model(
        [
            node("MatMul", "x w", "p", "product"),
            node("Add", "c p" if first else "p c", "s"),
            node("Relu", "s", "y"),
        ],
        {"x": ("f4", (5, 4))},
        ["y"],
        {"w": normal((4, 6)), "c": normal(bias)},
    )
    fused = bias in ((6,), (1, 6))
    graph = agree(whole, {"x": normal((5, 4))}, hosts=0 if fused else 1)
    assert bool(graph.layers[0].bias) == fused


def test_a_vector_times_a_matrix_with_a_wider_bias_keeps_its_rank():
    whole = model(
        [node("MatMul", "x w", "p", "product"), node("Add", "p c", "y")],
        {"x": ("f4", (4,))},
        ["y"],
        {"w": normal((4, 6)), "c": normal((1, 6))},
    )
    agree(whole, {"x": normal((4,))}, hosts=None)


def test_a_matrix_with_itself():
    whole = model([node("MatMul", "x x", "y", "square")], {"x": ("f4", (5, 5))}, ["y"])
    agree(whole, {"x": normal((5, 5))})


@pytest.mark.parametrize("op", ["Gemm", "MatMul"])
def test_float16_products(op):
    whole = model(
        [node(op, "x w", "p", "product"), node("Relu", "p", "y")],
        {"x": ("f2", (5, 40))},
        ["y"],
        {"w": normal((40, 6), "f2")},
    )
    agree(whole, {"x": normal((5, 40), "f2")}, hosts=None)


def test_attention():
    nodes = [
        node("MatMul", "x wq", "q", "query"),
        node("MatMul", "x wk", "k", "key"),
        node("MatMul", "x wv", "v", "value"),
        node("Transpose", "k", "kt", perm=[0, 2, 1]),
        node("MatMul", "q kt", "scores", "scores"),
        node("Softmax", "scores", "weights", axis=-1),
        node("MatMul", "weights v", "y", "mix"),
    ]
    weights = {name: normal((8, 8)) for name in ("wq", "wk", "wv")}
    whole = model(nodes, {"x": ("f4", ("n", 5, 8))}, ["y"], weights)
    agree(whole, {"x": normal((2, 5, 8))}, layers=5, hosts=2)


def test_large_products_on_threads():
    whole = model(
        [node("MatMul", "x w", "p", "one"), node("MatMul", "p v", "y", "two")],
        {"x": ("f4", (3, 70, 64))},
        ["y"],
        {"w": normal((64, 90)), "v": normal((3, 90, 80))},
    )
    agree(whole, {"x": normal((3, 70, 64))}, layers=2)
