"""A model of which nothing runs on the array gets one sentence where cycles are counted."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.cosim.run import cosimulate
from sparsesim.errors import ModelError
from sparsesim.inputs.memory import feed_memory
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.trace.execute import input_specs


def model(nodes, constants=(), kind=TensorProto.FLOAT) -> onnx.ModelProto:
    values = [helper.make_tensor_value_info(name, kind, [1, 4]) for name in "xy"]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], tensors)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


ELEMENTWISE = model(
    [
        helper.make_node("Relu", ["x"], ["a"], name="r"),
        helper.make_node("Sigmoid", ["x"], ["b"], name="s"),
        helper.make_node("Relu", ["b"], ["c"], name="t"),
        helper.make_node("Mul", ["a", "c"], ["y"], name="m"),
    ]
)
WIDE = model(
    [helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")],
    [("w", np.ones((4, 4), np.int32))],
    TensorProto.INT32,
)
SAID = {
    "element by element": (
        ELEMENTWISE,
        "net: no layer runs on the array; the host runs 1 Mul, 2 Relu, 1 Sigmoid",
    ),
    "of 32-bit integers": (
        WIDE,
        "net: no layer runs on the array; the host runs 1 MatMul; mm: its activation is of type "
        "int32; layers take float16 float32 float64",
    ),
    "of nothing": (
        model([helper.make_node("Identity", ["x"], ["y"])]),
        "net: no layer runs on the array; the host runs 1 Identity",
    ),
}


@pytest.mark.parametrize(("made", "said"), SAID.values(), ids=SAID)
def test_no_result_is_made_of_nothing(made, said):
    graph = ss.load(made)
    x = np.ones((1, 4), graph.types["x"])
    trace = ss.execute(graph, {"x": x})  # it runs
    with pytest.raises(ModelError) as error:
        ss.estimate(trace)
    assert str(error.value) == said
    with pytest.raises(ModelError) as error:
        cosimulate(graph, feed_memory({"x": x}, input_specs(graph)), ss.Accelerator())
    assert str(error.value) == said


def test_one_layer_is_enough():
    made = model(
        [
            helper.make_node("Relu", ["x"], ["a"], name="r"),
            helper.make_node("MatMul", ["a", "w"], ["y"], name="mm"),
        ],
        [("w", np.ones((4, 4), np.float32))],
    )
    result = ss.estimate(ss.execute(ss.load(made), {"x": np.ones((1, 4), np.float32)}))
    assert result.totals.macs == 16
    assert all(result.totals.cycles[scheme].total > 0 for scheme in SCHEMES)
