"""The whole network: which layer gets what, errors against the ordinary run, top-1."""

from __future__ import annotations

import numpy as np
import pytest
from intrinsic_models import F, emulated, model, node, one_layer

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.inputs.memory import feed_memory
from sparsesim.intrinsic import emulate
from sparsesim.spec.arithmetic import Arithmetic


def chain_of_two() -> ss.Graph:
    """y = (x * 1) * 1, with a Relu behind the first: layers `a.first` and `b.second`."""
    x = np.zeros((1, 2), F)
    nodes = [
        node("MatMul", "x one", "s", "a.first"),
        node("Relu", "s", "r"),
        node("MatMul", "r one", "y", "b.second"),
    ]
    return model(nodes, {"x": x}, "y", {"one": np.eye(2, dtype=F)})


def test_errors_by_hand():
    graph = chain_of_two()
    images = np.array([[0.3, 0.4], [1.0, -1.0], [2.6, 0.2]], F)
    rule = {"act_bits": 4, "act_fraction": 1, "weight_bits": 4, "weight_fraction": 0}
    found = emulated(graph, {"x": images}, **rule)
    first, second = found.layers
    # In halves: 0.3 is 0.5 and 0.4 too, -1 is cut by the Relu, 2.6 is 2.5, 0.2 is 0.
    # Errors 0.2, 0.1, 0, 0, 0.1, 0.2; the second layer adds none.
    for layer in (first, second):
        assert layer.outputs == 6
        assert layer.mean_error == pytest.approx(0.1) and layer.max_error == pytest.approx(0.2)
        assert layer.mean_magnitude == pytest.approx((0.3 + 0.4 + 1 + 2.6 + 0.2) / 6)
        assert (layer.counts.sums, layer.counts.products, layer.counts.activations) == (6, 12, 6)
        assert (layer.counts.weights, layer.where, layer.lane_bits) == (4, "intrinsic.*", 64)
    assert found.images == 3 and found.accuracy is None
    # 0.3 and 0.4 became equal: the first one wins.
    assert found.outputs.top1_agreement == pytest.approx(2 / 3)
    # Of the ranges 0.1, 1 and 2.4: 0.2 / 0.1, 0, 0.2 / 2.4.
    assert found.outputs.worst == pytest.approx(2.0)
    assert found.outputs.mean == pytest.approx((2.0 + 0.2 / 2.4) / 3)


def test_each_layer_gets_its_most_specific_line():
    graph = chain_of_two()
    rules = {
        "*": Arithmetic(acc_bits=20),
        "b": Arithmetic(acc_bits=21),
        "b.sec*": Arithmetic(acc_bits=22),
    }
    inputs = feed_memory({"x": np.ones((1, 2), F)}, ss.input_specs(graph))
    found = emulate(graph, inputs, ss.Thresholds(intrinsic=rules))
    assert [layer.arithmetic.acc_bits for layer in found.layers] == [20, 21]
    assert [layer.where for layer in found.layers] == ["intrinsic.*", "intrinsic.b"]
    rules = {"unit": Arithmetic(acc_bits=9)}
    found = emulate(graph, inputs, ss.Thresholds(blocks={"unit": ["b.second"]}, intrinsic=rules))
    first, second = found.layers
    assert (first.arithmetic, first.formats, first.counts, first.where) == (None, None, None, "")
    assert first.max_error == 0 and second.where == "intrinsic.unit"


def test_patterns_that_match_nothing_and_tables_that_are_not_there():
    graph = chain_of_two()
    inputs = feed_memory({"x": np.ones((1, 2), F)}, ss.input_specs(graph))
    with pytest.raises(SpecError) as refused:
        emulate(graph, inputs, ss.Thresholds(intrinsic={"a.frst": Arithmetic()}))
    assert str(refused.value) == (
        "intrinsic: 'a.frst' matches no layer and no block; near misses: a.first"
    )
    with pytest.raises(SpecError) as refused:
        emulate(graph, inputs, ss.Thresholds(weights={"*": 0.1}))
    assert str(refused.value) == (
        "table 'intrinsic' is missing or empty; give a pattern and its arithmetic"
    )


