"""Every function that can stand behind a layer: its ONNX nodes in ONNX Runtime against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from sparsify_models import FLOAT, INT8, differences, model, node, run_as_onnx

from sparsesim.engine.run import Engine
from sparsesim.errors import SpecError
from sparsesim.graph import load
from sparsesim.sparsity import sparsify
from sparsesim.sparsity.function import TensorFunction
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.plan import build_nodes
from sparsesim.sparsity.quantisers import QUANTISERS
from sparsesim.sparsity.sparsifiers import SPARSIFIERS
from sparsesim.spec.thresholds import Thresholds

Case = tuple[str, dict[str, Any]]
CASES: list[Case] = [
    ("magnitude", {"threshold": 0.3}),
    ("relative", {"fraction": 0.1}),
    ("relative", {"fraction": 1}),
    ("relative", {"fraction": 0}),
    *(
        ("fixed_point", {"width": width, "fraction": fraction, "rounding": rounding})
        for width, fraction in [(8, 4), (1, 0), (24, 12), (4, 9), (6, -3), (8, 64)]
        for rounding in ("toward_zero", "down", "nearest_even")
    ),
    ("logarithmic", {"min_exponent": -4, "max_exponent": 3}),
    ("logarithmic", {"min_exponent": 0, "max_exponent": 0}),
    ("logarithmic", {"min_exponent": -100, "max_exponent": 100}),
    ("float16", {}),
    ("binary", {"scale": 0.1}),
    ("ternary", {"threshold": 0.3, "scale": 0.7}),
]
EDGES = np.array(
    [0.0, -0.0, 0.3, -0.3, 0.1, 1e-45, -1e-45, 1.2e-38, 3.4e38, -3.4e38, 65504, 65519.99, 65520]
    + [2.0**-25, 1.01 * 2.0**-25, 2.0**-24, 3 * 2.0**-25, 1 + 2.0**-11, 1 + 3 * 2.0**-11]
    + [sign * step / 32 for step in range(300) for sign in (1, -1)]  # ties of 1/16, and around
    + [sign * 1.5 * 2.0**e for e in range(-8, 9) for sign in (1, -1)],
    np.float32,
)


def found(name: str) -> TensorFunction:
    return (SPARSIFIERS if name in SPARSIFIERS.built_in else QUANTISERS).find(name)


def in_onnxruntime(
    case: Case, values: NDArray[Any], opset: int = 17, optimised: bool = True
) -> NDArray[Any]:
    """The function's nodes alone, from x to y."""
    function = found(case[0])
    nodes = OnnxNodes("f", values.dtype, values.ndim, opset, names())
    made = build_nodes(function, nodes, "x", function.settings(case[1]))
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    graph = helper.make_graph(
        nodes.nodes,
        "f",
        [helper.make_tensor_value_info("x", kind, [None] * values.ndim)],
        [helper.make_tensor_value_info(made, kind, [None] * values.ndim)],
        [numpy_helper.from_array(array, name) for name, array in nodes.constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": values})[0]


def names():
    """Names that nothing else has."""
    counts: dict[str, int] = {}

    def fresh(name: str) -> str:
        counts[name] = counts.get(name, 0) + 1
        return f"{name}{counts[name]}"

    return fresh


def in_numpy(case: Case, values: NDArray[Any]) -> NDArray[Any]:
    """The function of each image."""
    return np.stack([found(case[0]).apply(image, **case[1]) for image in values])


def assert_same_bits(got: NDArray[Any], expected: NDArray[Any]) -> None:
    """Equal, signs of zeros included."""
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


def test_every_function_with_nodes_has_a_case() -> None:
    able = SPARSIFIERS.behind_layers() + QUANTISERS.behind_layers()
    built_in = [name for name in able if name in SPARSIFIERS.built_in + QUANTISERS.built_in]
    assert sorted({name for name, _ in CASES}) == sorted(built_in)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_edges(case: Case, kind: type) -> None:
    with np.errstate(over="ignore"):
        values = EDGES.astype(kind)
    values = values[np.isfinite(values)]
    if kind == np.float16 and case[0] in ("fixed_point", "logarithmic"):
        values = values[np.abs(values) < 40000]  # 65504 rounded up is no float16
    values = np.stack([values, values[::-1] / 8])
    for optimised in (True, False):
        assert_same_bits(in_onnxruntime(case, values, 17, optimised), in_numpy(case, values))


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("opset", [13, 18, 21])
def test_opsets(case: Case, opset: int) -> None:
    values = np.random.default_rng(0).standard_normal((3, 2, 4, 4)).astype(np.float32)
    assert_same_bits(in_onnxruntime(case, values, opset), in_numpy(case, values))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_random_images(case: Case) -> None:
    elements = st.floats(-600, 600, width=32) | st.floats(-2, 2, width=32)
    arrays = hnp.arrays(np.float32, (2, 3, 5), elements=elements)
    session_values = []

    @given(arrays)
    def gather(values: NDArray) -> None:
        session_values.append(values)

    gather()
    values = np.concatenate(session_values)  # one session for all of them
    assert_same_bits(in_onnxruntime(case, values), in_numpy(case, values))


def test_each_image_has_its_own_largest_magnitude() -> None:
    """Threshold 1 in the first image, 10 in the second."""
    values = np.array([[-10, 1, 2], [10, -100, 20]], np.float32)
    expected = [[-10, 0, 2], [0, -100, 20]]
    np.testing.assert_array_equal(in_onnxruntime(("relative", {"fraction": 0.1}), values), expected)
    alone = np.array([-10, 1, 2], np.float32)  # no axis but the first: one image
    found_alone = in_onnxruntime(("relative", {"fraction": 0.1}), alone)
    np.testing.assert_array_equal(found_alone, [-10, 0, 2])


def whole_numbers(opset: int = 17, extra: tuple = ()) -> onnx.ModelProto:
    """conv -> Relu -> fc in whole numbers and quarters: sums are exact in any order."""
    rng = np.random.default_rng(2)
    constants = {
        "w1": rng.integers(-3, 4, (3, 2, 3, 3)).astype(np.float32),
        "w2": rng.integers(-8, 9, (75, 4)).astype(np.float32) / 4,
    }
    nodes = [
        node("Conv", "x w1", "c", "conv", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("Flatten", "r", "f"),
        node("MatMul", "f w2", "y", "fc"),
    ]
    shapes = {"x": (FLOAT, ["n", 2, 5, 5])}, {"y": (FLOAT, ["n", 4])}
    return model(nodes, constants, *shapes, opset=opset)


FEED = {"x": np.random.default_rng(3).integers(-4, 5, (3, 2, 5, 5)).astype(np.float32) / 4}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_behind_layers_the_engine_and_onnx_runtime_agree_in_every_bit(case: Case) -> None:
    graph = load(whole_numbers())
    rule = {found(case[0]).kind: case[0], **case[1]}
    after = sparsify(graph, Thresholds(activations={"*": rule}))
    assert after.outputs == ("y",)
    assert differences(after, FEED) == [0, 0]
    plain = sparsify(graph, Thresholds(activations={"conv": rule}))
    (y,) = Engine(plain).run(FEED)
    (want,) = Engine(after).run(FEED)
    np.testing.assert_array_equal(in_numpy(case, y), want)  # what stands behind fc


def test_magnitude_is_still_fused_and_others_run_on_the_host() -> None:
    graph = load(whole_numbers())
    fixed = {"quantiser": "fixed_point", "width": 6, "fraction": 1}
    after = sparsify(graph, Thresholds(activations={"conv": 0.5, "fc": fixed}))
    assert [[fused.op for fused in layer.chain] for layer in after.layers] == [
        ["Relu", "Shrink"],
        [],
    ]
    behind = [n.name for n in after.model.graph.node if n.name.startswith("fc:behind:")]
    assert behind == [f"fc:behind:fixed_point:{op}" for op in ("Mul", "Round", "Clip")] + [
        "fc:behind:fixed_point:Mul'",
        "fc:behind:fixed_point:Shrink",
    ]
    assert after.rewrites == (
        "activations of 1 layer by magnitude 0.5",
        "activations of 1 layer by fixed_point width 6 fraction 1",
    )


def test_a_second_rewrite_stands_behind_the_first() -> None:
    """Quarters to halves, then at or below 1 to zero; the other way round 1.25 would stay as 1."""
    graph = load(whole_numbers())
    fixed = {"quantiser": "fixed_point", "width": 9, "fraction": 0, "rounding": "down"}
    once = sparsify(graph, Thresholds(activations={"fc": fixed}))
    for start in (once, load(saved(once))):
        after = sparsify(start, Thresholds(activations={"fc": 1}))
        (y,) = run_as_onnx(graph, FEED)
        whole = np.clip(np.floor(y), -256, 255)
        np.testing.assert_array_equal(
            run_as_onnx(after, FEED)[0], np.where(np.abs(whole) <= 1, 0, whole)
        )
        assert differences(after, FEED) == [0, 0]


def saved(graph) -> onnx.ModelProto:
    from sparsesim.graph.save import to_model

    return to_model(graph)


def test_old_models_are_converted_to_the_opset_that_the_nodes_need() -> None:
    graph = load(whole_numbers(opset=11))
    relative = {"sparsifier": "relative", "fraction": 0.25}
    after = sparsify(graph, Thresholds(activations={"*": relative}))
    assert after.rewrites[0] == "converted from opset 11 to 13"
    assert differences(after, FEED) == [0, 0]
    assert sparsify(graph, Thresholds(activations={"*": 0.25})).rewrites == (
        "activations of 2 layers by magnitude 0.25",
    )


def quantised() -> Any:
    constants = {
        "w": np.random.default_rng(4).integers(-8, 9, (6, 5)).astype(np.int8),
        "s": np.float32(0.5),
        "z": np.int8(3),
        "sw": np.float32(0.25),
        "zw": np.int8(0),
    }
    nodes = [
        node("DequantizeLinear", "x s z", "xf"),
        node("DequantizeLinear", "w sw zw", "wf"),
        node("MatMul", "xf wf", "yf", "fc"),
        node("QuantizeLinear", "yf s z", "y"),
    ]
    shapes = {"x": (INT8, ["n", 6])}, {"y": (INT8, ["n", 5])}
    return load(model(nodes, constants, *shapes))


def test_relative_behind_a_quantised_layer_moves_no_other_value() -> None:
    graph = quantised()
    relative = {"sparsifier": "relative", "fraction": 0.25}
    after = sparsify(graph, Thresholds(activations={"fc": relative}))
    feed = {"x": np.random.default_rng(5).integers(-20, 21, (4, 6)).astype(np.int8)}
    (plain,) = run_as_onnx(graph, feed)
    steps = np.abs(plain.astype(int) - 3)
    small = steps <= 0.25 * steps.max(axis=1, keepdims=True)
    assert 0 < small.sum() < small.size
    (y,) = run_as_onnx(after, feed)
    np.testing.assert_array_equal(y, np.where(small, 3, plain))
    assert differences(after, feed) == [0, 0]


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"sparsifier": "top_k", "keep": 0.5},
        "sparsifier 'top_k' selects by rank, so it cannot stand behind a layer as plain ONNX; "
        "sparsifiers that can: magnitude, relative",
    ),
    (
        {"sparsifier": "random", "share": 0.5},
        "sparsifier 'random' draws at random, so it cannot stand behind a layer as plain ONNX; "
        "sparsifiers that can: magnitude, relative",
    ),
    (
        {"quantiser": "fixed_point", "width": 8, "fraction": 4, "rounding": "stochastic"},
        "rounding 'stochastic' draws at random, so it cannot stand behind a layer as plain ONNX; "
        "use toward_zero, down or nearest_even",
    ),
    (
        {"quantiser": "binary"},
        "the scale is the mean of what flows unless it is given, and behind a layer it must be a "
        "fixed number; give scale",
    ),
    (
        {"quantiser": "ternary", "scale": 1.0},
        "threshold and scale are means of what flows unless they are given, and behind a layer "
        "they must be fixed numbers; give both",
    ),
    (
        {"quantiser": "fixed_point", "width": 25, "fraction": 4},
        "width 25 is out of range; use 1 to 24",
    ),
    ({"quantiser": "fixedpoint"}, "unknown quantiser 'fixedpoint'; did you mean 'fixed_point'?"),
    ({"sparsifier": "magnitud"}, "unknown sparsifier 'magnitud'; did you mean 'magnitude'?"),
]


