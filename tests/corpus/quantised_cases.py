"""Integer layers: QLinear and Integer operators, ONNX Runtime's own, QDQ, narrow weights."""

from __future__ import annotations

import numpy as np
from corpus import Case, Network, Product, case, int4
from sums import (
    columns,
    convolved,
    dynamic,
    filters,
    integers,
    quantised,
    random,
    relu,
    requantised,
    rows,
    windows,
)

# Powers of two: products of scales are exact, so a result is one rounding from its integer sum.
S, WS, OS = np.float32(2**-5), np.float32(2**-6), np.float32(2**-4)


def u8(seed: int, *shape: int) -> np.ndarray:
    """Small enough that no pair of products with `s8` leaves 16 bits on any processor."""
    return integers(seed, 0, 128, *shape, kind=np.uint8)


def s8(seed: int, *shape: int) -> np.ndarray:
    """See `u8`; many are zero."""
    values = integers(seed, -60, 60, *shape)
    return np.where(np.abs(values) < 20, 0, values).astype(np.int8)


def qconv(n: Network, x, zero: int, w, name: str, zero_out: int, reads: str, makes: str, **more):
    """Append a QLinearConv; its product and its output."""
    n.const(s=S, ws=WS, os=OS, wz=np.int8(0), **{f"w_{name}": w})
    n.const(**{f"z_{name}": np.uint8(zero), f"o_{name}": np.uint8(zero_out)})
    inputs = f"{reads} s z_{name} w_{name} ws wz os o_{name}"
    n.node("QLinearConv", inputs, makes, name, **more)
    a, m = windows(x.astype(np.int64) - zero, w.shape[2:]), filters(w.astype(np.int64))
    size = [x.shape[2] - w.shape[2] + 1] * 2
    y = requantised(convolved(a, m, x.shape[0], size), S * WS / OS, zero_out)
    return Product(name, a, m, x.astype(np.int64) - zero, w), y


@case
def qlinear_conv() -> Case:
    n = Network("qlinear_conv")
    x = n.feed("x", u8(1, 1, 3, 6, 6))
    product, y = qconv(n, x, 10, s8(2, 4, 3, 3, 3), "c", 7, "x", "y")
    return n.case({"y": y}, [product])


@case
def written_and_read_with_other_zeros() -> Case:
    n = Network("written_and_read_with_other_zeros")
    x = n.feed("x", u8(3, 1, 3, 6, 6))
    first, hidden = qconv(n, x, 0, s8(4, 4, 3, 1, 1), "c1", 20, "x", "a")
    second, y = qconv(n, hidden, 0, s8(5, 2, 4, 3, 3), "c2", 3, "a", "y")
    return n.case({"y": y}, [first, second])


