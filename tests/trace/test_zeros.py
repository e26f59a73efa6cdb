"""Counted zeros against the bits of a trace, which another code packs."""

from __future__ import annotations

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.graph.blocks import blocks
from sparsesim.graph.quantize import quantize
from sparsesim.lowering.bits import ones
from sparsesim.trace.zeros import activation_zeros
from sparsesim.trace.zeros.kernels import nonzeros


def zeros_of(trace, key) -> int:
    return sum(trace.tensors[key].elements - ones(image.bits[key]) for image in trace.images)


@pytest.mark.parametrize("integers", [False, True])
def test_zeros_are_those_of_the_trace(root, integers):
    folder = root / "models_onnx"
    graph = ss.load(folder / "lenet.onnx")
    inputs = ss.open_inputs(folder / "mnist_test_300.npz", ss.input_specs(graph), images=6)
    if integers:
        graph = quantize(graph, inputs.feeds())
    named = {"front": ["conv*"]}
    graph = ss.sparsify(graph, ss.Thresholds(activations={"conv1": 0.1}))
    trace = ss.execute(graph, inputs, named_blocks=named)
    table = activation_zeros(graph, inputs.feeds(), named)
    assert table.images == 6
    for layer, row in zip(trace.layers, table.layers, strict=True):
        elements = 6 * trace.tensors[layer.output].elements
        assert (row.name, row.zeros, row.elements) == (
            layer.name,
            zeros_of(trace, layer.output),
            elements,
        )
    assert [row.name for row in table.blocks] == ["front", "fc3", "fc4"]
    for block, row in zip(blocks(graph, named), table.blocks, strict=True):
        assert row.zeros == zeros_of(trace, trace.leaving[block.name])
    assert 0 < table.blocks[0].sparsity < 1


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8, np.int8])
def test_the_kernel_counts_what_numpy_counts(kind):
    rng = np.random.default_rng(0)
    for size in (0, 1, 63, 1000):
        values = rng.integers(0, 3, size).astype(kind)
        for zero in (0, 2):
            assert nonzeros(values, kind(zero)) == np.count_nonzero(values != kind(zero))
    assert nonzeros(np.array([-0.0, 0.0]), 0.0) == 0
