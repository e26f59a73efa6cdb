"""Sparsity (eqs. 3 to 5 of the paper) on networks made by hand."""

from __future__ import annotations

import numpy as np
from sparsify_models import FLOAT, UINT8, model, node

import sparsesim as ss
from sparsesim.graph import load
from sparsesim.graph.blocks import blocks
from sparsesim.lowering.bits import unpack
from sparsesim.sparsity import Sparsity, sparsify, weight_sparsity
from sparsesim.spec.thresholds import Thresholds


def test_layers_blocks_and_model() -> None:
    """a: 1 of 4 zero; b: 3 of 8; fc: 0 of 4. Biases of zero count nowhere."""
    constants = {
        "wa": np.array([[0, 1], [2, 3]], np.float32),
        "wb": np.array([[0, -0.0, 5, 1], [4, 0, 1, 9]], np.float32),
        "wc": np.array([[1e-30], [1], [1], [1]], np.float32),
        "zero": np.zeros(2, np.float32),
    }
    graph = load(
        model(
            [
                node("Gemm", "x wa zero", "h1", "unit.a"),
                node("Gemm", "h1 wb", "h2", "unit.b"),
                node("Gemm", "h2 wc", "y", "fc"),
            ],
            constants,
            {"x": (FLOAT, [1, 2])},
            {"y": (FLOAT, [1, 1])},
        )
    )
    table = weight_sparsity(graph, blocks(graph))
    assert table.layers == (
        Sparsity("unit.a", 1, 4),
        Sparsity("unit.b", 3, 8),
        Sparsity("fc", 0, 4),
    )
    assert table.blocks == (Sparsity("unit", 4, 12), Sparsity("fc", 0, 4))
    assert table.model == Sparsity("", 4, 16)
    assert [part.sparsity for part in table.blocks] == [4 / 12, 0.0]
    assert table.model.sparsity == 0.25
    # At or below 1: one more in a, two in b, all of fc.
    after = sparsify(graph, Thresholds(weights={"*": 1}))
    found = weight_sparsity(after, blocks(after))
    assert [part.zeros for part in found.layers] == [2, 5, 4]
    assert table == weight_sparsity(graph, blocks(graph))


def test_a_block_is_any_group_of_layers_and_its_activations_are_its_last_ones() -> None:
    """Eq. 4: a and fc, chosen apart from b between them.

    x = (1, 1); a: ReLU (1, 0); b: ReLU (1, 0, -1, 2) = (1, 0, 0, 2); fc: (1, 0, 0).
    """
    constants = {
        "wa": np.array([[1, -1], [0, 1]], np.float32),  # 1 of 4 zero
        "wb": np.array([[1, 0, -1, 2], [5, 5, 5, 5]], np.float32),  # 1 of 8
        "wc": np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]], np.float32),  # 7 of 12
    }
    graph = load(
        model(
            [
                node("Gemm", "x wa", "g1", "unit.a"),
                node("Relu", "g1", "h1"),
                node("Gemm", "h1 wb", "g2", "unit.b"),
                node("Relu", "g2", "h2"),
                node("Gemm", "h2 wc", "y", "fc"),
            ],
            constants,
            {"x": (FLOAT, [1, 2])},
            {"y": (FLOAT, [1, 3])},
        )
    )
    named = {"ends": ["unit.a", "fc"]}
    table = weight_sparsity(graph, blocks(graph, named))
    assert table.blocks == (Sparsity("ends", 8, 16), Sparsity("unit", 1, 8))
    # Eq. 5 is the mean of eq. 3 over the block's layers, weighted by their elements.
    assert table.blocks[0].sparsity == (4 * (1 / 4) + 12 * (7 / 12)) / (4 + 12)
    assert table.model == Sparsity("", 9, 24)

    trace = ss.execute(graph, np.ones((1, 2), np.float32), named_blocks=named)
    (image,) = trace.images
    found = {
        name: 1 - unpack(image.bits[key], trace.tensors[key].elements).mean()
        for name, key in trace.leaving.items()
    }
    assert found == {"ends": 1 - np.float64(1 / 3), "unit": 0.5}  # fc's 2 of 3, b's 2 of 4
    of_layer = {
        layer.name: 1
        - unpack(image.bits[layer.output], trace.tensors[layer.output].elements).mean()
        for layer in trace.layers
    }
    assert of_layer == {"unit.a": 0.5, "unit.b": 0.5, "fc": 1 - np.float64(1 / 3)}


def test_a_quantised_weight_is_zero_at_its_zero_point() -> None:
    constants = {
        "w": np.array([[7, 0], [7, 9]], np.uint8),
        "s": np.float32(0.5),
        "z": np.uint8(7),
        "sx": np.float32(1),
        "zx": np.uint8(3),
    }
    graph = load(
        model(
            [
                node("DequantizeLinear", "x sx zx", "xf"),
                node("DequantizeLinear", "w s z", "wf"),
                node("MatMul", "xf wf", "y", "fc"),
            ],
            constants,
            {"x": (UINT8, [1, 2])},
            {"y": (FLOAT, [1, 2])},
        )
    )
    assert weight_sparsity(graph, blocks(graph)).model == Sparsity("", 2, 4)


def test_weights_that_are_computed_are_none() -> None:
    graph = load(
        model(
            [node("MatMul", "x y", "z", "product")],
            {},
            {"x": (FLOAT, [2, 2]), "y": (FLOAT, [2, 2])},
            {"z": (FLOAT, [2, 2])},
        )
    )
    table = weight_sparsity(graph, blocks(graph))
    assert table.model == Sparsity("", 0, 0)
    assert table.model.sparsity is None