@case
def read_with_two_zeros() -> Case:
    n = Network("read_with_two_zeros")
    x = n.feed("x", u8(6, 1, 2, 5, 5) // 16)
    first, y1 = qconv(n, x, 0, s8(7, 3, 2, 3, 3), "c1", 0, "x", "y1")
    second, y2 = qconv(n, x, 5, s8(8, 3, 2, 3, 3), "c2", 0, "x", "y2")
    return n.case({"y1": y1, "y2": y2}, [first, second])


def qlinear_between(name: str, op: str, reads: str, middle, hidden_of, **attributes) -> Case:
    """QLinearConv, an operator of ONNX Runtime's domain, QLinearConv."""
    n = Network(name)
    x = n.feed("x", u8(9, 1, 3, 5, 5))
    first, a = qconv(n, x, 4, s8(10, 3, 3, 1, 1), "c1", 100, "x", "a")
    n.const(**middle)
    n.node(op, reads, "b", "middle", **attributes)
    b = hidden_of(a, x)
    second, y = qconv(n, b, 100, s8(11, 2, 3, 1, 1), "c2", 50, "b", "y")
    return n.case({"y": y}, [first, second])


@case
def behind_qlinear_add() -> Case:
    def added(a, x):
        real = (a.astype(np.float32) - 100) * OS + (x.astype(np.float32) - 4) * S
        return quantised(real, 0.125, 100)

    middle = {"zx": np.uint8(4), "za": np.uint8(100), "bs": np.float32(0.125)}
    reads = "a os za x s zx bs za"
    return qlinear_between("behind_qlinear_add", "ms.QLinearAdd", reads, middle, added)


@case
def behind_qlinear_leaky_relu() -> Case:
    def leaky(a, _):
        real = (a.astype(np.float32) - 100) * OS
        return quantised(np.where(real < 0, real * np.float32(0.5), real), 0.125, 100)

    middle = {"za": np.uint8(100), "bs": np.float32(0.125)}
    reads = "a os za bs za"
    op = "ms.QLinearLeakyRelu"
    return qlinear_between("behind_qlinear_leaky_relu", op, reads, middle, leaky, alpha=0.5)


@case
def qlinear_matmul() -> Case:
    n = Network("qlinear_matmul")
    x, w = n.feed("x", u8(12, 2, 3, 6)), s8(13, 6, 5)
    n.const(s=S, z=np.uint8(9), w=w, ws=WS, wz=np.int8(0), os=OS, oz=np.uint8(30))
    n.node("QLinearMatMul", "x s z w ws wz os oz", "y", "m")
    a = x.astype(np.int64) - 9
    y = requantised(a @ w.astype(np.int64), S * WS / OS, 30)
    return n.case({"y": y}, [Product("m", rows(a), columns(w), a, w)])


@case
def conv_integer() -> Case:
    n = Network("conv_integer")
    x, w = n.feed("x", u8(14, 2, 2, 5, 5)), s8(15, 3, 2, 2, 2)
    n.const(w=w, z=np.uint8(64))
    n.node("ConvInteger", "x w z", "y", "c")
    shifted = x.astype(np.int64) - 64
    a, m = windows(shifted, (2, 2)), filters(w.astype(np.int64))
    y = convolved(a, m, 2, [4, 4]).astype(np.int32)
    return n.case({"y": y}, [Product("c", a, m, shifted, w)], images_per_run=2)


@case
def matmul_integer() -> Case:
    n = Network("matmul_integer")
    x, w = n.feed("x", u8(16, 4, 9)), s8(17, 9, 3)
    n.const(w=w, z=np.uint8(3))
    n.node("MatMulInteger", "x w z", "y", "m")
    a = x.astype(np.int64) - 3
    y = (a @ w.astype(np.int64)).astype(np.int32)
    return n.case({"y": y}, [Product("m", rows(a), columns(w), a, w)])


@case
def dynamically_quantised() -> Case:
    n = Network("dynamically_quantised")
    x, w = n.feed("x", relu(random(18, 3, 10))), s8(19, 10, 4)
    n.const(w=w)
    n.node("DynamicQuantizeLinear", "x", "q s z")
    n.node("MatMulInteger", "q w z", "y", "m")
    codes, _, zero = dynamic(x)
    a = codes.astype(np.int64) - zero
    y = (a @ w.astype(np.int64)).astype(np.int32)
    return n.case({"y": y}, [Product("m", rows(a), columns(w), a, w)])


def qgemm(name: str, per_filter: bool, requantises: bool, trans: bool) -> Case:
    n = Network(name)
    x, w = n.feed("x", u8(20, 4, 7)), s8(21, 7, 5)
    scale = (WS * 2.0 ** np.arange(-2, 3) if per_filter else WS).astype(np.float32)
    zero_w = np.zeros(5 if per_filter else (), np.int8)
    c = integers(22, -500, 500, 5, kind=np.int32)
    n.const(s=S, z=np.uint8(5), w=w.T.copy() if trans else w, ws=scale, wz=zero_w, c=c)
    reads = "x s z w ws wz c"
    if requantises:
        n.const(os=OS, oz=np.uint8(60))
        reads += " os oz"
    n.node("ms.QGemm", reads, "y", "g", transB=int(trans))
    a = x.astype(np.int64) - 5
    sums = a @ w.astype(np.int64) + c
    y = requantised(sums, S * scale / OS, 60) if requantises else (sums * (S * scale)).astype("f")
    return n.case({"y": y}, [Product("g", rows(a), columns(w), a, w)])


@case
def qgemm_requantised() -> Case:
    return qgemm("qgemm_requantised", False, True, False)


@case
def qgemm_of_floats() -> Case:
    return qgemm("qgemm_of_floats", False, False, True)


@case
def qgemm_each_filter() -> Case:
    return qgemm("qgemm_each_filter", True, True, True)


def dynamic_matmul(name: str, biased: bool, zeroed: bool) -> Case:
    n = Network(name)
    x, w = n.feed("x", random(23, 3, 8)), s8(24, 8, 6)
    n.const(w=w, ws=WS)
    reads = "x w ws"
    zero_w = 11 if zeroed else 0
    if zeroed or biased:
        n.const(wz=np.int8(zero_w))
        reads += " wz"
    bias = random(25, 6) if biased else np.zeros(6, np.float32)
    if biased:
        n.const(b=bias)
        reads += " b"
    n.node("ms.DynamicQuantizeMatMul", reads, "y", "m")
    codes, scale, zero = dynamic(x)
    a, m = codes.astype(np.int64) - zero, w.astype(np.int64) - zero_w
    y = ((a @ m) * np.float64(scale) * WS + bias).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(m), a, m)])


