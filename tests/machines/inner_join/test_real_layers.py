"""The fast cycle model against the clocked machine on real layers: a sparsified LeNet, a digit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from naive_array import naive_array_cycles

import sparsesim as ss
from sparsesim.estimator.operands import lower
from sparsesim.lowering.bits import unpack

MODELS = Path(__file__).resolve().parents[3] / "models_onnx"
LAYERS = ("conv1", "conv2", "fc3", "fc4")


@cache
def masks() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Layer -> activation mask (positions, K), weight mask (filters, K), of the first digit."""
    thresholds = ss.Thresholds.from_toml(MODELS / "lenet_thresholds.toml")
    graph = ss.sparsify(ss.load(MODELS / "lenet.onnx"), thresholds)
    inputs = ss.open_inputs(MODELS / "mnist_test_300.npz", ss.input_specs(graph), images=1)
    trace = ss.execute(graph, inputs)
    (image,) = trace.images
    found = {}
    for layer in trace.layers:
        words = (image.bits[layer.activation], trace.weights[layer.weight])
        operands = lower(layer.geometry, *words, image.bits[layer.output])
        k = layer.geometry.reduction
        found[layer.name] = tuple(
            np.array([unpack(row, k) for row in rows[0]])
            for rows in (operands.activation_rows, operands.weight_rows)
        )
    return found


@pytest.mark.parametrize("scheme", ["none", "activation", "weight", "two_sided"])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_real_layer_takes_the_cycles_of_the_clocked_machine(layer: str, scheme: str) -> None:
    act, weight = masks()[layer]
    machine = ss.Accelerator(rows=8, cols=8, skipping=scheme)
    act = act[:128]  # sixteen tiles of positions: the clocked machine is slow
    fast = ss.array_cycles(act, weight, machine)
    slow = naive_array_cycles(act, weight, machine)
    assert (fast.cycles, fast.classes) == (slow.cycles, slow.classes)
    assert fast.effectual_macs == slow.effectual_macs > 0
