"""A network whose cycles on the toy are sums by hand, and those sums.

`conv`: 3 filters of K = 8 over 3 x 3 positions, 12 of 24 weights are zero.
`fc`: 2 filters of K = 27, one position, 22 of 54 weights are not zero.

The default toy: 8 multipliers, strips of 4 positions, 2 cycles before each. An image takes:

    conv  strips 3 * ceil(9 / 4) = 9, starting 18;  every_pair 216 / 8 = 27, so 45;
          nonzero_weights 12 * 9 = 108, in 14, so 32
    fc    strips 2, starting 4;  every_pair 54 in 7, so 11;  nonzero_weights 22 in 3, so 7

What a layer loads, and what it stores, is below 682 bits each: a cycle of the default device.
Nothing overlaps with a single pass, so its total is two cycles more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss

HERE = Path(__file__).resolve().parent
TOY = f"{HERE / 'toy.py'}:Toy"
SPARSE = f"{HERE / 'toy.py'}:Sparse"
RIVAL = f"{HERE / 'toy_rival.py'}:Rival"

EVERY, SKIPPING = "every_pair", "nonzero_weights"
COMPUTE = {"conv": {EVERY: 45, SKIPPING: 32}, "fc": {EVERY: 11, SKIPPING: 7}}
"""Cycles of an image."""
TOTAL = {EVERY: 60, SKIPPING: 43}
"""Of both layers, transfers included."""
IMAGES = 2


def weights() -> dict[str, np.ndarray]:
    """Every second of `conv` is not zero, and two of five of `fc`."""
    conv, fc = np.zeros(24, np.float32), np.zeros(54, np.float32)
    conv[::2] = [1, -2, 3] * 4
    fc[::5], fc[1::5] = 1, -1
    return {"w": conv.reshape(3, 2, 2, 2), "v": fc.reshape(27, 2)}


def model() -> onnx.ModelProto:
    """Conv, Relu, Flatten, Gemm; on images of shape (2, 4, 4)."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("Flatten", ["r"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "v"], ["y"], "fc"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(array, name) for name, array in weights().items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def images(count: int = IMAGES) -> np.ndarray:
    """Whole numbers, half of them zero; shape (count, 2, 4, 4)."""
    random = np.random.default_rng(3)
    return (
        random.integers(-3, 4, (count, 2, 4, 4)) * random.integers(0, 2, (count, 2, 4, 4))
    ).astype(np.float32)


def trace(count: int = IMAGES) -> ss.Trace:
    """The network, executed."""
    return ss.execute(ss.load(model()), {"x": images(count)})


def effectual(x: np.ndarray) -> dict[str, int]:
    """Pairs of both layers with two non-zero operands, by loops over the definition."""
    conv, fc = weights().values()
    patches = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3))
    met = np.einsum("ncpqij,mcij->", (patches != 0).astype(int), (conv != 0).astype(int))
    out = np.maximum(np.einsum("ncpqij,mcij->nmpq", patches, conv), 0).reshape(len(x), 27)
    return {"conv": int(met), "fc": int(((out != 0).astype(int) @ (fc != 0).astype(int)).sum())}


def files(folder: Path) -> tuple[Path, Path]:
    """The model and its images as files, for the command line."""
    onnx.save(model(), folder / "small.onnx")
    np.savez(folder / "small.npz", x=images())
    return folder / "small.onnx", folder / "small.npz"
