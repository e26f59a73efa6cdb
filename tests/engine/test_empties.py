"""Recurrent nodes on empty tensors, which end ONNX Runtime's process: refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError
from sparsesim.trace.reference import Runtime

F = np.float32


def free(op):
    """A node with a computed W, which stays on the host, and free lengths."""
    case = recurrent(np.random.default_rng(0), op)
    graph = case.model.graph
    tensor = next(i for i in graph.initializer if i.name == "W")
    graph.initializer.remove(tensor)
    graph.input.append(helper.make_tensor_value_info("W", 1, tensor.dims))
    for value in [graph.input[0], *graph.output]:
        for at, dim in enumerate(value.type.tensor_type.shape.dim):
            dim.dim_param = f"{value.name}{at}"
    return case, ss.load(case.model), np.zeros(tensor.dims, F)


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("shape", [(5, 0, 4), (0, 2, 4)])
def test_the_host_refuses_what_would_end_the_process(op, shape):
    _, graph, w = free(op)
    with pytest.raises(ModelError) as raised:
        Engine(graph).run({"x": np.zeros(shape, F), "W": w})
    assert str(raised.value) == (
        f"small: 'x' is {list(shape)}, and ONNX Runtime runs no {op} on an empty tensor; give it "
        "lengths of 1 and up"
    )


def test_so_does_the_reference():
    _, graph, w = free("LSTM")
    runtime = Runtime(graph)
    with pytest.raises(ModelError):
        runtime.run({"x": np.zeros((5, 0, 4), F), "W": w})
    assert runtime.run({"x": np.zeros((5, 2, 4), F), "W": w})[0].shape == (5, 1, 2, 3)
