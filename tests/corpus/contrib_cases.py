"""Operators of ONNX Runtime's own domain, of floats: fused ones, and ones between layers."""

from __future__ import annotations

import numpy as np
from corpus import Case, Network, Product, case
from sums import columns, convolved, filters, holes, random, relu, rows, sigmoid, windows


def conv_case(network: Network, x, w, products_name: str, finish, pad: int = 1, **more) -> Case:
    """One convolution with what is finished behind it."""
    a, m = windows(x, w.shape[2:], pad), filters(w)
    size = [x.shape[2] + 2 * pad - w.shape[2] + 1] * 2
    y = finish(convolved(a, m, x.shape[0], size)).astype(np.float32)
    return network.case({"y": y}, [Product(products_name, a, m, x, w)], **more)


@case
def fused_conv_relu() -> Case:
    n = Network("fused_conv_relu")
    x = n.feed("x", holes(1, random(1, 1, 4, 6, 6), 0.4))
    w = holes(2, random(2, 5, 4, 3, 3), 0.3)
    n.const(w=w)
    n.node("ms.FusedConv", "x w", "y", "f", activation="Relu", pads=[1] * 4)
    return conv_case(n, x, w, "f", relu)


@case
def fused_conv_sum() -> Case:
    n = Network("fused_conv_sum")
    x, z = n.feed("x", random(3, 1, 4, 5, 5)), n.feed("z", random(4, 1, 3, 5, 5))
    w, b = random(5, 3, 4, 1, 1), random(6, 3)
    n.const(w=w, b=b)
    n.node("ms.FusedConv", "x w b z", "y", "f", activation="Relu")
    return conv_case(n, x, w, "f", lambda s: relu(s + b[:, None, None] + z), pad=0)


@case
def fused_conv_leaky() -> Case:
    n = Network("fused_conv_leaky")
    x, w = n.feed("x", random(7, 1, 3, 5, 5)), random(8, 6, 3, 3, 3)
    n.const(w=w)
    attributes = {"activation": "LeakyRelu", "activation_params": [0.1]}
    n.node("ms.FusedConv", "x w", "y", "f", **attributes)
    return conv_case(n, x, w, "f", lambda s: np.where(s > 0, s, 0.1 * s), pad=0)


@case
def fused_conv_behind_conv() -> Case:
    n = Network("fused_conv_behind_conv")
    x = n.feed("x", random(9, 1, 2, 6, 6))
    w, v = random(10, 4, 2, 3, 3), holes(11, random(11, 3, 4, 3, 3), 0.5)
    n.const(w=w, v=v)
    n.node("Conv", "x w", "a", "c", pads=[1] * 4)
    n.node("Relu", "a", "r")
    n.node("ms.FusedConv", "r v", "y", "f", activation="HardSigmoid", activation_params=[0.2, 0.5])
    a, m = windows(x, (3, 3), 1), filters(w)
    hidden = relu(convolved(a, m, 1, [6, 6])).astype(np.float32)
    a2, m2 = windows(hidden, (3, 3)), filters(v)
    y = np.clip(0.2 * convolved(a2, m2, 1, [4, 4]) + 0.5, 0, 1).astype(np.float32)
    return n.case({"y": y}, [Product("c", a, m, x, w), Product("f", a2, m2, hidden, v)])


@case
def fused_gemm_relu() -> Case:
    n = Network("fused_gemm_relu")
    x, w, b = n.feed("x", random(12, 5, 7)), holes(13, random(13, 4, 7), 0.6), random(14, 4)
    n.const(w=w, b=b)
    n.node("ms.FusedGemm", "x w b", "y", "g", activation="Relu", transB=1)
    return n.case({"y": relu(x @ w.T + b)}, [Product("g", rows(x), w[None], x, w)])


@case
def fused_gemm_factors() -> Case:
    n = Network("fused_gemm_factors")
    x, w, b = n.feed("x", random(15, 3, 6)), random(16, 6, 5), random(17, 5)
    n.const(w=w, b=b)
    attributes = {"activation": "LeakyRelu", "activation_alpha": 0.25, "alpha": 0.5, "beta": 2.0}
    n.node("ms.FusedGemm", "x w b", "y", "g", **attributes)
    s = 0.5 * (x @ w) + 2 * b
    y = np.where(s > 0, s, 0.25 * s).astype(np.float32)
    return n.case({"y": y}, [Product("g", rows(x), columns(w), x, w)])