def test_open_fractions_are_chosen_over_all_images():
    graph = one_layer("MatMul", np.zeros((1, 1), F), np.array([[0.75]], F))
    images = np.array([[0.1], [-9.0], [5.0]], F)
    (layer,) = emulated(graph, {"x": images}, act_bits=6, weight_bits=3).layers
    # -9 in 6 bits: -18 halves; in quarters -36 is below -32. 0.75 in 3 bits: 3 quarters.
    assert (str(layer.formats.activation), str(layer.formats.weight)) == ("6/1", "3/2")
    assert layer.counts.saturated_activations == layer.counts.saturated_weights == 0
    (layer,) = emulated(graph, {"x": images}, act_bits=6, act_fraction=2, weight_fraction=9).layers
    assert (layer.counts.saturated_activations, layer.counts.activations) == (1, 3)
    # A constant weight counts once, however many images: 384 is above 127.
    assert (layer.counts.saturated_weights, layer.counts.weights) == (1, 1)


def test_ample_formats_on_real_digits(root):
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    digits = root / "models_onnx" / "mnist_test_300.npz"
    inputs = ss.open_inputs(digits, ss.input_specs(graph), None, None, 20)
    done: list[int] = []
    wide = {"act_bits": 16, "weight_bits": 16, "acc_bits": 48}
    found = emulate(graph, inputs, ss.Thresholds(intrinsic={"*": wide}), done.append)
    assert done == list(range(1, 21))
    for layer in found.layers:
        assert layer.max_error < 3e-3 * layer.mean_magnitude and layer.lane_bits == 64
        assert layer.counts.overflowed_sums == layer.counts.saturated_products == 0
    assert (found.accuracy.images, found.accuracy.top1_before) == (20, 1.0)
    assert found.accuracy.top1_after == 1.0 and found.outputs.worst < 1e-3
    narrow = {"acc_bits": 12, "acc_fraction": 8}
    wraps, clamps = (
        emulate(graph, inputs, ss.Thresholds(intrinsic={"*": narrow | {"overflow": how}}))
        for how in ("wrap", "saturate")
    )
    # Both leave their formats; a sum that wraps changes its sign, one that saturates does not.
    assert wraps.layers[1].counts.overflowed_sums == clamps.layers[1].counts.overflowed_sums > 0
    assert wraps.layers[1].max_error > 2 * clamps.layers[1].max_error
    assert wraps.accuracy.top1_after < 0.2 and clamps.accuracy.top1_after > 0.8
    assert wraps.outputs.mean > clamps.outputs.mean > found.outputs.mean


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({"acc_bits": 63}, "intrinsic.*.acc_bits 63 is out of range; use 2 to 62"),
        ({"act_bits": 17}, "intrinsic.*.act_bits 17 is out of range; use 2 to 16"),
        ({"product_bits": 1}, "intrinsic.*.product_bits 1 is out of range; use 2 to 48"),
        ({"act_fraction": 65}, "intrinsic.*.act_fraction 65 is out of range; use -64 to 64"),
        ({"lanes": 0}, "intrinsic.*.lanes 0 is out of range; use 1 to 4096"),
        ({"acc_bits": 8.0}, "intrinsic.*.acc_bits 8.0 is not a whole number; use 2 to 62"),
        (
            {"overflow": "clamp"},
            "intrinsic.*.overflow 'clamp' is unknown; use one of wrap, saturate",
        ),
        (
            {"product_rounding": "dwn"},
            "intrinsic.*.product_rounding 'dwn' is unknown; did you mean 'down'?",
        ),
        ({"acc_bit": 8}, "unknown key 'intrinsic.*.acc_bit'; did you mean 'intrinsic.*.acc_bits'?"),
    ],
)
def test_bad_arithmetic(rule, line):
    with pytest.raises(SpecError) as refused:
        ss.Thresholds(intrinsic={"*": rule})
    assert str(refused.value) == line


def test_products_finer_than_the_sum():
    with pytest.raises(SpecError) as refused:
        ss.Thresholds(intrinsic={"conv*": {"acc_fraction": 3, "product_fraction": 5}})
    assert str(refused.value) == (
        "intrinsic.conv*.acc_fraction 3 is below product_fraction 5; a sum keeps every bit of its "
        "products: use at least 5"
    )
    assert Arithmetic(product_fraction=5, acc_fraction=5).product_fraction == 5
