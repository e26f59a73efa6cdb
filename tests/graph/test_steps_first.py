"""Recurrent nodes of layout 1, against the same nodes of layout 0."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.engine.run import Engine

F = np.float32


def batch_first(case, initial):
    """The case's model with the batch first; initial states likewise."""
    model = case.model
    model.graph.node[0].attribute.append(helper.make_attribute("layout", 1))
    steps, batch, inputs = case.shape
    for dim, size in zip(
        model.graph.input[0].type.tensor_type.shape.dim, (batch, steps, inputs), strict=True
    ):
        dim.dim_value = size
    for output in model.graph.output:
        dims = output.type.tensor_type.shape.dim
        sizes = [dim.dim_value for dim in dims]
        turned = (
            [sizes[2], *sizes[:2], sizes[3]] if len(sizes) == 4 else [sizes[1], sizes[0], sizes[2]]
        )
        for dim, size in zip(dims, turned, strict=True):
            dim.dim_value = size
    for tensor in model.graph.initializer:
        if initial and tensor.name in ("H0", "C0"):
            array = np.swapaxes(numpy_helper.to_array(tensor), 0, 1)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
    return model


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("initial", [False, True])
def test_batches_first_are_steps_first_turned(op, direction, initial):
    random = np.random.default_rng(0)
    case = recurrent(random, op, batch=3, direction=direction, initial=initial)
    x = random.standard_normal(case.shape).astype(F)
    expected = case.node.run(x)
    graph = ss.load(batch_first(case, initial))
    assert [layer.name for layer in graph.layers] == ["net/rec/input", "net/rec/hidden"]
    y, y_h, *y_c = Engine(graph).run({"x": np.ascontiguousarray(np.swapaxes(x, 0, 1))})
    np.testing.assert_allclose(y, np.moveaxis(expected[0], 2, 0), atol=3e-6)
    for found, plain in zip((y_h, *y_c), expected[1:], strict=False):
        np.testing.assert_allclose(found, np.swapaxes(plain, 0, 1), atol=3e-6)


def test_a_rewritten_one_is_measured_by_the_model_as_loaded():
    random = np.random.default_rng(0)
    case = recurrent(random, "GRU", batch=2)
    graph = ss.load(batch_first(case, False))
    sparse = ss.sparsify(graph, ss.Thresholds(weights={"net/rec/hidden": 9.0}))
    x = random.standard_normal((2, 5, 4)).astype(F)
    (image,) = ss.execute(sparse, {"x": x}).images
    whole = case.node.run(np.swapaxes(x, 0, 1))[0]
    np.testing.assert_allclose(image.reference[0], np.moveaxis(whole, 2, 0), atol=3e-6)
    case.node.r = np.zeros_like(case.node.r)
    less = case.node.run(np.swapaxes(x, 0, 1))[0]
    np.testing.assert_allclose(image.outputs[0], np.moveaxis(less, 2, 0), atol=3e-6)
