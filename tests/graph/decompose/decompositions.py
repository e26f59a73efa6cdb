"""Small models of one fused operator, and their outputs by ONNX Runtime's own kernel for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from exact_integers import runtime_outputs
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.graph import Graph, load
from sparsesim.graph.save import to_model

MICROSOFT = "com.microsoft"
Counts = tuple[int, int]


def node(op: str, inputs: str, outputs: str, name: str = "op", **more: Any) -> onnx.NodeProto:
    """A node of com.microsoft; inputs and outputs are words, `-` is an absent one."""
    words = [["" if word == "-" else word for word in text.split()] for text in (inputs, outputs)]
    return helper.make_node(op, *words, name=name, domain=more.pop("domain", MICROSOFT), **more)


def model(
    nodes: Sequence[onnx.NodeProto],
    feed: Mapping[str, np.ndarray],
    outputs: Mapping[str, tuple[Any, int]],
    constants: Mapping[str, Any],
    opset: int = 17,
    free: bool = False,
) -> onnx.ModelProto:
    """A model.

    Args:
        nodes: its nodes.
        feed: inputs by name; they give types and lengths.
        outputs: by name: numpy type and number of axes.
        constants: by name.
        opset: of ONNX's domain.
        free: all lengths of the inputs but the first are free.
    """
    kind = lambda dtype: helper.np_dtype_to_tensor_dtype(np.dtype(dtype))  # noqa: E731
    graph = helper.make_graph(
        list(nodes),
        "small",
        [
            helper.make_tensor_value_info(
                name,
                kind(a.dtype),
                [n if not (free and i) else f"{name}{i}" for i, n in enumerate(a.shape)],
            )
            for name, a in feed.items()
        ],
        [
            helper.make_tensor_value_info(name, kind(dtype), [f"{name}{i}" for i in range(rank)])
            for name, (dtype, rank) in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()],
    )
    domains = {entry.domain for entry in nodes} | {""}
    imports = [helper.make_opsetid(d, 1 if d else opset) for d in sorted(domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8 if opset < 21 else 10)


def reference(whole: onnx.ModelProto, feed: Mapping[str, Any], fused: bool = False) -> list[Any]:
    """ONNX Runtime's outputs, operators as they stand, or quantisers fused into integer kernels."""
    return runtime_outputs(whole, feed, fused)


def agree(
    whole: onnx.ModelProto,
    feed: Mapping[str, np.ndarray],
    counts: Mapping[str, Counts],
    expected: Sequence[np.ndarray] | None = None,
    tolerance: float = 3e-6,
) -> Graph:
    """Loaded, every product is a layer; outputs and counts are right; saved, it is standard ONNX.

    Args:
        whole: the model.
        feed: its inputs.
        counts: layer -> MACs, and those of two non-zero operands.
        expected: outputs by another way; of ONNX Runtime where absent. Integers must be equal.
        tolerance: of floats, as a part of the output's largest magnitude.
    Returns:
        the graph.
    """
    graph = load(whole)
    assert {entry.domain for entry in graph.model.graph.node} <= {""}, graph.reasons
    assert graph.reasons == {}
    assert {entry.domain for entry in graph.model.opset_import} == {""}
    wanted = reference(whole, feed) if expected is None else expected
    saved = to_model(graph)
    onnx.checker.check_model(saved, full_check=True)
    for outputs in (Engine(graph).run(feed), reference(saved, feed, fused=True)):
        assert len(outputs) == len(wanted)
        for mine, right in zip(outputs, wanted, strict=True):
            close(mine, right, tolerance)
    result = ss.estimate(ss.execute(graph, dict(feed)))
    assert {layer.name: (layer.macs, layer.effectual_macs) for layer in result.layers} == counts
    assert result.host.mac_coverage == 1.0
    return graph


def stays(whole: onnx.ModelProto, feed: Mapping[str, np.ndarray], reason: str) -> Graph:
    """A node `op` that isn't covered runs on the host, as it is, and says why."""
    graph = load(whole)
    assert graph.reasons == {"op": reason}
    for mine, right in zip(Engine(graph).run(feed), reference(whole, feed), strict=True):
        close(mine, right, 3e-6)
    return graph


def close(mine: np.ndarray, right: np.ndarray, tolerance: float) -> None:
    """Values agree in type, shape and number."""
    assert mine.dtype == right.dtype and mine.shape == right.shape, (mine.shape, right.shape)
    if right.dtype.kind != "f":
        np.testing.assert_array_equal(mine, right)
        return
    size = float(np.abs(right).max(initial=1e-30))
    np.testing.assert_allclose(mine, right, rtol=0, atol=tolerance * size)


def product_counts(a: np.ndarray, b: np.ndarray) -> Counts:
    """MACs of numpy.matmul(a, b), and those of two non-zero operands."""
    ones = np.matmul(np.ones(a.shape, np.int64), np.ones(b.shape, np.int64))
    real = np.matmul((a != 0).astype(np.int64), (b != 0).astype(np.int64))
    return int(ones.sum()), int(real.sum())


def conv_counts(x, w, pad, stride=1, group=1):
    """MACs of a convolution with padding that counts as zeros, and those of two non-zeros."""
    images, _, rows, columns = x.shape
    filters, own, height, width = w.shape
    padded = np.pad((x != 0).astype(np.int64), [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    out = ((rows + 2 * pad - height) // stride + 1, (columns + 2 * pad - width) // stride + 1)
    effectual = 0
    for f in range(filters):
        first = f // (filters // group) * own
        for r in range(out[0]):
            for c in range(out[1]):
                top, left = r * stride, c * stride
                part = padded[:, first : first + own, top : top + height, left : left + width]
                effectual += int((part * (w[f] != 0)).sum())
    return images * filters * out[0] * out[1] * own * height * width, effectual


def reference_conv(x, w, stride):
    """A convolution without padding, by hand."""
    rows = (x.shape[2] - w.shape[2]) // stride + 1
    columns = (x.shape[3] - w.shape[3]) // stride + 1
    out = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for r in range(rows):
        for c in range(columns):
            top, left = r * stride, c * stride
            part = x[:, None, :, top : top + w.shape[2], left : left + w.shape[3]]
            out[:, :, r, c] = (part * w[None]).sum(axis=(2, 3, 4))
    return out


def sparse(rng: np.random.Generator, *shape: int, density: float = 0.6) -> np.ndarray:
    """Random float32, some zero."""
    values = rng.standard_normal(shape) * (rng.random(shape) < density)
    return values.astype(np.float32)