@pytest.mark.parametrize(("rule", "line"), REFUSED)
def test_what_cannot_stand_behind_a_layer_is_refused(rule: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecError) as caught:
        sparsify(load(whole_numbers()), Thresholds(activations={"*": 0.5, "fc": rule}))
    assert str(caught.value) == f"activations.fc: {line}"


def test_all_that_select_or_draw_are_refused() -> None:
    able = set(SPARSIFIERS.behind_layers()) & set(SPARSIFIERS.built_in)
    assert set(SPARSIFIERS.built_in) - able == {"block", "n_m", "quantile", "random", "top_k"}


def test_quantisers_are_refused_where_the_model_is_quantised() -> None:
    fixed = {"quantiser": "fixed_point", "width": 8, "fraction": 4}
    with pytest.raises(SpecError) as caught:
        sparsify(quantised(), Thresholds(activations={"fc": fixed}))
    assert str(caught.value) == (
        "activations.fc: the output of layer 'fc' is quantised already, by the model itself, so "
        "quantiser 'fixed_point' is not put behind it; use a sparsifier"
    )
    with pytest.raises(SpecError) as caught:
        sparsify(quantised(), Thresholds(weights={"fc": fixed}))
    assert str(caught.value) == (
        "weights.fc: the weight of layer 'fc' is quantised already, to int8, which quantiser "
        "'fixed_point' cannot change; use a sparsifier"
    )


def test_an_output_of_unknown_rank_is_one_line() -> None:
    """Which axes a Squeeze takes away hangs on their length."""
    nodes = [
        node("Squeeze", "x", "r"),
        node("MatMul", "r w", "h", "fc"),
        node("Flatten", "h", "y"),
    ]
    inputs = {"x": (FLOAT, ["n", 3, "k"])}
    constants = {"w": np.ones((3, 2), np.float32)}
    graph = load(model(nodes, constants, inputs, {"y": (FLOAT, ["n", "m"])}))
    relative = {"sparsifier": "relative", "fraction": 0.25}
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(activations={"fc": relative}))
    assert str(caught.value) == (
        "activations.fc: the rank of the layer's output is not known, so neither is an image"
    )
