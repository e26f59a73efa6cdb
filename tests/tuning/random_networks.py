"""Random networks whose floats are small integers, so that no sum is rounded in any order."""

from __future__ import annotations

import numpy as np
import onnx
from hypothesis import strategies as st
from tuning_models import integers, model, node

SIZE = 4  # rows and columns of the pictures

_STEPS = (
    *("conv", "conv", "conv", "relu", "bias", "scale", "prelu", "norm", "pool", "depthwise"),
    *("widening", "add", "concat", "concat_input", "twice", "transposed", "grouped", "quantised"),
    *("pad", "mean", "softmax", "lrn", "slice", "reshape", "tap"),
)


class Network:
    """Nodes put one behind another; `shapes` of all tensors that later ones may read."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.shapes: dict[str, tuple[int, ...]] = {"x": (1, 3, SIZE, SIZE)}
        self.at = "x"
        self.outputs: list[str] = []

    def constant(self, shape, density: float = 0.6) -> str:
        """Integers of that shape; its name."""
        return self.keep(integers(self.random, shape, density))

    def keep(self, array: np.ndarray) -> str:
        """A constant; its name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def put(self, op: str, inputs: str, shape, **attributes) -> str:
        """A node, from where the network ends now on; its output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(node(op, inputs, name, **attributes))
        self.shapes[name], self.at = tuple(shape), name
        return name

    def clip(self) -> None:
        """Keep integers small."""
        low, high = self.keep(np.float32(-6)), self.keep(np.float32(7))
        self.put("Clip", f"{self.at} {low} {high}", self.shapes[self.at])


@st.composite
def networks(draw) -> onnx.ModelProto:
    """A convolution, up to nine steps on pictures, and a convolution or products behind."""
    net = Network(draw(st.integers(0, 10**6)))
    _conv(net, draw)
    for step in draw(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=9)):
        _STEP[step](net, draw)
    (_conv if draw(st.booleans()) else _flat)(net, draw)
    net.outputs.append(net.at)
    return model(net.nodes, {"x": net.shapes["x"]}, dict.fromkeys(net.outputs), net.constants)


def _conv(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    m, k = draw(st.sampled_from((1, 2, 3, 4, 6))), draw(st.sampled_from((1, 3)))
    inputs = f"{net.at} {net.constant((m, c, k, k))}"
    if draw(st.booleans()):
        inputs += f" {net.constant((m,))}"
    net.put("Conv", inputs, (n, m, h, w), pads=[k // 2] * 4)
    net.clip()


def _transposed(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    m = draw(st.integers(1, 5))
    net.put(
        "ConvTranspose",
        f"{net.at} {net.constant((c, m, 3, 3))} {net.constant((m,))}",
        (n, m, h, w),
        pads=[1] * 4,
    )
    net.clip()


def _grouped(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    if c % 2 or c == 2:
        return
    net.put("Conv", f"{net.at} {net.constant((c, c // 2, 1, 1))}", (n, c, h, w), group=2)
    net.clip()


def _depthwise(net: Network, draw, times: int = 1) -> None:
    n, c, h, w = net.shapes[net.at]
    inputs = f"{net.at} {net.constant((c * times, 1, 3, 3))} {net.constant((c * times,))}"
    net.put("Conv", inputs, (n, c * times, h, w), pads=[1] * 4, group=c)
    net.clip()


def _add(net: Network, draw) -> None:
    """With any earlier tensor of the same shape, or one that is broadcast to it."""
    n, c, h, w = net.shapes[net.at]
    like = [
        name
        for name, shape in net.shapes.items()
        if len(shape) == 4 and shape[1] in (1, c) and shape[2] in (1, h) and shape[3] in (1, w)
    ]
    op = draw(st.sampled_from(("Add", "Mul", "Sub", "Max")))
    net.put(op, f"{net.at} {draw(st.sampled_from(like))}", (n, c, h, w))
    net.clip()


def _concat(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    like = [name for name, s in net.shapes.items() if len(s) == 4 and s[2:] == (h, w)]
    other = draw(st.sampled_from(like))
    net.put("Concat", f"{net.at} {other}", (n, c + net.shapes[other][1], h, w), axis=1)


def _concat_input(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    if (h, w) == (SIZE, SIZE):
        net.put("Concat", f"x {net.at}", (n, c + 3, h, w), axis=1)


def _twice(net: Network, draw) -> None:
    """Two layers of the same weight, joined along the rows."""
    n, c, h, w = net.shapes[net.at]
    weight, start = net.constant((3, c, 1, 1)), net.at
    first = net.put("Conv", f"{start} {weight}", (n, 3, h, w))
    second = net.put("Conv", f"{start} {weight}", (n, 3, h, w))
    net.put("Concat", f"{first} {second}", (n, 3, 2 * h, w), axis=2)
    net.clip()


def _quantised(net: Network, draw) -> None:
    """To int8 and back, with one scale or with one for each channel; powers of two."""
    shape = net.shapes[net.at]
    scales = np.float32(0.5)
    zero = np.int8(0)
    if draw(st.booleans()):
        scales = net.random.choice([0.5, 1.0, 0.25], shape[1]).astype(np.float32)
        zero = np.zeros(shape[1], np.int8)
    both = f"{net.keep(np.asarray(scales))} {net.keep(np.asarray(zero))}"
    codes = net.put("QuantizeLinear", f"{net.at} {both}", shape, axis=1)
    net.put("DequantizeLinear", f"{codes} {both}", shape, axis=1)
    del net.shapes[codes]  # no float
    net.put("Round", net.at, shape)


def _reshape(net: Network, draw) -> None:
    """Rows and columns to one axis, and back."""
    n, c, h, w = net.shapes[net.at]
    net.put("Reshape", f"{net.at} {net.keep(np.array([n, c, h * w]))}", (n, c, h * w))
    net.put("Transpose", net.at, (n, h * w, c), perm=[0, 2, 1])
    net.put("Add", f"{net.at} {net.constant((c,))}", (n, h * w, c))
    net.put("Transpose", net.at, (n, c, h * w), perm=[0, 2, 1])
    net.put("Reshape", f"{net.at} {net.keep(np.array([n, c, h, w]))}", (n, c, h, w))
    net.clip()


def _slice(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    axis = draw(st.sampled_from((1, 2)))
    ends = [net.keep(np.array([i])) for i in (0, max(1, (c, h)[axis - 1] // 2), axis)]
    shape = [n, c, h, w]
    shape[axis] = max(1, shape[axis] // 2)
    net.put("Slice", f"{net.at} {' '.join(ends)}", shape)


def _pool(net: Network, draw) -> None:
    op = draw(st.sampled_from(("MaxPool", "AveragePool")))
    net.put(op, net.at, net.shapes[net.at], kernel_shape=[1, 1])


def _mean(net: Network, draw) -> None:
    net.put("GlobalAveragePool", net.at, (*net.shapes[net.at][:2], 1, 1))
    net.put("Round", net.at, net.shapes[net.at])


def _pad(net: Network, draw) -> None:
    n, c, h, w = net.shapes[net.at]
    more = draw(st.sampled_from((0, 1)))
    pads = net.keep(np.array([0, more, 0, 0, 0, 0, 0, 0]))
    net.put("Pad", f"{net.at} {pads}", (n, c + more, h, w))


def _norm(net: Network, draw) -> None:
    c = net.shapes[net.at][1]
    parts = [net.constant((c,)) for _ in range(3)] + [net.keep(np.ones(c, np.float32))]
    net.put("BatchNormalization", f"{net.at} {' '.join(parts)}", net.shapes[net.at], epsilon=0.0)
    net.clip()


def _flat(net: Network, draw) -> None:
    """A product behind the pictures: flat, or of their means."""
    n, c, h, w = net.shapes[net.at]
    kind = draw(st.sampled_from(("flatten", "gemm", "sum", "tokens")))
    if kind == "tokens":
        net.put("Reshape", f"{net.at} {net.keep(np.array([n, c, h * w]))}", (n, c, h * w))
        net.put("Transpose", net.at, (n, h * w, c), perm=[0, 2, 1])
        net.put("MatMul", f"{net.at} {net.constant((c, 5))}", (n, h * w, 5))
        net.put("Add", f"{net.at} {net.constant((5,))}", (n, h * w, 5))
        net.put("Relu", net.at, (n, h * w, 5))
        net.put("MatMul", f"{net.at} {net.constant((5, 3))}", (n, h * w, 3))
        return
    if kind == "sum":
        axes = net.keep(np.array([2, 3]))
        net.put("ReduceSum", f"{net.at} {axes}", (n, c), keepdims=0)
        k = c
    else:
        net.put("Flatten", net.at, (n, c * h * w))
        k = c * h * w
    if kind == "gemm":
        net.put("Gemm", f"{net.at} {net.constant((7, k))} {net.constant((7,))}", (n, 7), transB=1)
    else:
        net.put("MatMul", f"{net.at} {net.constant((k, 7))}", (n, 7))
    net.put("Relu", net.at, (n, 7))
    net.put("MatMul", f"{net.at} {net.constant((7, 4))}", (n, 4))


def _same(op: str, constant=None, **attributes):
    """A step that keeps the shape, with a constant over the channels or without."""

    def step(net: Network, draw) -> None:
        shape = net.shapes[net.at]
        more = f" {net.constant((shape[1], 1, 1))}" if constant else ""
        net.put(op, f"{net.at}{more}", shape, **attributes)
        if constant:
            net.clip()

    return step


def _tap(net: Network, draw) -> None:
    if net.at != "x" and net.at not in net.outputs:
        net.outputs.append(net.at)


_STEP = {
    "conv": _conv,
    "relu": _same("Relu"),
    "bias": _same("Add", constant=True),
    "scale": _same("Mul", constant=True),
    "prelu": _same("PRelu", constant=True),
    "norm": _norm,
    "pool": _pool,
    "depthwise": _depthwise,
    "widening": lambda net, draw: _depthwise(net, draw, 2),
    "add": _add,
    "concat": _concat,
    "concat_input": _concat_input,
    "twice": _twice,
    "transposed": _transposed,
    "grouped": _grouped,
    "quantised": _quantised,
    "pad": _pad,
    "mean": _mean,
    "softmax": _same("Hardmax", axis=3),
    "lrn": _same("LRN", size=3, alpha=1e-30),  # mixes channels, changes none
    "slice": _slice,
    "reshape": _reshape,
    "tap": _tap,
}
