"""Tensors whose data don't fit what they say of themselves."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError


def model(domain: str = "") -> onnx.ModelProto:
    """A product, or a fused one, whose weight a test may spoil."""
    value = helper.make_tensor_value_info
    fused = domain == "com.microsoft"
    op = "FusedMatMul" if fused else "MatMul"
    graph = helper.make_graph(
        [helper.make_node(op, ["x", "w"], ["y"], name="fc", domain=domain)],
        "bad",
        [value("x", TensorProto.FLOAT, [2, 4])],
        [value("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(np.ones((4, 3), np.float32), "w")],
    )
    imports = [helper.make_opsetid("", 17)] + [helper.make_opsetid(domain, 1)] * fused
    made = helper.make_model(graph, opset_imports=imports)
    made.ir_version = 9
    return made


@pytest.mark.parametrize("domain", ["", "com.microsoft"])
@pytest.mark.parametrize("how", ["short", "long", "gone", "lengths", "type", "odd"])
def test_data_that_do_not_fit(domain, how):
    made = model(domain)
    tensor = made.graph.initializer[0]
    if how == "short":
        tensor.raw_data = tensor.raw_data[:-4]
    elif how == "long":
        tensor.raw_data += b"\0\0\0\0"
    elif how == "gone":
        tensor.ClearField("raw_data")
    elif how == "lengths":
        tensor.dims[0] = 5
    elif how == "type":
        tensor.data_type = 99
    else:
        tensor.raw_data = tensor.raw_data[:-1]
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    assert str(caught.value) == "bad: tensor 'w': its data do not fit its type and lengths"


def test_negative_lengths():
    made = model()
    made.graph.initializer[0].dims[0] = -4
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    assert str(caught.value) == "bad: tensor 'w' has the shape [-4, 3]; give lengths from 0"


@pytest.mark.parametrize("which", ["input", "output", "value_info"])
def test_a_type_that_onnx_lacks(which):
    made = model()
    if which == "value_info":
        made.graph.value_info.append(helper.make_tensor_value_info("y2", TensorProto.FLOAT, [1]))
    value = getattr(made.graph, which)[0]
    value.type.tensor_type.elem_type = 99
    with pytest.raises(ModelError) as caught:
        ss.load(made)
    assert str(caught.value) == f"bad: tensor '{value.name}' is of type 99, which ONNX lacks"
