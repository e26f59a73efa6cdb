"""Einsum against NumPy's, with shapes fixed and free; what is no product stays on the host."""

import numpy as np
import pytest
from decompositions import agree, model, node, sparse, stays

RNG = np.random.default_rng(10)
LENGTHS = {"a": 2, "b": 3, "c": 4, "d": 5, "e": 6, "i": 3, "j": 5, "k": 4, "h": 2, "q": 5, "n": 4}


def operands(equation):
    """Random operands of an equation without dots."""
    left = equation.replace(" ", "").split("->")[0].replace("...", "ah")
    return [sparse(RNG, *[LENGTHS[i] for i in term]) for term in left.split(",")]


def counts(equation, x, y):
    """Products of the terms of all sums, by Einsum itself: of ones, and of non-zeros."""
    ones = np.einsum(equation, np.ones(x.shape, int), np.ones(y.shape, int))
    return int(ones.sum()), int(np.einsum(equation, (x != 0) * 1, (y != 0) * 1).sum())


@pytest.mark.parametrize(
    "equation",
    [
        "ij,jk->ik",
        "ij,kj->ki",
        "ij, jk",
        "bij,bjk->bik",
        "bhqd,bhnd->bhqn",
        "bqhd,bnhd->bhqn",
        "bhqn,bnhd->bqhd",
        "bij,jk->bik",
        "ij,bjk->bik",
        "abij,cdj->abicd",
        "abcd,cde->abe",
        "abc,cabd->d",
        "bi,bi->b",
        "i,i->",
        "ij,j->i",
        "i,ij->j",
        "...ij,...jk->...ik",
        "...ij,jk->...ik",
        "...ij,jk",
        "dbi,bj->idj",
    ],
)
@pytest.mark.parametrize("free", [False, True])
def test_products(equation, free):
    x, w = operands(equation)
    y = np.asarray(np.einsum(equation, x, w), np.float32)
    fused = node("Einsum", "x w", "y", domain="", equation=equation)
    for constants, feed in (({"w": w}, {"x": x}), ({}, {"x": x, "w": w}), ({"x": x}, {"w": w})):
        if len(feed) == 2 and x.shape[0] != w.shape[0]:
            continue  # two inputs of other first lengths are no batch
        whole = model([fused], feed, {"y": ("f4", y.ndim)}, constants, free=free)
        agree(whole, feed, {"op": counts(equation, x, w)}, [y])
        agree(whole, feed, {"op": counts(equation, x, w)})


@pytest.mark.parametrize(
    "equation, reason",
    [
        ("ij,jk->k", "it sums over 'i', an index of one operand only"),
        ("ii,ij->j", "its equation 'ii,ij->j' repeats an index"),
        ("bi,bi->bi", "it sums over no index: it is no product"),
        ("i,j->ij", "it sums over no index: it is no product"),
        ("ij,jk,kn->in", "it has 3 operands; a product has 2"),
    ],
)
def test_what_is_no_product_stays(equation, reason):
    arrays = operands(equation.replace("ii", "ij") if "ii" not in equation else "ii,ij->j")
    feed = {f"x{index}": array for index, array in enumerate(arrays)}
    fused = node("Einsum", " ".join(feed), "y", domain="", equation=equation)
    rank = len(equation.split("->")[1])
    stays(model([fused], feed, {"y": ("f4", rank)}, {}), feed, reason)


def test_an_index_that_is_spread_stays():
    x, w = sparse(RNG, 3, 1), sparse(RNG, 4, 5)
    fused = node("Einsum", "x w", "y", domain="", equation="ij,jk->ik")
    whole = model([fused], {"x": x}, {"y": ("f4", 2)}, {"w": w})
    stays(whole, {"x": x}, "its index 'j' has length 1 in one operand only")
