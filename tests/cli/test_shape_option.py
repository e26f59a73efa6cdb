"""`--shape`: sizes of free inputs, on the command line."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def free(run):
    """A convolution of 3 channels to 5, 3x3, unpadded, on pictures of any size, as `m.onnx`."""
    weight = numpy_helper.from_array(np.ones((5, 3, 3, 3), np.float32), "w")
    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", c, "h", "w"])
        for n, c in (("x", 3), ("y", 5))
    ]
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    graph = helper.make_graph([node], "g", values[:1], values[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, "m.onnx")


def test_a_free_picture_gets_its_size_and_its_macs(run, free):
    ran = run("show", "m.onnx", "--shape", "x=1,3,10,8")
    # 5 filters of 27 on 8 x 6 positions: 6,480.
    assert (ran.code, ran.err) == (0, "")
    assert "1 MAC layer on the array: 6,480 MACs an image" in ran.out
    ran = run("estimate", "m.onnx", "--inputs", "random")
    assert ran.code == 2
    ran = run("estimate", "m.onnx", "--inputs", "random", "--shape", "x=1,3,10,8")
    assert ran.code == 0
    assert "6,480" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x",), "--shape x: is no shape; write INPUT=SIZES, as x=1,3,320,320"),
        (("x=1,a",), "--shape x=1,a: is no shape; write INPUT=SIZES, as x=1,3,320,320"),
        (
            ("x=1,3,9,9", "x=1,3,8,8"),
            "--shape x=1,3,8,8: 'x' was given before; give each input once",
        ),
        (
            ("x=1,3,9,100000000",),
            "m.onnx: tensor 'x' would have 2,700,000,000 elements; use at most 1,073,741,824",
        ),
    ],
)
def test_words_that_are_no_shape(run, free, words, said):
    more = [part for word in words for part in ("--shape", word)]
    ran = run("show", "m.onnx", *more)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")


def test_a_free_first_axis_that_is_no_batch_has_unknown_macs(run):
    """Points of a cloud: how many there are is not known, and 1 would be a guess."""
    weight = numpy_helper.from_array(np.ones((3, 8), np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="layer"),
        helper.make_node("ReduceMax", ["a"], ["y"], name="max", axes=[0]),
    ]
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["points", 3]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8]),
    ]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, "p.onnx")
    shown = run("show", "p.onnx").out
    assert "unknown MACs an image" in shown
    assert "! input 'x' [any, 3]: its first axis is free, but 'max' (ReduceMax) mixes along it" in (
        " ".join(shown.split())
    )
    assert "168 MACs an image" in run("show", "p.onnx", "--shape", "x=7,3").out  # 7 * 3 * 8
    assert run("estimate", "p.onnx", "--inputs", "random").err == (
        "error: input 'x' takes float32 [any, 3]; random inputs need its sizes fixed, give --shape "
        "x=… or arrays\n"
    )
    ran = run("estimate", "p.onnx", "--inputs", "random", "--shape", "x=7,3")
    assert "168 an image" in " ".join(ran.out.split())
