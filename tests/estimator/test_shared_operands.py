"""What estimates share of a layer's operands is bounded, and changes no number."""

from __future__ import annotations

from pathlib import Path

import sparsesim as ss
from sparsesim.estimator.shared import MOST

MODELS = Path(__file__).resolve().parents[2] / "models_onnx"


def test_many_cuts_on_one_cache_are_those_of_fresh_ones():
    graph = ss.load(MODELS / "lenet.onnx")
    inputs = ss.open_inputs(MODELS / "mnist_test_300.npz", ss.input_specs(graph), images=1)
    trace = ss.execute(graph, inputs)
    cache = ss.Cache()
    accelerators = [ss.Accelerator(rows=rows, cols=4) for rows in range(1, 41)]
    found = [ss.estimate(trace, one, cache=cache) for one in (*accelerators, *accelerators[:3])]
    assert cache.operands
    assert max(len(operands.shared) for operands in cache.operands.values()) == MOST
    for one, result in zip(
        (*accelerators[::13], *accelerators[:3]), (*found[:40:13], *found[40:]), strict=True
    ):
        assert result == ss.estimate(trace, one)
