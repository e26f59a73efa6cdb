"""What `show` says of MACs, known and unknown, on the array and on the host."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(3)


def weight(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(RNG.standard_normal(shape).astype(np.float32), name)


def save(nodes, inputs, outputs, weights, opset=19):
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in part]
        for part in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *values, weights)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), "m.onnx")


def shown(run):
    ran = run("show", "m.onnx", "-o", "s.json")
    assert (ran.code, ran.err) == (0, "Wrote s.json\n")
    with open("s.json", encoding="utf-8") as file:
        return " ".join(ran.out.split()), json.load(file)


def convolutions(*sizes):
    """Two of free pixels, 3 channels to 8 to 8, and a product of its own input."""
    nodes = [
        helper.make_node("Conv", ["x", "u"], ["a"], name="c1", pads=[1] * 4),
        helper.make_node("Conv", ["a", "v"], ["y"], name="c2"),
        helper.make_node("MatMul", ["z", "w"], ["q"], name="mm"),
    ]
    inputs = [("x", ["n", 3, *sizes]), ("z", [1, 5])]
    outputs = [("y", ["n", 8, *sizes]), ("q", [1, 6])]
    save(
        nodes,
        inputs,
        outputs,
        [weight("u", 8, 3, 3, 3), weight("v", 8, 8, 1, 1), weight("w", 5, 6)],
    )


def test_what_is_unknown_is_not_added_as_nothing(run):
    convolutions("h", "l")
    out, facts = shown(run)
    assert "3 MAC layers on the array: at least 30 MACs an image, 310 weights" in out
    assert [layer["macs"] for layer in facts["layers"]] == [None, None, 30]
    assert facts["macs"] is None
    assert facts["host"]["mac_coverage"] is None
    assert "MAC coverage" not in out


def test_what_is_known_is_added(run):
    convolutions(4, 6)
    out, facts = shown(run)
    macs = 24 * 8 * 27 + 24 * 8 * 8 + 30
    assert f"3 MAC layers on the array: {macs:,} MACs an image" in out
    assert facts["macs"] == macs
    assert facts["host"]["mac_coverage"] == 1
    assert out.endswith("MAC coverage 100.0 %")


def test_one_layer_of_unknown_size(run):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c")
    save(
        [node], [("x", ["n", 3, "h", "l"])], [("y", ["n", 4, "i", "j"])], [weight("w", 4, 3, 3, 3)]
    )
    out, facts = shown(run)
    assert "1 MAC layer on the array: unknown MACs an image, 108 weights" in out
    assert facts["macs"] is None


@pytest.mark.parametrize("size", [5, "l"])
def test_host_nodes_have_their_macs(run, size):
    nodes = [
        helper.make_node("Conv", ["x", "u"], ["a"], name="c", pads=[1] * 4),
        helper.make_node("DeformConv", ["z", "v", "o"], ["y"], name="d", pads=[1] * 4),
    ]
    inputs = [("x", [1, 3, 4, 5]), ("z", [1, 3, 4, size]), ("o", [1, 18, 4, size])]
    outputs = [("a", [1, 2, 4, 5]), ("y", [1, 7, 4, size])]
    save(nodes, inputs, outputs, [weight("u", 2, 3, 3, 3), weight("v", 7, 3, 3, 3)])
    out, facts = shown(run)
    layer, host = 20 * 2 * 27, 20 * 7 * 27
    facts = facts["host"]
    if size == "l":
        assert facts["macs"] == {"d": None}
        assert "d: MACs unknown" in out
        assert out.endswith("MAC coverage at most 99.9 %")
        assert (facts["mac_coverage"], facts["mac_coverage_is_bound"]) == (0.999, True)
    else:
        assert facts["macs"] == {"d": host}
        assert "d: 3,780 MACs" in out
        assert out.endswith("MAC coverage 22.2 %")
        assert facts["mac_coverage"] == layer / (layer + host)
        assert facts["mac_coverage_is_bound"] is False


def test_a_recurrent_node_of_a_given_shape(run):
    """7 steps of 3: x of 8 and h of 16 into 4 gates of 16; of one of 3 images a third."""
    nodes = [helper.make_node("LSTM", ["x", "w", "r"], ["y"], name="lstm", hidden_size=16)]
    made = [weight("w", 1, 64, 8), weight("r", 1, 64, 16)]
    save(nodes, [("x", ["t", "n", 8])], [("y", ["t", 1, "n", 16])], made)
    ran = run("show", "m.onnx", "--shape", "x=7,3,8", "-o", "s.json")
    assert ran.code == 0
    with open("s.json", encoding="utf-8") as file:
        macs = [layer["macs"] for layer in json.load(file)["layers"]]
    assert macs == [7 * 8 * 64, 7 * 16 * 64]
    assert "2 MAC layers on the array: 10,752 MACs an image" in ran.out
    said = "a run is a batch of 3 images: outputs are those of a run, MACs of an image"
    assert said in ran.out


def test_an_operator_that_no_library_gives(run):
    node = helper.make_node("Mystery", ["x"], ["y"], domain="my.domain")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy"]
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid("my.domain", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), "m.onnx")
    ran = run("show", "m.onnx")
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        "error: m.onnx: ONNX Runtime does not take it: Fatal error: my.domain:Mystery(-1) is not a "
        "registered function/op; is it in a library? Give that as --custom-ops FILE.so\n",
    )
