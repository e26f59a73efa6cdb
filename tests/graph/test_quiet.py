"""What libraries print does not stand before our own words."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError
from sparsesim.graph.opset import with_opset
from sparsesim.graph.quiet import quiet


def test_both_ways_to_standard_error_are_silent(capfd):
    with warnings.catch_warnings(record=True) as seen, quiet():
        os.write(2, b"from compiled code\n")
        print("from Python", file=sys.stderr, flush=True)
        warnings.warn("a library's", stacklevel=1)
    os.write(2, b"after\n")
    assert seen == []
    found = capfd.readouterr().err
    assert "compiled" not in found and found.endswith("after\n")


def test_it_ends_with_an_error(capfd):
    with pytest.raises(ValueError, match="inside"), quiet():
        raise ValueError("inside")
    os.write(2, b"after\n")
    assert capfd.readouterr().err.endswith("after\n")


def model(op: str, domain: str = "", opset: int = 11):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["a"], name="fc"),
            helper.make_node(op, ["a"], ["y"], domain=domain),
        ],
        "loud",
        [value("x", TensorProto.FLOAT, [1, 4])],
        [value("y", TensorProto.FLOAT, [1, 4])],
        [numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")],
    )
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1)] * bool(domain)
    made = helper.make_model(graph, opset_imports=imports)
    made.ir_version = 8
    return made


def test_experimental_operators_are_no_warning(capfd):
    """onnx's checker prints 'Warning: Model contains experimental ops' and goes on."""
    with pytest.raises(ModelError):
        ss.load(model("ConstantFill"))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("op,domain", [("Gelu", "com.microsoft"), ("Relu", "")])
def test_the_version_converter_is_silent(op, domain, capfd):
    """Of some models it prints warnings, and goes on."""
    graph = with_opset(ss.load(model(op, domain)), 13, "a test")
    assert [entry.version for entry in graph.model.opset_import if not entry.domain] == [13]
    assert capfd.readouterr().err == ""