@case
def dynamic_quantize_matmul() -> Case:
    return dynamic_matmul("dynamic_quantize_matmul", False, False)


@case
def dynamic_quantize_matmul_zero_and_bias() -> Case:
    return dynamic_matmul("dynamic_quantize_matmul_zero_and_bias", True, True)


@case
def matmul_integer_to_float() -> Case:
    n = Network("matmul_integer_to_float")
    x, w, b = n.feed("x", u8(26, 2, 4, 6)), s8(27, 6, 3), random(28, 3)
    n.const(w=w, s=S, ws=WS, z=np.uint8(40), wz=np.int8(-2), b=b)
    n.node("ms.MatMulIntegerToFloat", "x w s ws z wz b", "y", "m")
    a, m = x.astype(np.int64) - 40, w.astype(np.int64) + 2
    y = ((a @ m) * np.float64(S * WS) + b).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(m), a, m)])


@case
def channels_last() -> Case:
    n = Network("channels_last")
    x = u8(29, 1, 3, 5, 5)
    n.feed("x", x.transpose(0, 2, 3, 1).copy())
    w = s8(30, 4, 3, 3, 3)
    n.const(s=S, z=np.uint8(6), w=w, ws=WS, wz=np.int8(0), os=OS, oz=np.uint8(12))
    n.node("ms.QLinearConv", "x s z w ws wz os oz", "y", "c", channels_last=1)
    shifted = x.astype(np.int64) - 6
    a, m = windows(shifted, (3, 3)), filters(w.astype(np.int64))
    y = requantised(convolved(a, m, 1, [3, 3]), S * WS / OS, 12).transpose(0, 2, 3, 1)
    return n.case({"y": y}, [Product("c", a, m, shifted, w)])


def qdq(name: str, move, moved, last_axis: int = 6, domain: str = "") -> Case:
    """QuantizeLinear, DequantizeLinear, something that moves data, MatMul by quantised weights."""
    n = Network(name)
    x = n.feed("x", random(31, 2, 3, 6))
    w = s8(32, last_axis, 4)
    n.const(s=S, z=np.uint8(100), w=w, ws=WS, wz=np.int8(0))
    n.node(f"{domain}QuantizeLinear", "x s z", "q")
    n.node(f"{domain}DequantizeLinear", "q s z", "d")
    move(n)
    n.node(f"{domain}DequantizeLinear", "w ws wz", "wd")
    n.node("MatMul", "e wd", "y", "m")
    a = moved(quantised(x, S, 100).astype(np.int64) - 100)
    y = ((a @ w.astype(np.int64)) * np.float64(S * WS)).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(w), a, w)])


@case
def contrib_qdq() -> Case:
    move = lambda n: n.node("Identity", "d", "e")  # noqa: E731
    return qdq("contrib_qdq", move, lambda a: a, domain="ms.")


@case
def quantised_behind_reshape() -> Case:
    def move(n: Network) -> None:
        n.const(shape=np.array([3, 12], np.int64))
        n.node("Reshape", "d shape", "e")

    return qdq("quantised_behind_reshape", move, lambda a: a.reshape(3, 12), 12)


@case
def quantised_behind_flatten() -> Case:
    move = lambda n: n.node("Flatten", "d", "e")  # noqa: E731
    return qdq("quantised_behind_flatten", move, lambda a: a.reshape(2, 18), 18)


