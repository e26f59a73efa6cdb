"""Names that are no UTF-8, wherever they stand: one line; and names that hold line breaks."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError, SparseSimError


def model() -> onnx.ModelProto:
    """Every kind of name, each with a mark of its own."""
    value = helper.make_tensor_value_info
    branch = helper.make_graph(
        [helper.make_node("MatMul", ["a", "INNER_W"], ["b"], name="INNER_NODE")],
        "INNER_GRAPH",
        [],
        [value("b", TensorProto.FLOAT, ["INNER_DIM", 4])],
        [numpy_helper.from_array(np.eye(4, dtype=np.float32), "INNER_W")],
    )
    other = onnx.GraphProto()
    other.CopyFrom(branch)
    other.name, other.node[0].name = "OTHER", "OTHER_NODE"
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "WEIGHT"], ["a"], name="NODE"),
            helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=other),
        ],
        "GRAPH",
        [value("x", TensorProto.FLOAT, ["DIM", 4]), value("c", TensorProto.BOOL, [])],
        [value("y", TensorProto.FLOAT, ["DIM", 4])],
        [numpy_helper.from_array(np.eye(4, dtype=np.float32), "WEIGHT")],
        doc_string="ABOUT",
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("DOMAIN", 1)]
    made = helper.make_model(graph, opset_imports=imports, producer_name="PRODUCER")
    made.ir_version = 9
    return made


MARKS = ["INNER_NODE", "INNER_W", "INNER_GRAPH", "INNER_DIM", "NODE", "WEIGHT", "GRAPH", "DIM",
         "DOMAIN", "MatMul", "then_branch"]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_a_name_that_is_no_utf8_is_one_line(tmp_path, mark):
    octets = model().SerializeToString()
    assert mark.encode() in octets
    spoilt = octets.replace(mark.encode(), b"\xff\xfe" + mark.encode()[2:])
    (tmp_path / "bad.onnx").write_bytes(spoilt)
    with pytest.raises(ModelError) as caught:
        ss.load(tmp_path / "bad.onnx")
    line = f"{tmp_path}/bad.onnx: not a valid ONNX model: a text in it is no UTF-8"
    assert str(caught.value) == line


@pytest.mark.parametrize("mark", ["PRODUCER", "ABOUT"])
def test_what_is_said_about_a_model_may_be_anything(tmp_path, mark):
    octets = model().SerializeToString()
    spoilt = octets.replace(mark.encode(), b"\xff\xfe" + mark.encode()[2:])
    (tmp_path / "odd.onnx").write_bytes(spoilt)
    assert [layer.name for layer in ss.load(tmp_path / "odd.onnx").layers] == ["NODE"]


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x1b[31mb", "a\u2028b", "a\udcffb", "a\0b"])
def test_an_error_stays_on_one_line(text):
    error = str(SparseSimError(f"input '{text}' is no file"))
    assert error == f"input 'a{repr(text)[2:-2]}b' is no file"
    assert error.isprintable()


def test_an_error_that_is_plain_stays_as_it_is():
    line = "model 'Größe': path C:\\new is no file; use 'x'"
    assert str(SparseSimError(line)) == line


def test_a_line_break_in_an_inputs_name(tmp_path):
    made = model()
    made.graph.input[0].name = made.graph.node[0].input[0] = "x\ny"
    with pytest.raises(SparseSimError) as caught:
        ss.execute(ss.load(made), {"x": np.ones((1, 4), np.float32)})
    assert "\n" not in str(caught.value) and "x\\ny" in str(caught.value)
