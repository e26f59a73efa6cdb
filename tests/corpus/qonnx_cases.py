"""QONNX: layers of two, three and one bit."""

from __future__ import annotations

import numpy as np
from corpus import Case, Network, Product, case
from onnx import helper
from sums import columns, convolved, filters, random, relu, rows, windows


def quant(n: Network, reads: str, makes: str, domain: str, **more) -> None:
    """Append a Quant node."""
    said = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", **more}
    n.nodes.append(helper.make_node("Quant", reads.split(), [makes], domain=domain, **said))


def codes(x, scale: float, low: int, high: int) -> np.ndarray:
    return np.rint(np.clip(x / np.float32(scale), low, high)).astype(np.int64)


def dense(name: str, bits: int, domain: str, narrow: int, opset: int) -> Case:
    n = Network(name, opset=opset)
    x, w = n.feed("x", random(1, 3, 8)), random(2, 8, 5)
    f = np.float32
    n.const(w=w, s=f(0.5), z=f(0), b=f(bits), t=f(0.25), b4=f(4))
    quant(n, "x t z b4", "xq", domain)
    quant(n, "w s z b", "wq", domain, narrow=narrow)
    n.node("MatMul", "xq wq", "y", "m")
    a = codes(x, 0.25, -8, 7)
    low, high = -(1 << (bits - 1)) + narrow, (1 << (bits - 1)) - 1
    m = codes(w, 0.5, low, high)
    y = ((a @ m) * 0.125).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(m), a, m, weight_bits=bits)])


@case
def qonnx_two_bits() -> Case:
    return dense("qonnx_two_bits", 2, "qonnx.custom_op.general", 1, 13)


@case
def qonnx_three_bits() -> Case:
    return dense("qonnx_three_bits", 3, "onnx.brevitas", 0, 13)


@case
def qonnx_four_bits_of_an_old_opset() -> Case:
    return dense("qonnx_four_bits_of_an_old_opset", 4, "finn.custom_op.general", 1, 11)


@case
def qonnx_convolution() -> Case:
    domain = "qonnx.custom_op.general"
    n = Network("qonnx_convolution", opset=13)
    x, w, v = n.feed("x", random(3, 1, 3, 6, 6)), random(4, 4, 3, 3, 3), random(5, 2, 4, 2, 2)
    scales = (2.0 ** np.arange(-2, 2)).astype(np.float32).reshape(4, 1, 1, 1)
    f = np.float32
    n.const(w=w, v=v, s=scales, t=f(0.125), u=f(1), z=f(0), b3=f(3), b8=f(8), b2=f(2))
    quant(n, "x t z b8", "xq", domain)
    quant(n, "w s z b3", "wq", domain, narrow=1)
    n.node("Conv", "xq wq", "c", "c1")
    n.node("Relu", "c", "r")
    quant(n, "r u z b2", "rq", domain, signed=0)
    quant(n, "v t z b3", "vq", domain)
    n.node("Conv", "rq vq", "y", "c2")
    a = codes(x, 0.125, -128, 127)
    m = codes(w, scales, -3, 3)
    first = Product("c1", windows(a, (3, 3)), filters(m), a, m, weight_bits=3)
    sums = convolved(first.a, first.w, 1, [4, 4]) * 0.125 * scales.reshape(4, 1, 1)
    hidden = codes(relu(sums), 1.0, 0, 3)
    k = codes(v, 0.125, -4, 3)
    second = Product("c2", windows(hidden, (2, 2)), filters(k), hidden, k, weight_bits=3)
    y = (convolved(second.a, second.w, 1, [3, 3]) * 0.125).astype(np.float32)
    return n.case({"y": y}, [first, second])


@case
def qonnx_one_bit() -> Case:
    domain = "qonnx.custom_op.general"
    n = Network("qonnx_one_bit", opset=13)
    x, w = n.feed("x", random(6, 2, 7)), random(7, 7, 4)
    f = np.float32
    n.const(w=w, s=f(0.5), t=f(0.25), z=f(0), b=f(2))
    quant(n, "x t z b", "xq", domain)
    n.nodes.append(helper.make_node("BipolarQuant", ["w", "s"], ["wq"], domain=domain))
    n.node("MatMul", "xq wq", "y", "m")
    a, m = codes(x, 0.25, -2, 1), np.where(w >= 0, 1, -1)
    y = ((a @ m) * 0.125).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(m), a, m, weight_bits=1)])
