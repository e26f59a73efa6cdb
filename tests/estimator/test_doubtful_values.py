"""NaN and infinity, and inputs that a quantised model clips, are told beside every result."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.report.console import plain
from sparsesim.report.html import html
from sparsesim.report.markdown import markdown
from sparsesim.report.text import text
from sparsesim.trace.not_finite import not_finite

F, NAN, INF = np.float32, np.nan, np.inf


def node(op: str, inputs: str, output: str, name: str = "", **attributes) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=name or output, **attributes)


def graph_of(nodes, constants, shape, outputs) -> ss.Graph:
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, ("n", *shape[1:]))],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    made = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for output in made.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return ss.load(made)


def warned(result: ss.Result, *words: str) -> list[str]:
    return [line for line in result.warnings if all(word in line for word in words)]


def root_and_product() -> ss.Graph:
    """y = sqrt(x @ w) @ w, w being 4 I: NaN where x is below zero, made on the host."""
    nodes = [
        node("MatMul", "x w", "a", "first"),
        node("Sqrt", "a", "r"),
        node("MatMul", "r w", "y"),
    ]
    return graph_of(nodes, {"w": 4 * np.eye(3, dtype=F)}, (1, 3), {"y": 1})


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([[1, 4, 9], [0, 0, 1]], None),
        (
            [[1, 4, 9], [1, -4, 9], [-1, -1, 1]],
            "output y holds NaN or infinity in 2 of 3 runs, first met in layer y",
        ),
        ([[1, 4, -9]], "output y holds NaN or infinity in 1 of 1 run, first met in layer y"),
        ([[3e38, 0, 0]], "output y holds NaN or infinity in 1 of 1 run, first met in layer first"),
    ],
)
def test_outputs_that_are_no_numbers(rows, line, tmp_path):
    trace = ss.execute(root_and_product(), np.array(rows, F))
    result = ss.estimate(trace)
    told = (
        "; such values count as non-zero, so that sparsity and cycles are those of a dense network"
    )
    assert warned(result, "NaN") == ([] if line is None else [line + told])
    ss.save_trace(trace, tmp_path / "t.npz")
    assert ss.estimate(ss.load_trace(tmp_path / "t.npz")).warnings == result.warnings
    with np.errstate(all="ignore"):
        w = 4 * np.eye(3, dtype=F)
        outputs = [np.sqrt(np.array(row, F) @ w) @ w for row in rows]
    expected = [int((~np.isfinite(y)).sum()) for y in outputs]
    assert [image.not_finite.get("output y", 0) for image in trace.images] == expected


def test_what_the_output_hides_is_told_of_its_layer():
    nodes = [
        node("Sqrt", "x", "r"),
        node("MatMul", "r w", "a", "scores"),
        node("ArgMax", "a", "y", axis=1),
    ]
    graph = graph_of(nodes, {"w": np.eye(3, dtype=F)}, (1, 3), {"y": 7})
    result = ss.estimate(ss.execute(graph, np.array([[1, -1, 2], [1, 2, 3]], F)))
    assert warned(result, "layer scores gives NaN or infinity in 1 of 2 runs; such")


def test_every_report_says_it():
    result = ss.estimate(ss.execute(root_and_product(), np.array([[-1, 1, 1]], F)))
    for report in (plain(text(result)), html(result), markdown(result), result.model_dump_json()):
        assert "output y holds NaN or infinity in 1 of 1 run" in " ".join(report.split())


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([1, 2, 3], 0),
        ([1, NAN, INF, -INF], 3),
        ([3e38, 3e38], 0),  # the sum of squares is infinite, the values are not
        ([], 0),
    ],
)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_counting(values, count, kind):
    array = np.array(values, np.float64)
    array = np.where(array == 3e38, np.finfo(kind).max, array).astype(kind)
    assert not_finite(array) == count
    assert not_finite(np.stack([array, array]).T) == 2 * count


@pytest.mark.parametrize("array", [np.arange(3), np.array(["a"]), [np.array([NAN])], None])
def test_what_holds_no_floats_holds_no_nan(array):
    assert not_finite(array) == 0


BEFORE = {
    "nothing": ([], "x", lambda x: x),
    "Transpose": ([node("Transpose", "x", "t", perm=[0, 2, 1])], "t", lambda x: x),
    "Sub, Div": ([node("Sub", "x m", "d"), node("Div", "d sd", "t")], "t", lambda x: (x - 2) / 4),
}


def quantised(before, last) -> ss.Graph:
    """QuantizeLinear, a product of integers; the range is -1 to 1.5 in steps of 1/100."""
    constants = {
        "s": F(0.01), "z": np.uint8(100), "w": np.ones((4, 4), np.int8), "wz": np.int8(0),
        "m": F(2), "sd": F(4),
    }  # fmt: skip
    nodes = [
        *before,
        node("QuantizeLinear", f"{last} s z", "q"),
        node("DequantizeLinear", "q s z", "f"),
        node("DequantizeLinear", "w s wz", "v"),
        node("MatMul", "f v", "y", "layer"),
    ]
    return graph_of(nodes, constants, (1, 4, 4), {"y": 1})


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0, 40.0])
def test_inputs_that_saturate(name, spread, tmp_path):
    before, last, scaled = BEFORE[name]
    x = np.random.default_rng(5).uniform(-spread, spread, (20, 4, 4)).astype(F)
    trace = ss.execute(quantised(before, last), x)
    result = ss.estimate(trace)
    # -100 to 155 steps of 0.01; half a step beyond still rounds to the edge.
    steps = [Fraction(float(v)) * 100 for v in scaled(x).reshape(-1)]
    beyond = sum(v < Fraction(-201, 2) or v > Fraction(311, 2) for v in steps)
    assert sum(image.clipped["x"].beyond for image in trace.images) == beyond
    assert sum(image.clipped["x"].values for image in trace.images) == x.size
    lines = warned(result, "saturate", "first QuantizeLinear")
    if beyond / x.size > 0.01:
        assert lines == [
            f"input x: {beyond / x.size * 100:.1f} % of its values lie outside -1 to 1.55, the "
            "range of the model's first QuantizeLinear, and saturate; were the inputs scaled as in "
            "training?"
        ]
    else:
        assert lines == []
    ss.save_trace(trace, tmp_path / "t.npz")
    assert ss.estimate(ss.load_trace(tmp_path / "t.npz")).warnings == result.warnings


def test_one_in_a_hundred_is_no_warning():
    x = np.zeros((1, 4, 100), F)
    x[0, 0, :4] = 9  # 4 of 400
    constants = {"s": F(0.01), "z": np.uint8(100), "w": np.ones((100, 2), np.int8)}
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("MatMulInteger", "q w z", "y", "layer"),
    ]
    graph = graph_of(nodes, constants, (1, 4, 100), {"y": 6})
    assert not warned(ss.estimate(ss.execute(graph, x)), "saturate")
    x[0, 0, 4] = -9
    assert warned(ss.estimate(ss.execute(graph, x)), "input x: 1.2 % of its values")


def test_float_models_and_what_is_quantised_later_clip_no_input():
    x = np.full((1, 3), 99, F)
    assert not ss.execute(root_and_product(), x).images[0].clipped
    constants = {"w": np.eye(3, dtype=F), "s": F(0.01), "z": np.uint8(100)}
    nodes = [node("MatMul", "x w", "a"), node("QuantizeLinear", "a s z", "y")]
    graph = graph_of(nodes, constants, (1, 3), {"y": 2})
    assert not ss.execute(graph, x).images[0].clipped
