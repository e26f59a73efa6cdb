"""Shapes of convolutions: from a node's attributes and its input to a `Geometry`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from sparsesim.engine.checks import check_steps
from sparsesim.errors import ModelError
from sparsesim.graph import Layer
from sparsesim.graph.limits import check_elements
from sparsesim.lowering import Geometry, channels_last, product

Axes3 = tuple[int, int, int]


@dataclass(frozen=True)
class Convolution:
    """A convolution of one to three dimensions, as three (depth, rows, columns).

    `filters` are those of one group; `output_shape` is what ONNX says (batch, channels, ...).
    """

    groups: int
    filters: int
    channels: int
    batch: int
    input: Axes3
    output: Axes3
    kernel: Axes3
    stride: Axes3
    dilation: Axes3
    pad: Axes3
    output_shape: tuple[int, ...]

    @property
    def positions(self) -> int:
        """Outputs of one filter."""
        return prod(self.output)

    def array(self) -> np.ndarray:
        """What kernels take, int64, shape (18,): see `columns`."""
        axes = (self.input, self.output, self.kernel, self.stride, self.dilation, self.pad)
        return np.array([value for axis in axes for value in axis], dtype=np.int64)

    def geometry(self, transposed: bool) -> Geometry:
        """The lowering; of a transposed one that of its zero-inserted input."""
        if transposed:
            reach = zip(self.dilation, self.kernel, self.pad, strict=True)
            pad_d, pad_h, pad_w = (d * (k - 1) - p for d, k, p in reach)
            stride, insert = (1, 1, 1), self.stride
        else:
            stride, insert = self.stride, (1, 1, 1)
            pad_d, pad_h, pad_w = self.pad
        return channels_last(
            groups=self.groups,
            filters=self.filters,
            channels=self.channels,
            input_shape=(self.batch, *self.input),
            output_shape=(self.batch, *self.output),
            kernel=(1, *self.kernel),
            stride=(1, *stride),
            dilation=(1, *self.dilation),
            pad=(0, pad_d, pad_h, pad_w),
            insert=(1, *insert),
        )


def convolution(layer: Layer, x: tuple[int, ...], w: tuple[int, ...]) -> Convolution:
    """The convolution that a layer makes of an input and a weight of these shapes.

    Raises:
        ModelError: the shapes don't fit each other.
    """
    transposed = layer.kind == "conv_transpose"
    spatial = len(w) - 2
    groups = layer.attribute("group", 1)
    inside, outside = (w[0], w[1] * groups) if transposed else (w[1] * groups, w[0])
    if len(x) != len(w) or x[1] != inside or outside % groups or spatial > 3:
        raise ModelError(
            f"{layer.name}: its activation is {list(x)} and its weight {list(w)} in {groups} "
            f"groups; they do not fit each other"
        )
    kernel = w[2:]
    check_steps(layer, kernel)
    stride = tuple(layer.attribute("strides", [1] * spatial))
    dilation = tuple(layer.attribute("dilations", [1] * spatial))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if transposed:
        output, pad = _transposed_output(layer, x[2:], reach, stride)
    else:
        output, pad = _output(layer, x[2:], reach, stride)
    if min(output, default=1) < 1:
        raise ModelError(
            f"{layer.name}: a kernel reaching {reach} does not fit its activation {list(x)}"
        )
    check_elements((x[0], outside, *output), f"{layer.name}: its output")
    lead = 3 - spatial
    return Convolution(
        groups=groups,
        filters=outside // groups,
        channels=inside // groups,
        batch=x[0],
        input=_three(x[2:], 1, lead),
        output=_three(output, 1, lead),
        kernel=_three(kernel, 1, lead),
        stride=_three(stride, 1, lead),
        dilation=_three(dilation, 1, lead),
        pad=_three(pad, 0, lead),
        output_shape=(x[0], outside, *output),
    )


def _output(layer, size, reach, stride) -> tuple[list[int], list[int]]:
    auto = layer.attribute("auto_pad", b"NOTSET").decode()
    pads = layer.attribute("pads", [0] * 2 * len(size))
    output, before = [], []
    for axis, (n, r, s) in enumerate(zip(size, reach, stride, strict=True)):
        if auto.startswith("SAME"):
            out = -(-n // s)
            total = max((out - 1) * s + r - n, 0)
            begin = total // 2 if auto == "SAME_UPPER" else -(-total // 2)
        else:
            begin, end = (0, 0) if auto == "VALID" else (pads[axis], pads[axis + len(size)])
            out = (n + begin + end - r) // s + 1
        output.append(out)
        before.append(begin)
    return output, before


def _transposed_output(layer, size, reach, stride) -> tuple[list[int], list[int]]:
    auto = layer.attribute("auto_pad", b"NOTSET").decode()
    spatial = len(size)
    extra = layer.attribute("output_padding", [0] * spatial)
    pads = layer.attribute("pads", [0] * 2 * spatial)
    wanted = list(layer.attribute("output_shape", []))[-spatial:]
    output, before = [], []
    for axis, (n, r, s) in enumerate(zip(size, reach, stride, strict=True)):
        full = s * (n - 1) + extra[axis] + r
        if wanted or auto.startswith("SAME"):
            out = wanted[axis] if wanted else n * s
            total = max(0, full - out)
            begin = -(-total // 2) if auto == "SAME_LOWER" else total // 2
            if wanted and not auto.startswith("SAME"):
                begin = total - total // 2
        else:
            begin, end = (0, 0) if auto == "VALID" else (pads[axis], pads[axis + spatial])
            out = full - begin - end
        output.append(out)
        before.append(begin)
    return output, before


def _three(values, fill: int, lead: int) -> Axes3:
    a, b, c = [fill] * lead + [int(value) for value in values]
    return a, b, c


def gemm_sizes(
    layer: Layer, activation: tuple[int, ...], weight: tuple[int, ...]
) -> tuple[int, int, int]:
    """Positions, filters and K of a Gemm; ModelError where its operands don't fit."""
    if len(activation) == 2 and len(weight) == 2:
        ends = ("transB", "transA") if layer.weight_first else ("transA", "transB")
        a = activation[::-1] if layer.attribute(ends[0], 0) else activation
        w = weight[::-1] if layer.attribute(ends[1], 0) else weight
        if layer.weight_first:  # weight (M, K) times activation (K, N)
            a, w = a[::-1], w[::-1]
        if a[1] == w[0]:
            return a[0], w[1], a[1]
    raise _no_product(layer, activation, weight)


