"""The light topologies in onnx's wheel, against ONNX Runtime: floats to 1e-4 of their range.

Their weights are constant, so most of their outputs are flat: every layer's tensor that ONNX
Runtime's optimised model still has is compared, too.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx_cases import DATA, LIGHT

from sparsesim.engine.run import Engine
from sparsesim.graph import load

MODELS = sorted((DATA / LIGHT).glob("*.onnx"))


class Tensors:
    """Keeps the outputs of layers."""

    def __init__(self) -> None:
        self.values: dict[str, np.ndarray] = {}

    def layer(self, runner, tensors) -> None:
        self.values[runner.layer.output] = tensors[runner.layer.output]

    def made(self, names, tensors) -> None:
        pass


def test_all_are_there():
    assert len(MODELS) == 9


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_layer_agrees(path):
    graph = load(path)
    shape = [d.dim_value or 1 for d in graph.inputs[0].type.tensor_type.shape.dim]
    feed = {graph.inputs[0].name: np.random.default_rng(0).random(shape, np.float32)}
    seen = Tensors()
    Engine(graph).run(feed, seen)
    model = onnx.load(path)
    made = {name for node in model.graph.node for name in node.output}
    wanted = [name for name in seen.values if name in made]
    assert len(wanted) > 0.8 * len(graph.layers) > 0
    for name, expected in zip(wanted, _reference(model, feed, wanted), strict=True):
        span = max(float(np.ptp(expected)), float(np.abs(expected).max()), 1e-30)
        np.testing.assert_allclose(
            seen.values[name], expected, rtol=0, atol=1e-4 * span, err_msg=name
        )


def _reference(model: onnx.ModelProto, feed, names: list[str]) -> list[np.ndarray]:
    import onnxruntime as ort

    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(names, feed)
