"""Layers that a rule cannot change: patterns pass over them and say which; names are refused."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from sparsify_models import FLOAT, INT32, UINT8, differences, model, node

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, load
from sparsesim.sparsity import plan, sparsify
from sparsesim.spec.thresholds import Thresholds

W = np.array([[0.05, 1.0], [2.0, -0.01]], np.float32)
IW = np.array([[1, 3], [2, 7]], np.uint8)
FIXED = {"quantiser": "fixed_point", "width": 8, "fraction": 4}


def mixed(integers: int) -> Graph:
    """A float product beside integer ones, whose weights have a zero point and no scale."""
    nodes = [node("MatMul", "x w", "y", "float")]
    nodes += [
        helper.make_node("MatMulInteger", ["q", "iw", "", "z"], [f"y{i}"], f"integer{i}")
        for i in range(integers)
    ]
    outputs = {"y": (FLOAT, [1, 2])} | {f"y{i}": (INT32, [1, 2]) for i in range(integers)}
    inputs = {"x": (FLOAT, [1, 2]), "q": (UINT8, [1, 2])}
    return load(model(nodes, {"w": W, "iw": IW, "z": np.uint8(2)}, inputs, outputs))


def conv_integer() -> Graph:
    nodes = [
        helper.make_node("ConvInteger", ["q", "k"], ["c"], "conv"),
        helper.make_node("Cast", ["c"], ["f"], to=FLOAT),
        node("MatMul", "f w", "y", "fc"),
    ]
    constants = {"k": np.ones((3, 2, 1, 1), np.int8), "w": W}
    return load(model(nodes, constants, {"q": (UINT8, [1, 2, 2, 2])}, {"y": (FLOAT, [1, 3, 2, 2])}))


@pytest.mark.parametrize("pattern", ["*", "[fi]*", "unit"])
@pytest.mark.parametrize(
    ("integers", "said"),
    [
        (1, "weights of 1 layer left as it is, integers without a scale: integer0"),
        (
            5,
            "weights of 5 layers left as they are, integers without a scale: integer0, integer1, "
            "integer2 and 2 more",
        ),
    ],
)
def test_thresholds_on_weights_without_a_scale(pattern: str, integers: int, said: str) -> None:
    graph = mixed(integers)
    after = sparsify(graph, Thresholds(weights={pattern: 0.1}, blocks={"unit": ["*"]}))
    np.testing.assert_array_equal(after.constants["w"], [[0, 1], [2, 0]])
    np.testing.assert_array_equal(after.constants["iw"], IW)
    assert after.rewrites == ("weights of 1 layer by magnitude 0.1", said)
    feed = {"x": np.float32([[1, 10]]), "q": np.uint8([[3, 4]])}
    assert set(differences(after, feed)) == {0}


def test_a_convolution_of_integers() -> None:
    after = sparsify(conv_integer(), Thresholds(weights={"*": 0.1}, activations={"*": 3}))
    np.testing.assert_array_equal(after.constants["k"], np.ones((3, 2, 1, 1)))
    assert after.rewrites == (
        "weights of 1 layer by magnitude 0.1",
        "activations of 1 layer by magnitude 3",
        "weights of 1 layer left as it is, integers without a scale: conv",
        "activations of 1 layer left as it is, integer sums without a scale: conv",
    )
    feed = {"q": np.arange(8, dtype=np.uint8).reshape(1, 2, 2, 2)}
    assert set(differences(after, feed)) == {0}


def test_top_k_needs_no_scale() -> None:
    after = sparsify(mixed(1), Thresholds(weights={"*": {"sparsifier": "top_k", "count": 1}}))
    # With the zero point 2 the steps are -1, 1, 0 and 5, of which the last is kept.
    np.testing.assert_array_equal(after.constants["iw"], [[2, 2], [2, 7]])
    assert after.rewrites == ("weights of 2 layers by top_k count 1",)


def test_more_than_one_reason() -> None:
    """A weight that is computed, one without a scale, and nothing that could be changed."""
    nodes = [
        helper.make_node("MatMulInteger", ["q", "iw"], ["a"], "integer"),
        node("MatMul", "x v", "b", "computed"),
    ]
    inputs = {"q": (UINT8, [1, 2]), "x": (FLOAT, [2, 2]), "v": (FLOAT, [2, 2])}
    outputs = {"a": (INT32, [1, 2]), "b": (FLOAT, [2, 2])}
    graph = load(model(nodes, {"iw": IW}, inputs, outputs))
    after = sparsify(graph, Thresholds(weights={"*": 0.1}))
    assert after.model is graph.model
    assert after.rewrites == (
        "weights of 1 layer left as it is, integers without a scale: integer",
        "weights of 1 layer left as it is, computed while the model runs: computed",
    )


def test_quantisers_leave_what_is_quantised() -> None:
    nodes = [
        node("DequantizeLinear", "x s", "xf"),
        node("DequantizeLinear", "i s", "wf"),
        node("MatMul", "xf wf", "af", "quantised"),
        node("QuantizeLinear", "af s", "a"),
        node("DequantizeLinear", "a s", "df"),
        node("MatMul", "df w", "y", "float"),
    ]
    constants = {"i": IW.astype(np.int8), "s": np.float32(0.5), "w": W}
    graph = load(model(nodes, constants, {"x": (UINT8, [1, 2])}, {"y": (FLOAT, [1, 2])}))
    after = sparsify(graph, Thresholds(weights={"*": FIXED}, activations={"*": FIXED}))
    # W in steps of 1/16: 0.05 is 0.8 steps, -0.01 is 0.16.
    np.testing.assert_array_equal(after.constants["w"], [[0.0625, 1], [2, 0]])
    np.testing.assert_array_equal(after.constants["i"], IW)
    assert [line for line in after.rewrites if "left" in line] == [
        "weights of 1 layer left as it is, quantised already: quantised",
        "activations of 1 layer left as it is, quantised already: quantised",
    ]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            {"weights": {"*": 0.1, "integer0": 0.1}},
            "weights.integer0: the weight of layer 'integer0' (MatMulInteger) has no scale of its "
            "own, so a threshold in real units means nothing; use top_k or n_m, or 0",
        ),
        (
            {"weights": {"integer0": FIXED}},
            "weights.integer0: the weight of layer 'integer0' is quantised already, to uint8, "
            "which quantiser 'fixed_point' cannot change; use a sparsifier",
        ),
        (
            {"activations": {"integer0": 0.5}},
            "activations.integer0: layer 'integer0' (MatMulInteger) gives integer sums whose scale "
            "it does not know; give this layer the threshold 0",
        ),
    ],
)
def test_a_name_is_refused(tables, said: str) -> None:
    for verb in (sparsify, plan):
        with pytest.raises(SpecError) as caught:
            verb(mixed(1), Thresholds(**tables))
        assert str(caught.value) == said


def test_a_name_with_the_threshold_0_is_not() -> None:
    rules = {"*": 0.1, "integer0": 0}
    after = sparsify(mixed(1), Thresholds(weights=rules))
    assert after.rewrites == ("weights of 1 layer by magnitude 0.1",)


def test_show_says_what_gets_nothing(tmp_path) -> None:
    from sparsesim.cli.show import _mapped

    rules = tmp_path / "rules.toml"
    rules.write_text('[weights]\n"*" = 0.1\n[activations]\n"*" = 2\n')
    layers = _mapped(conv_integer(), str(rules))["layers"]
    assert layers["conv"]["weights"]["rule"] == "nothing: integers without a scale"
    assert layers["conv"]["activations"]["rule"] == "nothing: integer sums without a scale"
    assert layers["fc"]["weights"]["rule"] == "magnitude 0.1"