def product_geometry(
    layer: Layer, activation: tuple[int, ...], weight: tuple[int, ...]
) -> Geometry:
    """The lowering of a Gemm or MatMul: a batch index of the weight makes groups."""
    if layer.kind == "gemm":
        positions, filters, reduction = gemm_sizes(layer, activation, weight)
        check_elements((positions, filters), f"{layer.name}: its output")
        return product(1, filters, positions, reduction)
    first, second = (weight, activation) if layer.weight_first else (activation, weight)
    first = first if len(first) > 1 else (1, *first)
    second = second if len(second) > 1 else (*second, 1)
    try:
        batch = np.broadcast_shapes(first[:-2], second[:-2])
    except ValueError:
        raise _no_product(layer, activation, weight) from None
    if first[-1] != second[-2]:
        raise _no_product(layer, activation, weight)
    check_elements((*batch, first[-2], second[-1]), f"{layer.name}: its output")
    groups = int(np.prod(batch, dtype=np.int64))
    rows, columns, reduction = first[-2], second[-1], first[-1]
    weights = first if layer.weight_first else second
    filters, positions = (rows, columns) if layer.weight_first else (columns, rows)
    if int(np.prod(weights[:-2], dtype=np.int64)) == 1:  # one weight serves the whole batch
        return product(1, filters, groups * positions, reduction)
    return product(groups, filters, positions, reduction)


def _no_product(layer: Layer, activation: tuple[int, ...], weight: tuple[int, ...]) -> ModelError:
    return ModelError(
        f"{layer.name}: its activation is {list(activation)} and its weight {list(weight)}; "
        "they do not multiply"
    )
