"""Verbs without warnings of their own say which host operators are inexact."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.cli.inexact_host import tell_inexact_host


def by_rows(kind: str) -> ss.Graph:
    """A product with a zero point for each row, which no layer takes."""
    constants = {"w": np.ones((6, 3), kind), "rows": np.arange(4, dtype="u1")}
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w", "rows"], ["y"], "product")],
        "rows",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, (4, 6))],
        [helper.make_tensor_value_info("y", TensorProto.INT32, (4, 3))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return ss.load(helper.make_model(graph, opset_imports=opsets, ir_version=8))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "i1",
            "warning: 1 host operator (product (MatMulInteger)) multiplies by 8-bit products that "
            "ONNX Runtime adds in 16 bits on this processor, where they saturate: what they give "
            "and all that follows from it is inexact\n",
        ),
        ("u1", ""),
    ],
)
def test_a_line_for_what_saturates(capsys, kind, said):
    tell_inexact_host(by_rows(kind), lambda op, first, second: (first, second) == ("uint8", "int8"))
    assert capsys.readouterr() == ("", said)


def test_no_line_where_the_processor_is_exact(capsys):
    tell_inexact_host(by_rows("i1"), lambda op, first, second: False)
    assert capsys.readouterr() == ("", "")
