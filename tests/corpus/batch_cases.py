"""What one image is: fixed batches, pictures without a batch, points, nodes, states, scalars."""

from __future__ import annotations

import numpy as np
from corpus import Case, Network, Product, case
from sums import columns, convolved, filters, holes, random, relu, rows, windows


def picture(name: str, images: int) -> Case:
    n = Network(name)
    x, w = n.feed("x", random(1, images, 3, 6, 6)), holes(2, random(2, 4, 3, 3, 3), 0.4)
    n.const(w=w)
    n.node("Conv", "x w", "y", "c")
    a, m = windows(x, (3, 3)), filters(w)
    y = convolved(a, m, images, [4, 4]).astype(np.float32)
    return n.case({"y": y}, [Product("c", a, m, x, w)], images_per_run=images)


@case
def one_picture() -> Case:
    return picture("one_picture", 1)


@case
def a_fixed_batch_of_four() -> Case:
    return picture("a_fixed_batch_of_four", 4)


@case
def a_picture_without_a_batch() -> Case:
    n = Network("a_picture_without_a_batch")
    x, w = n.feed("x", random(3, 3, 7, 7)), holes(4, random(4, 5, 3, 3, 3), 0.4)
    n.const(w=w, first=np.array([0], np.int64))
    n.node("Unsqueeze", "x first", "u")
    n.node("Conv", "u w", "y", "c")
    a, m = windows(x[None], (3, 3)), filters(w)
    y = convolved(a, m, 1, [5, 5]).astype(np.float32)
    return n.case({"y": y}, [Product("c", a, m, x, w)])


@case
def tokens_without_a_batch() -> Case:
    """Tokens that attend to each other: 196 of them would be one image."""
    n = Network("tokens_without_a_batch")
    x, w = n.feed("x", random(5, 9, 6)), random(6, 6, 6)
    n.const(w=w)
    n.node("MatMul", "x w", "q", "q")
    n.node("Transpose", "x", "t", perm=[1, 0])
    n.node("MatMul", "q t", "s", "s")
    n.node("Relu", "s", "r")
    n.node("MatMul", "r x", "y", "v")
    q = x @ w
    scores = relu(q @ x.T)
    products = [
        Product("q", rows(x), columns(w), x, w),
        Product("s", rows(q), x[None], q),
        Product("v", rows(scores), columns(x), scores),
    ]
    return n.case({"y": scores @ x}, products)


@case
def points_of_a_cloud() -> Case:
    n = Network("points_of_a_cloud")
    x = n.feed("x", random(7, 7, 3), ["points", 3])
    w1, w2 = random(8, 3, 8), random(9, 8, 4)
    n.const(w1=w1, w2=w2)
    n.node("MatMul", "x w1", "a", "m1")
    n.node("Relu", "a", "r")
    n.node("ReduceMax", "r", "g", axes=[0], keepdims=1)
    n.node("MatMul", "g w2", "y", "m2")
    hidden = relu(x @ w1).max(axis=0, keepdims=True)
    products = [
        Product("m1", rows(x), columns(w1), x, w1),
        Product("m2", rows(hidden), columns(w2), hidden, w2),
    ]
    return n.case({"y": hidden @ w2}, products)


@case
def nodes_and_edges() -> Case:
    n = Network("nodes_and_edges")
    nodes = n.feed("nodes", random(10, 12, 5), ["num_nodes", 5])
    edges = n.feed("edges", random(11, 30, 3), ["num_edges", 3])
    a, b = random(12, 5, 4), random(13, 3, 4)
    n.const(A=a, B=b)
    n.node("MatMul", "nodes A", "p", "n")
    n.node("MatMul", "edges B", "q", "e")
    products = [Product("n", rows(nodes), columns(a), nodes, a)]
    products.append(Product("e", rows(edges), columns(b), edges, b))
    return n.case({"p": nodes @ a, "q": edges @ b}, products)


@case
def a_rate_beside_the_sound() -> Case:
    n = Network("a_rate_beside_the_sound")
    x, rate = n.feed("x", random(14, 1, 6)), n.feed("rate", np.array(16000, np.int64))
    w = random(15, 6, 4)
    n.const(w=w, k=np.float32(1 / 16000))
    n.node("Cast", "rate", "f", to=1)
    n.node("Mul", "f k", "g")
    n.node("Mul", "x g", "a")
    n.node("MatMul", "a w", "y", "m")
    a = x * np.float32(float(rate) / 16000)
    return n.case({"y": a @ w}, [Product("m", rows(a), columns(w), a, w)])


@case
def a_state_beside_the_image() -> Case:
    """The state comes first and has an axis of layers in front: it decides nothing."""
    n = Network("a_state_beside_the_image")
    state, x = n.feed("state", random(16, 2, 1, 4)), n.feed("x", random(17, 1, 8))
    w = random(18, 8, 4)
    n.const(w=w)
    n.node("ReduceMean", "state", "m", keepdims=0)
    n.node("Add", "x m", "a")
    n.node("MatMul", "a w", "y", "layer")
    a = (x + state.mean()).astype(np.float32)
    return n.case({"y": a @ w}, [Product("layer", rows(a), columns(w), a, w)])