@case
def quantised_behind_transpose() -> Case:
    move = lambda n: n.node("Transpose", "d", "e", perm=[0, 2, 1])  # noqa: E731
    return qdq("quantised_behind_transpose", move, lambda a: np.swapaxes(a, 1, 2), 3)


@case
def quantised_behind_concat() -> Case:
    move = lambda n: n.node("Concat", "d d", "e", axis=2)  # noqa: E731
    return qdq("quantised_behind_concat", move, lambda a: np.concatenate([a, a], 2), 12)


@case
def quantised_behind_squeeze() -> Case:
    def move(n: Network) -> None:
        n.const(first=np.array([0], np.int64))
        n.node("Unsqueeze", "d first", "u")
        n.node("Squeeze", "u first", "e")

    return qdq("quantised_behind_squeeze", move, lambda a: a)


def packed(codes: np.ndarray, bits: int) -> np.ndarray:
    """Codes of (N, blocks, block size) packed into bytes, the first in the low bits."""
    if bits == 8:
        return codes.astype(np.uint8)
    return (codes[..., 0::2] | codes[..., 1::2] << 4).astype(np.uint8)


def nbits(name: str, k: int, block: int, bits: int, zeroed: bool) -> Case:
    n = Network(name)
    rng = np.random.default_rng(33)
    x, filters_ = n.feed("x", random(34, 3, k)), 8
    blocks = -(-k // block)
    middle = 1 << (bits - 1)
    codes = rng.integers(0, 1 << bits, (filters_, blocks, block))
    codes[rng.random(codes.shape) < 0.4] = middle
    scales = (2.0 ** rng.integers(-4, 2, (filters_, blocks))).astype(np.float32)
    zeros = np.full((filters_, blocks), middle)
    n.const(q=packed(codes, bits), s=scales.reshape(-1))
    reads = "x q s"
    if zeroed:
        zeros = rng.integers(0, 1 << bits, zeros.shape)
        rows_ = np.pad(zeros, [(0, 0), (0, blocks % 2)])
        stored = (rows_[:, 0::2] | rows_[:, 1::2] << 4) if bits == 4 else zeros
        n.const(z=stored.astype(np.uint8).reshape(-1))
        reads += " z"
    n.node("ms.MatMulNBits", reads, "y", "m", K=k, N=filters_, bits=bits, block_size=block)
    real = ((codes - zeros[..., None]) * scales[..., None]).reshape(filters_, -1)[:, :k]
    y = (x.astype(np.float64) @ real.T).astype(np.float32)
    product = Product("m", rows(x), real[None], x, real, weight_bits=bits)
    return n.case({"y": y}, [product], tolerance=1e-3)


@case
def four_bits() -> Case:
    return nbits("four_bits", 64, 32, 4, False)


@case
def four_bits_with_zero_points() -> Case:
    return nbits("four_bits_with_zero_points", 64, 16, 4, True)


@case
def eight_bits_in_blocks() -> Case:
    return nbits("eight_bits_in_blocks", 32, 16, 8, False)


@case
def int4_weights_alone() -> Case:
    n = Network("int4_weights_alone", opset=21)
    x, codes = n.feed("x", random(35, 3, 8)), integers(36, -8, 8, 8, 6)
    n.tensors.append(int4("w", codes))
    n.const(ws=np.full(6, 0.125, np.float32))
    n.node("DequantizeLinear", "w ws", "f", axis=1)
    n.node("MatMul", "x f", "y", "m")
    y = (x @ (codes * 0.125)).astype(np.float32)
    product = Product("m", rows(x), columns(codes), x, codes, weight_bits=4)
    return n.case({"y": y}, [product], weights=(48, int((codes == 0).sum())))


@case
def int4_both() -> Case:
    n = Network("int4_both", opset=21)
    x, codes = n.feed("x", u8(37, 4, 6)), integers(38, -8, 8, 6, 5)
    n.tensors.append(int4("w", codes))
    n.const(s=S, z=np.uint8(7), ws=WS)
    n.node("DequantizeLinear", "x s z", "d")
    n.node("DequantizeLinear", "w ws", "f")
    n.node("MatMul", "d f", "y", "m")
    a = x.astype(np.int64) - 7
    y = ((a @ codes.astype(np.int64)) * np.float64(S * WS)).astype(np.float32)
    return n.case({"y": y}, [Product("m", rows(a), columns(codes), a, codes, weight_bits=4)])
