"""Weights stored sparsely, shared by several layers, broadcast over a batch."""

from __future__ import annotations

import numpy as np
import onnx
from corpus import Case, Network, Product, case
from onnx import numpy_helper
from sums import columns, convolved, filters, holes, random, relu, rows, windows


def coo(name: str, array: np.ndarray, linear: bool) -> onnx.SparseTensorProto:
    """A sparse tensor with one index, or one a dimension, for each value."""
    at = np.argwhere(array)
    flat = np.flatnonzero(array)
    made = onnx.SparseTensorProto()
    made.values.CopyFrom(numpy_helper.from_array(array.reshape(-1)[flat], name))
    index = (flat if linear else at).astype(np.int64)
    made.indices.CopyFrom(numpy_helper.from_array(index, f"{name}_indices"))
    made.dims.extend(array.shape)
    return made


def sparse(name: str, linear: bool) -> Case:
    n = Network(name)
    x, w = n.feed("x", random(1, 1, 4, 6, 6)), holes(2, random(2, 5, 4, 3, 3), 0.7)
    n.sparse.append(coo("w", w, linear))
    n.node("Conv", "x w", "y", "c")
    a, m = windows(x, (3, 3)), filters(w)
    y = convolved(a, m, 1, [4, 4]).astype(np.float32)
    return n.case({"y": y}, [Product("c", a, m, x, w)], weights=(w.size, int((w == 0).sum())))


@case
def sparse_initialiser_linear() -> Case:
    return sparse("sparse_initialiser_linear", True)


@case
def sparse_initialiser_by_coordinates() -> Case:
    return sparse("sparse_initialiser_by_coordinates", False)


@case
def sparse_constant() -> Case:
    n = Network("sparse_constant")
    x, w = n.feed("x", random(3, 3, 6)), holes(4, random(4, 6, 4), 0.6)
    n.node("Constant", "", "w", sparse_value=coo("", w, True))
    n.node("MatMul", "x w", "y", "m")
    return n.case({"y": x @ w}, [Product("m", rows(x), columns(w), x, w)])


@case
def one_weight_of_two_layers() -> Case:
    n = Network("one_weight_of_two_layers")
    x, w = n.feed("x", random(5, 1, 4, 6, 6)), holes(6, random(6, 4, 4, 3, 3), 0.5)
    n.const(w=w)
    n.node("Conv", "x w", "a", "c1", pads=[1] * 4)
    n.node("Relu", "a", "r")
    n.node("Conv", "r w", "y", "c2")
    a, m = windows(x, (3, 3), 1), filters(w)
    hidden = relu(convolved(a, m, 1, [6, 6])).astype(np.float32)
    a2 = windows(hidden, (3, 3))
    y = convolved(a2, m, 1, [4, 4]).astype(np.float32)
    products = [Product("c1", a, m, x, w), Product("c2", a2, m, hidden, w)]
    return n.case({"y": y}, products, weights=(w.size, int((w == 0).sum())))


@case
def one_weight_of_five_steps() -> Case:
    n = Network("one_weight_of_five_steps")
    x, w, v = n.feed("x", random(7, 1, 8)), holes(8, random(8, 8, 8), 0.4), random(9, 8, 3)
    n.const(w=w, v=v)
    products, hidden, before = [], x, "x"
    for step in range(5):
        n.node("MatMul", f"{before} w", f"m{step}", f"s{step}")
        n.node("Relu", f"m{step}", f"r{step}")
        products.append(Product(f"s{step}", rows(hidden), columns(w), hidden, w))
        hidden, before = relu(hidden @ w), f"r{step}"
    n.node("MatMul", f"{before} v", "y", "last")
    products.append(Product("last", rows(hidden), columns(v), hidden, v))
    return n.case({"y": hidden @ v}, products, weights=(88, int((w == 0).sum())))


@case
def broadcast_first_operand() -> Case:
    """A constant first operand: its rows are filters, the columns of the whole batch positions."""
    n = Network("broadcast_first_operand")
    z, a, w = (
        n.feed("z", random(10, 1, 6, 8, 5)),
        holes(11, random(11, 4, 8), 0.8),
        random(12, 5, 7),
    )
    n.const(A=a, W=w)
    n.node("MatMul", "A z", "t", "m1")
    n.node("MatMul", "t W", "y", "m2")
    hidden = (a @ z).astype(np.float32)
    products = [
        Product("m1", np.swapaxes(z, -1, -2).reshape(1, 30, 8), a[None], z, a),
        Product("m2", rows(hidden), columns(w), hidden, w),
    ]
    zeros = int((a == 0).sum() + (w == 0).sum())
    return n.case({"y": hidden @ w}, products, weights=(a.size + w.size, zeros))


@case
def broadcast_second_operand() -> Case:
    n = Network("broadcast_second_operand")
    z, w = (
        n.feed("z", holes(13, random(13, 1, 3, 4, 6), 0.3)),
        holes(14, random(14, 1, 1, 6, 5), 0.4),
    )
    n.const(w=w)
    n.node("MatMul", "z w", "y", "m")
    product = Product("m", rows(z), columns(w), z, w)
    return n.case({"y": z @ w}, [product], weights=(30, int((w == 0).sum())))


@case
def a_weight_for_each_batch() -> Case:
    n = Network("a_weight_for_each_batch")
    z, w = n.feed("z", random(15, 1, 3, 4, 6)), holes(16, random(16, 3, 6, 5), 0.4)
    n.const(w=w)
    n.node("MatMul", "z w", "y", "m")
    product = Product("m", z.reshape(3, 4, 6), columns(w), z, w)
    return n.case({"y": z @ w}, [product], weights=(90, int((w == 0).sum())))


@case
def one_weight_turned_and_not() -> Case:
    """Tied weights: read as stored and, by another layer, turned."""
    n = Network("one_weight_turned_and_not")
    x, w = n.feed("x", random(17, 3, 6)), holes(18, random(18, 4, 6), 0.5)
    n.const(w=w)
    n.node("Gemm", "x w", "h", "down", transB=1)
    n.node("Gemm", "h w", "y", "up")
    hidden = x @ w.T
    products = [
        Product("down", rows(x), w[None], x, w),
        Product("up", rows(hidden), columns(w), hidden, w),
    ]
    return n.case({"y": hidden @ w}, products, weights=(24, int((w == 0).sum())))
