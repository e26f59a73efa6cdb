"""Small models of one layer and more, and what a trace of them on drawn inputs is exported from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.exports import Request

F = np.float32


def model(nodes, inputs: dict, outputs: list[str], constants: dict) -> onnx.ModelProto:
    """A float model; the shapes of its outputs are inferred."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def node(op: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    """A node that is named after its output."""
    return helper.make_node(op, inputs.split(), [output], name=output, **attributes)


def values(seed: int, shape, density: float = 0.5) -> np.ndarray:
    """Small whole numbers, that share of them not zero."""
    random = np.random.default_rng(seed)
    drawn = random.integers(1, 4, shape) * random.choice([-1, 1], shape)
    return (drawn * (random.random(shape) < density)).astype(F)


def request(
    made: onnx.ModelProto | Path,
    feeds: dict[str, np.ndarray],
    accelerator: ss.Accelerator | None = None,
    layer: str = "",
) -> Request:
    """A model, executed on inputs of shape (images, ...)."""
    graph = ss.load(made)
    trace = ss.execute(graph, feeds)
    device = ss.Device.named("xc7z020")
    return Request(trace, graph, accelerator or ss.Accelerator(), device, layer)


@dataclass(frozen=True)
class Convolution:
    """One Conv with what a naive reading of it needs.

    Attributes:
        x: (images, channels, *pixels); w: (filters, channels of a group, *taps).
        stride, dilation, before, after: along each axis.
        batch: images of one run.
    """

    x: np.ndarray
    w: np.ndarray
    groups: int
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    batch: int

    @property
    def model(self) -> onnx.ModelProto:
        """It alone."""
        conv = node(
            "Conv", "x w", "y", group=self.groups, strides=self.stride, dilations=self.dilation,
            pads=[*self.before, *self.after],
        )  # fmt: skip
        return model([conv], {"x": [self.batch, *self.x.shape[1:]]}, ["y"], {"w": self.w})

    @property
    def outputs(self) -> tuple[int, ...]:
        """Of one filter, along each axis."""
        return tuple(
            (n + b + a - d * (k - 1) - 1) // s + 1
            for n, b, a, d, k, s in zip(
                self.x.shape[2:], self.before, self.after, self.dilation, self.w.shape[2:],
                self.stride, strict=True,
            )
        )  # fmt: skip

    @property
    def padded(self) -> np.ndarray:
        """The input with its padding, cut behind the last pixel that a tap meets."""
        around = [(0, 0), (0, 0), *zip(self.before, self.after, strict=True)]
        whole = np.pad(self.x, around)
        for axis, (o, s, k, d) in enumerate(
            zip(self.outputs, self.stride, self.w.shape[2:], self.dilation, strict=True), 2
        ):
            whole = np.take(whole, range((o - 1) * s + (k - 1) * d + 1), axis=axis)
        return whole


@st.composite
def convolutions(draw, spatial=(1, 2, 2, 3)) -> Convolution:
    """Any Conv of one to three dimensions, on two runs."""
    axes = draw(st.sampled_from(spatial))
    groups, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    channels, batch = draw(st.sampled_from((1, 2, 3))), draw(st.sampled_from((1, 1, 2)))
    pixels, taps, stride, dilation, before, after = ([] for _ in range(6))
    for _ in range(axes):
        n, s, d = draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
        b, a = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        k = draw(st.integers(1, min(3, (n + b + a - 1) // d + 1)))
        for part, value in zip(
            (pixels, taps, stride, dilation, before, after), (n, k, s, d, b, a), strict=True
        ):
            part.append(value)
    seed = draw(st.integers(0, 99))
    return Convolution(
        values(seed, (2 * batch, groups * channels, *pixels), draw(st.sampled_from((0.2, 1.0)))),
        values(seed + 1, (groups * per_group, channels, *taps)),
        groups,
        tuple(stride),
        tuple(dilation),
        tuple(before),
        tuple(after),
        batch,
    )


def dependent() -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Two Convs in a row, a pool, a Gemm behind it, and a product of two computed operands."""
    nodes = [
        node("Conv", "x w1", "a", pads=[1, 1, 1, 1]),
        node("Relu", "a", "r"),
        node("Conv", "r w2", "b"),
        node("GlobalAveragePool", "b", "p"),
        node("Flatten", "p", "f"),
        node("Gemm", "f w3", "c"),
        node("Gemm", "c w4", "d", transB=1),
        node("MatMul", "d c", "e"),
    ]
    constants = {
        "w1": values(1, (4, 3, 3, 3)),
        "w2": values(2, (5, 4, 3, 3)),
        "w3": values(3, (5, 6)),
        "w4": values(4, (1, 6), 1),
    }
    made = model(nodes, {"x": [1, 3, 6, 6]}, ["e"], constants)
    return made, {"x": values(9, (2, 3, 6, 6))}