@case
def fused_matmul_turned() -> Case:
    n = Network("fused_matmul_turned")
    x, w = n.feed("x", random(18, 2, 3, 6)), holes(19, random(19, 4, 6), 0.5)
    n.const(w=w)
    n.node("ms.FusedMatMul", "x w", "y", "m", transB=1, alpha=0.125)
    y = (0.125 * (x @ w.T)).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(x), w[None], x, w)])


@case
def fused_matmul_of_two() -> Case:
    n = Network("fused_matmul_of_two")
    q = n.feed("q", holes(20, random(20, 2, 3, 4, 8), 0.3))
    k = n.feed("k", holes(21, random(21, 2, 3, 5, 8), 0.3))
    n.node("ms.FusedMatMul", "q k", "y", "m", transB=1, alpha=0.5)
    y = (0.5 * q @ np.swapaxes(k, -1, -2)).astype(np.float32)
    return n.case({"y": y}, [Product("m", q.reshape(6, 4, 8), k.reshape(6, 5, 8), q)])


def between(name: str, op: str, middle, hidden_of, reads: str = "a", **attributes) -> Case:
    """MatMul, an operator that onnx's inference does not know, MatMul."""
    n = Network(name)
    x, u = n.feed("x", random(22, 3, 8) / 4), random(23, 8, 8)
    v = holes(24, random(24, 8, 5), 0.4)
    n.const(u=u, v=v, **middle)
    n.node("MatMul", "x u", "a", "m1")
    n.node(op, reads, "b", "middle", **attributes)
    n.node("MatMul", "b v", "y", "m2")
    hidden = hidden_of(x @ u).astype(np.float32)
    products = [Product("m1", rows(x), columns(u), x, u)]
    products.append(Product("m2", rows(hidden), columns(v), hidden, v))
    return n.case({"y": hidden @ v}, products, tolerance=2e-3)


def _gelu(x):
    return x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _rms(x, gain):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5) * gain


@case
def behind_fast_gelu() -> Case:
    return between("behind_fast_gelu", "ms.FastGelu", {}, _gelu)


@case
def behind_quick_gelu() -> Case:
    act = lambda x: x * sigmoid(1.5 * x)  # noqa: E731
    return between("behind_quick_gelu", "ms.QuickGelu", {}, act, alpha=1.5)


@case
def behind_bias_gelu() -> Case:
    bias = random(25, 8)
    from math import erf

    act = lambda x: (x + bias) * 0.5 * (1 + np.vectorize(erf)((x + bias) / np.sqrt(2)))  # noqa: E731
    return between("behind_bias_gelu", "ms.BiasGelu", {"bias": bias}, act, reads="a bias")


@case
def behind_skip_norm() -> Case:
    gain, skip = random(26, 8), random(27, 3, 8)
    return between(
        "behind_skip_norm",
        "ms.SkipSimplifiedLayerNormalization",
        {"gain": gain, "skip": skip},
        lambda x: _rms(x + skip, gain),
        reads="a skip gain",
        epsilon=1e-5,
    )


@case
def behind_simplified_norm() -> Case:
    gain = random(28, 8)
    return between(
        "behind_simplified_norm",
        "SimplifiedLayerNormalization",
        {"gain": gain},
        lambda x: _rms(x, gain),
        reads="a gain",
        epsilon=1e-5,
        axis=-1,
        stash_type=1,
    )


@case
def behind_scaler() -> Case:
    act = lambda x: (x - 0.5) * 2  # noqa: E731
    return between("behind_scaler", "ml.Scaler", {}, act, offset=[0.5], scale=[2.0])


@case
def a_layer_the_host_keeps() -> Case:
    """DeformConv has no product that an array could run: its MACs are the host's."""
    n = Network("a_layer_the_host_keeps", opset=19)
    x, w = n.feed("x", random(29, 1, 2, 5, 5)), random(30, 2, 2, 1, 1)
    deform = random(31, 3, 2, 1, 1)
    n.const(w=w, d=deform, o=np.zeros((1, 2, 5, 5), np.float32))
    n.node("Conv", "x w", "a", "c")
    n.node("DeformConv", "a d o", "y", "d", kernel_shape=[1, 1])
    a, m = windows(x, (1, 1)), filters(w)
    hidden = convolved(a, m, 1, [5, 5])
    y = convolved(windows(hidden, (1, 1)), filters(deform), 1, [5, 5]).astype(np.float32)
    return n.case({"y": y}, [Product("c", a, m, x, w)], host_macs=25 * 3 * 2)
