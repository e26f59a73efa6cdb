"""Zero points that do not fit their operands are one line, not a traceback."""

import numpy as np
import pytest
from onnx_models import model, node

from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError
from sparsesim.graph import load


@pytest.mark.parametrize(
    "zeros, said",
    [
        (
            {"zw": np.zeros((7, 12), "i1")},
            "weight's zero points are [7, 12]; they do not fit the weight [12, 7]",
        ),
        (
            {"zw": np.zeros(5, "i1")},
            "weight's zero points are [5]; they do not fit the weight [12, 7]",
        ),
    ],
)
def test_of_a_weight(zeros, said):
    x, w = np.ones((5, 12), "u1"), np.ones((12, 7), "i1")
    constants = {"w": w, "zx": np.uint8(0), **zeros}
    whole = model(
        [node("MatMulInteger", "x w zx zw", "y", "op")], {"x": ("u1", (5, 12))}, ["y"], constants
    )
    with pytest.raises(ModelError) as raised:
        Engine(load(whole)).run({"x": x})
    assert str(raised.value) == f"op: its {said}"


@pytest.mark.parametrize(
    "shape, said",
    [
        ((4,), "activation has 4 zero points; use one"),
        ((12,), "activation has 12 zero points; use one"),
        ((4, 1), "activation's zero points are [4, 1]; they do not fit the activation [5, 12]"),
    ],
)
def test_of_an_activation_that_come_with_it(shape, said):
    constants = {"w": np.ones((12, 7), "i1")}
    inputs = {"x": ("u1", (5, 12)), "zx": ("u1", shape)}
    whole = model([node("MatMulInteger", "x w zx", "y", "op")], inputs, ["y"], constants)
    with pytest.raises(ModelError) as raised:
        Engine(load(whole)).run({"x": np.ones((5, 12), "u1"), "zx": np.zeros(shape, "u1")})
    assert str(raised.value) == f"op: its {said}"


def test_scales_of_channels_that_a_weight_has_not_leave_it_to_the_host():
    """ONNX Runtime's own words for it."""
    constants = {"w": np.ones((12, 7), "i1"), "s": np.ones(5, "f4"), "sx": np.float32(1)}
    nodes = [
        node("DequantizeLinear", "x sx", "xf"),
        node("DequantizeLinear", "w s", "wf", axis=1),
        node("MatMul", "xf wf", "y", "op"),
    ]
    graph = load(model(nodes, {"x": ("u1", (5, 12))}, ["y"], constants))
    assert not graph.layer("op").is_integer
    with pytest.raises(ModelError, match="DequantizeLinear"):
        Engine(graph).run({"x": np.ones((5, 12), "u1")})
