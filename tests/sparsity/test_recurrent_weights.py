"""Sparsifying the W and R of recurrent nodes: rows are filters, K the last of the lowering."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper
from recurrent_models import one_node, recurrent

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.graph.blocks import blocks
from sparsesim.graph.save import to_model
from sparsesim.sparsity import weight_sparsity

F = np.float32


def by_row(weight, keep):
    """Each row's largest magnitudes along the last axis, the others zero."""
    kept = np.zeros_like(weight)
    for index in np.ndindex(weight.shape[:-1]):
        best = np.argsort(-np.abs(weight[index]), kind="stable")[:keep]
        kept[index][best] = weight[index][best]
    return kept


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_thresholds_change_w_and_r_of_the_node(op, direction):
    random = np.random.default_rng(0)
    case = recurrent(random, op, direction=direction, hidden=4, inputs=6)
    graph = ss.load(case.model)
    thresholds = ss.Thresholds(weights={"net/rec/input": 0.3, "net/rec/hidden": 0.5})
    sparse = ss.sparsify(graph, thresholds)
    w = np.where(np.abs(case.node.w) <= F(0.3), 0, case.node.w)
    r = np.where(np.abs(case.node.r) <= F(0.5), 0, case.node.r)
    np.testing.assert_array_equal(sparse.constants["W"], w)
    np.testing.assert_array_equal(sparse.constants["R"], r)
    table = weight_sparsity(sparse, blocks(sparse))
    assert [(row.zeros, row.elements) for row in table.layers] == [
        (np.count_nonzero(w == 0), w.size),
        (np.count_nonzero(r == 0), r.size),
    ]
    # The saved node has them, and runs alike.
    x = random.standard_normal(case.shape).astype(F)
    session = ort.InferenceSession(
        to_model(sparse).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    case.node.w, case.node.r = w, r
    (image,) = ss.execute(sparse, {"x": x}).images
    for saved, ours, plain in zip(
        session.run(None, {"x": x}), image.outputs, case.node.run(x), strict=False
    ):
        np.testing.assert_allclose(saved, plain, atol=3e-6)
        np.testing.assert_allclose(ours, plain, atol=3e-6)


def test_structured_sparsifiers_work_along_k():
    case = recurrent(np.random.default_rng(1), "GRU", direction="bidirectional", hidden=4)
    rule = {"sparsifier": "n_m", "n": 1, "m": 4}
    sparse = ss.sparsify(ss.load(case.model), ss.Thresholds(weights={"net/rec": rule}))
    np.testing.assert_array_equal(sparse.constants["W"], by_row(case.node.w, 1))
    np.testing.assert_array_equal(sparse.constants["R"], by_row(case.node.r, 1))


@pytest.mark.parametrize("per_channel", [False, True])
def test_quantised_weights_are_stored_k_first_and_keep_their_zero_points(per_channel):
    random = np.random.default_rng(2)
    size = (2, 12) if per_channel else (2,)
    constants = {
        "W": random.integers(-128, 128, (2, 5, 12)).astype(np.int8),
        "R": random.integers(-128, 128, (2, 3, 12)).astype(np.int8),
        "Ws": random.uniform(0.01, 0.02, size).astype(F),
        "Wz": random.integers(-5, 6, size).astype(np.int8),
        "Rs": random.uniform(0.01, 0.02, size).astype(F),
        "Rz": random.integers(-5, 6, size).astype(np.int8),
    }
    node = helper.make_node(
        "DynamicQuantizeLSTM", ["x", "W", "R", "", "", "", "", "", "Ws", "Wz", "Rs", "Rz"], ["Y"],
        "rec", domain="com.microsoft", hidden_size=3, direction="bidirectional",
    )  # fmt: skip
    model = one_node(node, (4, 1, 5), {"Y": (4, 2, 1, 3)}, constants, ("", "com.microsoft"))
    graph = ss.load(model)
    sparse = ss.sparsify(graph, ss.Thresholds(weights={"rec/input": 0.8, "rec/hidden": 0.6}))
    for name, limit in (("W", 0.8), ("R", 0.6)):
        along = (2, 1, -1)
        zero = constants[f"{name}z"].reshape(along).astype(int)
        steps = constants[name].astype(int) - zero
        small = np.abs(steps * constants[f"{name}s"].reshape(along)) <= F(limit)
        wanted = np.where(small, zero, constants[name])
        np.testing.assert_array_equal(sparse.constants[name], wanted)
        assert 0 < np.count_nonzero(small) < small.size


def test_w_and_r_that_are_one_tensor_are_changed_apart():
    case = recurrent(np.random.default_rng(3), "RNN", hidden=4, inputs=4, bias=False)
    case.model.graph.node[0].input[2] = "W"
    unused = next(i for i in case.model.graph.initializer if i.name == "R")
    case.model.graph.initializer.remove(unused)
    sparse = ss.sparsify(ss.load(case.model), ss.Thresholds(weights={"net/rec/hidden": 9.0}))
    first, second = sparse.layers
    np.testing.assert_array_equal(sparse.constants[first.weight], case.node.w)
    assert not sparse.constants[second.weight].any()


def test_two_nodes_that_share_a_weight_are_changed_apart():
    case = recurrent(np.random.default_rng(3), "RNN", hidden=4, inputs=4, bias=False)
    graph = case.model.graph
    graph.node.append(helper.make_node("RNN", ["Y3", "W", "R"], ["Z"], "next", hidden_size=4))
    graph.node.insert(1, helper.make_node("Squeeze", ["Y", "axis"], ["Y3"], "squeeze"))
    graph.initializer.append(numpy_helper.from_array(np.array([1]), "axis"))
    graph.output.append(helper.make_tensor_value_info("Z", 1, [5, 1, 1, 4]))
    sparse = ss.sparsify(ss.load(case.model), ss.Thresholds(weights={"next/input": 9.0}))
    weights = {layer.name: sparse.constants[layer.weight] for layer in sparse.layers}
    assert not weights["next/input"].any()
    np.testing.assert_array_equal(weights["net/rec/input"], case.node.w)
    onnx.checker.check_model(to_model(sparse))


def test_no_function_can_stand_inside_the_node():
    graph = ss.load(recurrent(np.random.default_rng(4), "LSTM").model)
    with pytest.raises(SpecError) as raised:
        ss.sparsify(graph, ss.Thresholds(activations={"net/rec/hidden": 0.1}))
    assert str(raised.value) == (
        "activations.net/rec/hidden: what layer 'net/rec/hidden' gives stays inside its node "
        "(LSTM), where no function can be put; give this layer the threshold 0"
    )


def test_a_pattern_passes_over_it_and_says_so():
    graph = ss.load(recurrent(np.random.default_rng(4), "LSTM").model)
    sparse = ss.sparsify(graph, ss.Thresholds(weights={"*": 0.1}, activations={"*": 0.1}))
    assert sparse.rewrites == (
        "weights of 2 layers by magnitude 0.1",
        "activations of 2 layers left as they are, inside a recurrent node: net/rec/input, "
        "net/rec/hidden",
    )
