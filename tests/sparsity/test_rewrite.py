"""Rewrites of small graphs: what becomes of weights and activations, in floats and integers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from sparsify_models import (
    FLOAT,
    INT8,
    INT32,
    UINT8,
    differences,
    model,
    node,
    run_as_onnx,
    two_layers,
)

from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError, SpecError
from sparsesim.graph import Graph, build, load
from sparsesim.graph.blocks import blocks
from sparsesim.sparsity import sparsifier, sparsify, weight_sparsity
from sparsesim.sparsity.sparsifiers import SPARSIFIERS
from sparsesim.spec.thresholds import Thresholds

X = np.random.default_rng(1).standard_normal((2, 4, 6, 6)).astype(np.float32)


@pytest.fixture
def graph() -> Graph:
    return load(two_layers(np.random.default_rng(0)))


@pytest.fixture
def clean() -> Iterator[None]:
    before = dict(SPARSIFIERS._registered)
    yield
    SPARSIFIERS._registered.clear()
    SPARSIFIERS._registered.update(before)


def chains(graph: Graph) -> list[list[str]]:
    return [[fused.op for fused in layer.chain] for layer in graph.layers]


def error(graph: Graph, **tables) -> str:
    with pytest.raises(SpecError) as caught:
        sparsify(graph, Thresholds(**tables))
    return str(caught.value)


def test_weights_are_rewritten_and_biases_are_not(graph: Graph) -> None:
    before = graph.constants["w1"].copy()
    after = sparsify(graph, Thresholds(weights={"conv1": 0.5}))
    expected = np.where(np.abs(before) <= 0.5, 0, before)
    np.testing.assert_array_equal(after.constants["w1"], expected)
    np.testing.assert_array_equal(after.constants["w2"], graph.constants["w2"])
    np.testing.assert_array_equal(after.constants["b1"], np.full(4, 1e-6, np.float32))
    np.testing.assert_array_equal(graph.constants["w1"], before)
    assert after.rewrites == ("weights of 1 layer by magnitude 0.5",)
    assert (after.sha256, after.original) == (graph.sha256, graph.original)


def test_activations_are_thresholded_behind_the_fused_activation(graph: Graph) -> None:
    after = sparsify(graph, Thresholds(activations={"*": 0.5}))
    assert chains(after) == [["Relu", "Shrink"], ["Relu", "Shrink"]]
    assert after.outputs == ("y",)
    assert not [step for step in after.steps if step not in after.layers]
    (y,) = Engine(after).run({"x": X})
    assert y[y != 0].min() > 0.5
    assert max(differences(after, {"x": X})) < 1e-4


def test_thresholds_of_one_layer_alone_equal_a_cut_of_its_output(graph: Graph) -> None:
    (plain,) = Engine(graph).run({"x": X})
    (cut,) = Engine(sparsify(graph, Thresholds(activations={"conv2": 3.0}))).run({"x": X})
    np.testing.assert_array_equal(cut, np.where(np.abs(plain) <= np.float32(3), 0, plain))


def test_sparsifiers_by_name_see_rows(graph: Graph) -> None:
    weights = {
        "conv1": {"sparsifier": "n_m", "n": 2, "m": 4},
        "conv2": {"sparsifier": "top_k", "keep": 0.25},
    }
    after = sparsify(graph, Thresholds(weights=weights))
    # Along the channels, the fastest part of K: two of the four channels at each kernel element.
    assert (np.count_nonzero(after.constants["w1"], axis=1) == 2).all()
    assert np.count_nonzero(after.constants["w2"]) == 36
    assert after.rewrites == (
        "weights of 1 layer by n_m n 2 m 4",
        "weights of 1 layer by top_k keep 0.25",
    )
    assert max(differences(after, {"x": X})) < 1e-4


def test_patterns_over_blocks(graph: Graph) -> None:
    after = sparsify(graph, Thresholds(blocks={"all": ["conv?"]}, weights={"all": 0.5, "conv2": 0}))
    assert after.rewrites == ("weights of 1 layer by magnitude 0.5",)
    np.testing.assert_array_equal(after.constants["w2"], graph.constants["w2"])


def test_nothing_to_do_gives_the_graph_itself(graph: Graph) -> None:
    assert sparsify(graph, Thresholds()) is graph
    assert sparsify(graph, Thresholds(weights={"*": 0}, activations={"*": 0})) is graph


def test_sparsifying_twice_adds_up(graph: Graph) -> None:
    once = sparsify(graph, Thresholds(weights={"*": 0.2}, activations={"*": 0.2}))
    twice = sparsify(once, Thresholds(weights={"conv1": 0.5}, activations={"*": 0.5}))
    assert chains(twice) == [["Relu", "Shrink", "Shrink"]] * 2
    assert twice.rewrites == (
        "weights of 2 layers by magnitude 0.2",
        "activations of 2 layers by magnitude 0.2",
        "weights of 1 layer by magnitude 0.5",
        "activations of 2 layers by magnitude 0.5",
    )
    at_once = Thresholds(weights={"conv1": 0.5, "conv2": 0.2}, activations={"*": 0.5})
    expected = Engine(sparsify(graph, at_once)).run({"x": X})[0]
    np.testing.assert_array_equal(Engine(twice).run({"x": X})[0], expected)
    assert max(differences(twice, {"x": X})) < 1e-4


@pytest.mark.usefixtures("clean")
def test_a_sparsifier_of_one_s_own(graph: Graph) -> None:
    @sparsifier("first_filter")
    def first_filter(values: NDArray, keep_rows: int = 1) -> NDArray:
        return np.where(np.arange(len(values))[:, None] < keep_rows, values, 0)

    after = sparsify(graph, Thresholds(weights={"conv1": {"sparsifier": "first_filter"}}))
    np.testing.assert_array_equal(np.flatnonzero(after.constants["w1"].any(axis=(1, 2, 3))), [0])


def shared(weights: dict[str, str], constants: dict[str, NDArray], *extra) -> Graph:
    """Gemm layers in a row, each with the weight named."""
    nodes, tensor = list(extra), "x"
    for name, weight in weights.items():
        nodes.append(node("MatMul", f"{tensor} {weight}", f"{name}.y", name))
        tensor = f"{name}.y"
    return load(model(nodes, constants, {"x": (FLOAT, [1, 3])}, {tensor: (FLOAT, [1, 3])}))


W = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32)


def test_a_shared_weight_is_copied_only_for_the_layers_asked_for() -> None:
    graph = shared({"a": "w", "b": "w", "c": "w"}, {"w": W})
    after = sparsify(graph, Thresholds(weights={"a": 3, "c": 3}))
    assert set(after.constants) == {"w", "w:sparse"}
    assert [layer.weight for layer in after.layers] == ["w:sparse", "w", "w:sparse"]
    every = sparsify(graph, Thresholds(weights={"*": 3, "b": 5}))
    zeros = [int((every.weight(layer) == 0).sum()) for layer in every.layers]
    assert (zeros, len(every.constants)) == ([3, 5, 3], 2)
    assert max(differences(every, {"x": np.ones((1, 3), np.float32)})) < 1e-4


def dequantised() -> Graph:
    """Two int8 products whose weight comes from one DequantizeLinear; (q - 1) / 2 in reals."""
    constants = {"q": W.astype(np.int8), "s": np.float32(0.5), "z": np.int8(1)}
    nodes = [
        node("DequantizeLinear", "q s z", "w"),
        node("DequantizeLinear", "x s z", "xf"),
        node("MatMul", "xf w", "hf", "a"),
        node("QuantizeLinear", "hf s z", "h"),
        node("DequantizeLinear", "h s z", "hd"),
        node("MatMul", "hd w", "yf", "b"),
        node("QuantizeLinear", "yf s z", "y"),
    ]
    return load(model(nodes, constants, {"x": (INT8, [1, 3])}, {"y": (INT8, [1, 3])}))


@pytest.mark.parametrize(("pattern", "zeros"), [("b", [1, 3]), ("a", [3, 1]), ("*", [3, 3])])
def test_a_shared_quantised_weight_is_copied(pattern: str, zeros: list[int]) -> None:
    """Real values are 0, 0.5, ... 4: at or below 1 are q of 1, 2 and 3."""
    graph = dequantised()
    after = sparsify(graph, Thresholds(weights={pattern: 1}))
    assert [part.zeros for part in weight_sparsity(after, blocks(after)).layers] == zeros
    rewritten = after.constants["q:sparse"]
    np.testing.assert_array_equal(rewritten, [[1, 1, 1], [4, 5, 6], [7, 8, 9]])
    for x in ([1, 2, 1], [-3, 0, 2]):
        assert differences(after, {"x": np.array([x], np.int8)}) == [0, 0]


def test_a_shared_dequantised_weight_is_copied_with_its_node() -> None:
    """Loading gives each layer a DequantizeLinear of its own; a graph built otherwise may not."""
    split = dequantised()
    proto = onnx.ModelProto()
    proto.CopyFrom(split.model)
    first, second = (n for n in proto.graph.node if n.op_type == "MatMul")
    unread = second.input[1]
    second.input[1] = first.input[1]
    for left in [n for n in proto.graph.node if n.output[0] == unread]:
        proto.graph.node.remove(left)
    graph = build(proto, split.constants, "built", "0" * 64)
    after = sparsify(graph, Thresholds(weights={"b": 1}))
    assert [part.zeros for part in weight_sparsity(after, blocks(after)).layers] == [1, 3]
    assert differences(after, {"x": np.array([[-3, 0, 2]], np.int8)}) == [0, 0]


def test_a_dequantised_weight_that_is_an_output_too_stays() -> None:
    constants = {"q": W.astype(np.int8), "s": np.float32(0.5), "z": np.int8(1)}
    nodes = [
        node("DequantizeLinear", "q s z", "w"),
        node("DequantizeLinear", "x s z", "xf"),
        node("MatMul", "xf w", "y", "a"),
    ]
    outputs = {"y": (FLOAT, [1, 3]), "w": (FLOAT, [3, 3])}
    graph = load(model(nodes, constants, {"x": (INT8, [1, 3])}, outputs))
    after = sparsify(graph, Thresholds(weights={"a": 1}))
    feed = {"x": np.array([[3, 3, 3]], np.int8)}
    y, w = run_as_onnx(after, feed)
    np.testing.assert_array_equal(w, (W - 1) / 2)
    np.testing.assert_array_equal(y, [[1.5 + 3, 2 + 3.5, 2.5 + 4]])
    assert max(differences(after, feed)) < 1e-4


def quantised(scale: float, zero: int, kind: type) -> Graph:
    """A quantised MatMul layer whose weight has a scale for each column."""
    integer = {np.int8: INT8, np.uint8: UINT8}[kind]
    rng = np.random.default_rng(3)
    constants = {
        "w": rng.integers(-128, 128, (16, 8)).astype(np.int8),
        "sw": np.linspace(0.001, 0.02, 8, dtype=np.float32),
        "zw": np.zeros(8, np.int8),
        "sx": np.float32(0.05),
        "zx": kind(3),
        "sy": np.float32(scale),
        "zy": kind(zero),
    }
    nodes = [
        node("DequantizeLinear", "x sx zx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf", axis=1),
        node("MatMul", "xf wf", "yf", "fc"),
        node("QuantizeLinear", "yf sy zy", "y"),
    ]
    return load(model(nodes, constants, {"x": (integer, [64, 16])}, {"y": (integer, [64, 8])}))


@pytest.mark.parametrize(("kind", "zero"), [(np.int8, -7), (np.uint8, 128), (np.uint8, 0)])
@pytest.mark.parametrize("scale", [0.0078125, 0.0173, 3.1e-5])
def test_a_quantised_threshold_moves_no_other_value(kind: type, zero: int, scale: float) -> None:
    """Statement of our own: q stays where |q - zero| * scale, in float32, is above t."""
    graph = quantised(scale, zero, kind)
    info = np.iinfo(kind)
    x = np.random.default_rng(4).integers(info.min, info.max + 1, (64, 16)).astype(kind)
    (plain,) = Engine(graph).run({"x": x})
    threshold = 20.5 * scale
    after = sparsify(graph, Thresholds(activations={"fc": threshold}))
    assert chains(after) == [["DequantizeLinear", "Shrink", "QuantizeLinear"]]
    assert after.outputs == ("y",)
    real = (plain.astype(np.int32) - zero).astype(np.float32) * np.float32(scale)
    expected = np.where(np.abs(real) <= np.float32(threshold), kind(zero), plain)
    np.testing.assert_array_equal(run_as_onnx(after, {"x": x})[0], expected)
    assert differences(after, {"x": x}) == [0, 0]


def test_every_integer_comes_back_from_its_own_scale() -> None:
    """All 256 values of a product by 1, for scales that have no short binary form."""
    x = np.arange(-128, 128, dtype=np.int8).reshape(256, 1)
    for scale in np.float32([0.1, 1 / 3, 0.007, 1e-6, 123.4]):
        constants = {"w": np.ones((1, 1), np.int8), "one": np.float32(1), "s": scale}
        constants["z"] = np.int8(5)
        nodes = [
            node("DequantizeLinear", "x s z", "xf"),
            node("DequantizeLinear", "w one", "wf"),
            node("MatMul", "xf wf", "yf", "fc"),
            node("QuantizeLinear", "yf s z", "y"),
        ]
        graph = load(model(nodes, constants, {"x": (INT8, [256, 1])}, {"y": (INT8, [256, 1])}))
        after = sparsify(graph, Thresholds(activations={"fc": 10 * float(scale)}))
        expected = np.where(np.abs(x.astype(int) - 5) <= 10, np.int8(5), x)
        np.testing.assert_array_equal(run_as_onnx(after, {"x": x})[0], expected)
        np.testing.assert_array_equal(Engine(after).run({"x": x})[0], expected)


def test_quantised_weights_are_compared_in_real_units_column_by_column() -> None:
    graph = quantised(0.01, 0, np.int8)
    weight, scale = graph.constants["w"], graph.constants["sw"]
    after = sparsify(graph, Thresholds(weights={"fc": 0.3}))
    real = np.abs(weight.astype(np.float32) * scale)
    np.testing.assert_array_equal(after.constants["w"], np.where(real <= 0.3, 0, weight))
    by_size = {"sparsifier": "top_k", "count": 10}
    kept = sparsify(graph, Thresholds(weights={"fc": by_size})).constants["w"] != 0
    assert real[kept].min() >= real[~kept].max()
    x = np.arange(64 * 16).reshape(64, 16).astype(np.int8)
    assert differences(after, {"x": x}) == [0, 0]


def test_qlinear_layers() -> None:
    rng = np.random.default_rng(5)
    constants = {
        "w": rng.integers(0, 256, (4, 2, 3, 3)).astype(np.uint8),
        "sw": np.array([0.01, 0.02, 0.03, 0.04], np.float32),
        "zw": np.array([100, 110, 120, 130], np.uint8),
        "sx": np.float32(0.02),
        "zx": np.uint8(120),
        "sy": np.float32(0.3),
        "zy": np.uint8(90),
    }
    conv = node("QLinearConv", "x sx zx w sw zw sy zy", "y", "conv")
    graph = load(
        model([conv], constants, {"x": (UINT8, [1, 2, 8, 8])}, {"y": (UINT8, [1, 4, 6, 6])})
    )
    after = sparsify(graph, Thresholds(weights={"conv": 0.5}, activations={"conv": 2}))
    steps = constants["w"].astype(int) - constants["zw"].reshape(4, 1, 1, 1)
    small = np.abs(steps * constants["sw"].reshape(4, 1, 1, 1)) <= 0.5
    assert 0 < small.sum() < small.size
    found = after.constants["w"].astype(int) - constants["zw"].reshape(4, 1, 1, 1)
    np.testing.assert_array_equal(found, np.where(small, 0, steps))
    x = rng.integers(0, 256, (1, 2, 8, 8)).astype(np.uint8)
    assert differences(after, {"x": x}) == [0, 0]
    (y,) = Engine(after).run({"x": x})
    assert (np.abs(y.astype(int) - 90)[y != 90] * 0.3).min() > 2


def test_models_below_opset_9_are_converted_first() -> None:
    rng = np.random.default_rng(6)
    constants = {"w": rng.standard_normal((4, 4, 1, 1)).astype(np.float32)}
    nodes = [
        node("Conv", "x w", "c", "conv"),
        node("Upsample", "c", "u", "up", mode="nearest", scales=[1.0, 1.0, 2.0, 2.0]),
        node("Relu", "u", "y"),
    ]
    shape = (FLOAT, [2, 4, 6, 6])
    graph = load(model(nodes, constants, {"x": shape}, {"y": (FLOAT, [2, 4, 12, 12])}, opset=7))
    assert sparsify(graph, Thresholds(weights={"*": 0.5})).model.opset_import[0].version == 7
    after = sparsify(graph, Thresholds(weights={"*": 0.5}, activations={"conv": 0.25}))
    assert after.model.opset_import[0].version == 9
    assert chains(after) == [["Shrink"]]
    assert after.original == graph.original
    assert after.rewrites == (
        "converted from opset 7 to 9",
        "weights of 1 layer by magnitude 0.5",
        "activations of 1 layer by magnitude 0.25",
    )
    assert max(differences(after, {"x": X})) < 1e-4


def test_a_model_that_does_not_convert_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no adapter for Upsample")

    nodes = [node("MatMul", "x w", "y", "fc")]
    constants = {"w": np.ones((3, 3), np.float32)}
    graph = load(model(nodes, constants, {"x": (FLOAT, [1, 3])}, {"y": (FLOAT, [1, 3])}, opset=8))
    monkeypatch.setattr(onnx.version_converter, "convert_version", fail)
    with pytest.raises(ModelError) as caught:
        sparsify(graph, Thresholds(activations={"*": 0.1}))
    assert str(caught.value) == (
        "small: opset 8 cannot be converted to 9, which activation thresholds need: "
        "no adapter for Upsample"
    )


def test_wrong_parameters_name_the_line(graph: Graph) -> None:
    unknown = {"sparsifier": "topk", "keep": 0.1}
    assert error(graph, weights={"conv*": unknown}) == (
        "weights.conv*: unknown sparsifier 'topk'; did you mean 'top_k'?"
    )
    assert error(graph, weights={"conv1": {"sparsifier": "top_k", "keep": 3}}) == (
        "weights.conv1: keep 3 is out of range; use 0 to 1"
    )
    for rule, line in (
        ({"sparsifier": "n_m", "n": 3, "m": 2}, "n 3 is out of range; use 1 to m, which is 2"),
        ({"sparsifier": "top_k"}, "top_k takes either keep or count; give one of the two"),
        (
            {"quantiser": "logarithmic", "min_exponent": 2, "max_exponent": 1},
            "min_exponent 2 is out of range; use -100 to max_exponent, which is 1",
        ),
    ):  # found before anything is rewritten, so also where the layer gets nothing by it
        assert error(graph, weights={"*": rule}) == f"weights.*: {line}"
        assert error(graph, weights={"*": rule, "conv1": 0, "conv2": 0}) == f"weights.*: {line}"
    negative = {"sparsifier": "magnitude", "threshold": -1}
    assert error(graph, activations={"conv1": negative}) == (
        "activations.conv1: threshold -1 is out of range; use 0 to 3.4e+38"
    )
    assert error(graph, activations={"cov1": 1}) == (
        "activations: 'cov1' matches no layer and no block; near misses: conv1, conv2"
    )


def test_a_computed_weight_is_one_line() -> None:
    both = {"x": (FLOAT, [2, 2]), "v": (FLOAT, [2, 2])}
    graph = load(model([node("MatMul", "x v", "y", "qk")], {}, both, {"y": (FLOAT, [2, 2])}))
    assert error(graph, weights={"qk": 0.1}) == (
        "weights.qk: the weight of layer 'qk' is computed while the model runs and cannot be "
        "rewritten; give this layer the threshold 0"
    )
    assert sparsify(graph, Thresholds(weights={"*": 0.1, "qk": 0})) is graph


@pytest.mark.parametrize("pattern", ["*", "?*", "unit"])
@pytest.mark.parametrize("heads", [1, 2, 5])
def test_a_pattern_passes_over_computed_weights_and_says_which(pattern: str, heads: int) -> None:
    constants = {"q": np.float32([[0.05, 1], [2, -0.01]])}
    nodes = [node("MatMul", "x q", "a", "query")]
    nodes += [node("MatMul", "a v", f"y{i}", f"scores{i}") for i in range(heads)]
    both = {"x": (FLOAT, [2, 2]), "v": (FLOAT, [2, 2])}
    outputs = {f"y{i}": (FLOAT, [2, 2]) for i in range(heads)}
    graph = load(model(nodes, constants, both, outputs))
    after = sparsify(graph, Thresholds(weights={pattern: 0.1}, blocks={"unit": ["*"]}))
    np.testing.assert_array_equal(after.constants["q"], [[0, 1], [2, 0]])
    left = {
        1: "weights of 1 layer left as it is, computed while the model runs: scores0",
        2: "weights of 2 layers left as they are, computed while the model runs: scores0, scores1",
        5: "weights of 5 layers left as they are, computed while the model runs: scores0, scores1, "
        "scores2 and 2 more",
    }
    assert after.rewrites == ("weights of 1 layer by magnitude 0.1", left[heads])


def test_a_pattern_that_meets_computed_weights_alone_says_so() -> None:
    both = {"x": (FLOAT, [2, 2]), "v": (FLOAT, [2, 2])}
    graph = load(model([node("MatMul", "x v", "y", "qk")], {}, both, {"y": (FLOAT, [2, 2])}))
    after = sparsify(graph, Thresholds(weights={"q*": 0.1}))
    assert after.model is graph.model
    assert after.rewrites == (
        "weights of 1 layer left as it is, computed while the model runs: qk",
    )


def test_integer_layers_without_scales() -> None:
    constants = {"w": np.array([[1, 2], [3, 4]], np.uint8), "z": np.uint8(2)}
    product = helper_product()
    graph = load(
        model([product], constants, {"x": (UINT8, [1, 2])}, {"y": (INT32, [1, 2])}, opset=10)
    )
    assert error(graph, weights={"fc": 0.1}) == (
        "weights.fc: the weight of layer 'fc' (MatMulInteger) has no scale of its own, so a "
        "threshold in real units means nothing; use top_k or n_m, or 0"
    )
    assert error(graph, activations={"fc": 0.1}) == (
        "activations.fc: layer 'fc' (MatMulInteger) gives integer sums whose scale it does not "
        "know; give this layer the threshold 0"
    )
    after = sparsify(graph, Thresholds(weights={"fc": {"sparsifier": "top_k", "count": 1}}))
    np.testing.assert_array_equal(after.constants["w"], [[2, 2], [2, 4]])
    assert differences(after, {"x": np.array([[5, 6]], np.uint8)}) == [0, 0]


def helper_product():
    from onnx import helper

    return helper.make_node("MatMulInteger", ["x", "w", "", "z"], ["y"], "fc")


@pytest.mark.usefixtures("clean")
def test_a_quantised_weight_takes_only_zeros() -> None:
    sparsifier("halve")(lambda values: values / 2)
    assert error(dequantised(), weights={"a": {"sparsifier": "halve"}}) == (
        "weights.a: sparsifier 'halve' changes values other than to zero, which the quantised "
        "weight of layer 'a' cannot take"
    )
