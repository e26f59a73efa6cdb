"""Narrow weights are priced at their width, also where nothing else of the layer is quantised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.graph.save import save
from sparsesim.graph.widths import METADATA_KEY, set_value_bits, value_bits, with_value_bits

KINDS = {T.INT4: 4, T.UINT4: 4, T.INT8: 8, T.UINT8: 8, T.INT16: 16}


def weight_only(
    kind: int, q: np.ndarray, zero: int, between: list[onnx.NodeProto], last: str, opset: int = 21
) -> onnx.ModelProto:
    """A float MatMul whose weight is a dequantised constant, moved about on the way."""
    constants = [
        helper.make_tensor("q", kind, q.shape, q.reshape(-1).tolist()),
        numpy_helper.from_array(np.float32(0.25), "s"),
        helper.make_tensor("z", kind, [], [zero]),
        numpy_helper.from_array(np.array([8, 6]), "shape"),
        numpy_helper.from_array(np.float32(3), "three"),
    ]
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["f"], name="dq"),
        *between,
        helper.make_node("MatMul", ["a", last], ["y"], name="mm"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("a", 1, [3, 8])],
        [helper.make_tensor_value_info("y", 1, [3, 6])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 10
    return model


def drawn(kind: int, *shape: int) -> np.ndarray:
    low, high = {T.INT4: (-8, 8), T.UINT4: (0, 16)}.get(kind, (0, 100))
    return np.random.default_rng(0).integers(low, high, shape)


def estimated(graph) -> ss.Result:
    a = np.random.default_rng(1).standard_normal((3, 8)).astype(np.float32)
    return ss.estimate(ss.execute(graph, {"a": a}), ss.Accelerator(weight_format="bitmask"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zero", [0, 3])
def test_weight_only_quantisation(kind, zero):
    q = drawn(kind, 8, 6)
    graph = ss.load(weight_only(kind, q, zero, [], "f"))
    (layer,) = estimated(graph).layers
    bits, ones = KINDS[kind], np.count_nonzero(q != zero)
    assert layer.weight_value_bits == bits
    assert not layer.weight_is_float and layer.activation_is_float
    assert layer.weight_storage.dense == q.size * bits
    assert layer.weight_storage.encoded == q.size + ones * bits
    assert layer.weight_sparsity == pytest.approx(1 - ones / q.size)
    assert layer.schemes["none"].dram_bits.weight == q.size * bits
    assert layer.schemes["two_sided"].dram_bits.weight == q.size + ones * bits


MOVES = {
    "nothing": ((8, 6), []),
    "Transpose": ((6, 8), [helper.make_node("Transpose", ["f"], ["g"], perm=[1, 0])]),
    "Reshape": ((48,), [helper.make_node("Reshape", ["f", "shape"], ["g"])]),
    "Cast": (
        (8, 6),
        [
            helper.make_node("Cast", ["f"], ["h"], to=T.DOUBLE),
            helper.make_node("Cast", ["h"], ["g"], to=T.FLOAT),
        ],
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_is_moved_about_stays_narrow(name):
    shape, between = MOVES[name]
    model = weight_only(T.INT4, drawn(T.INT4, *shape), 1, between, "g" if between else "f")
    assert [layer.weight_value_bits for layer in estimated(ss.load(model)).layers] == [4]


@pytest.mark.parametrize("op", ["Add", "Sub", "Max"])
def test_what_is_computed_with_is_a_float(op):
    between = [helper.make_node(op, ["f", "three"], ["g"])]
    model = weight_only(T.INT4, drawn(T.INT4, 8, 6), 0, between, "g")
    (layer,) = estimated(ss.load(model)).layers
    assert (layer.weight_value_bits, layer.weight_is_float) == (8, True)


BY_HAND = {
    "Cast": ("f", [], lambda q: q),
    "Cast, Mul": ("g", [("Mul", "f s", "g")], lambda q: q),
    "Cast, Sub, Mul": ("h", [("Sub", "f three", "g"), ("Mul", "g s", "h")], lambda q: q - 3),
    "Cast, Sub, Transpose, Div": (
        "i",
        [("Sub", "f three", "g"), ("Transpose", "g", "h"), ("Div", "h s", "i")],
        lambda q: q - 3,
    ),
}
FLOAT = {
    "Cast, Mul, Sub": ("h", [("Mul", "f s", "g"), ("Sub", "g three", "h")]),
    "Cast, Sub, Sub": ("h", [("Sub", "f three", "g"), ("Sub", "g three", "h")]),
    "Cast, Add": ("g", [("Add", "f three", "g")]),
}


def by_hand(kind: int, q: np.ndarray, nodes: list, last: str) -> onnx.ModelProto:
    """As `weight_only`, dequantised without DequantizeLinear."""
    made = [helper.make_node(op, inputs.split(), [out]) for op, inputs, out in nodes]
    model = weight_only(kind, q, 0, made, last)
    model.graph.node[0].CopyFrom(helper.make_node("Cast", ["q"], ["f"], to=T.FLOAT))
    return model


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("kind", [T.INT4, T.UINT4, T.INT8])
def test_dequantised_by_hand(name, kind):
    last, nodes, steps = BY_HAND[name]
    q = drawn(kind, *((6, 8) if "Transpose" in name else (8, 6)))
    (layer,) = estimated(ss.load(by_hand(kind, q, nodes, last))).layers
    assert (layer.weight_value_bits, layer.weight_is_float) == (KINDS[kind], False)
    assert layer.weight_storage.dense == 48 * KINDS[kind]
    assert layer.weight_sparsity == pytest.approx(float((steps(q) == 0).mean()))


@pytest.mark.parametrize("name", FLOAT)
def test_by_hand_but_no_longer_steps(name):
    last, nodes = FLOAT[name]
    (layer,) = estimated(ss.load(by_hand(T.INT4, drawn(T.INT4, 8, 6), nodes, last))).layers
    assert (layer.weight_value_bits, layer.weight_is_float) == (8, True)


def test_wide_integers_are_no_quantised_weights():
    q = np.arange(48).reshape(8, 6)
    (layer,) = estimated(ss.load(by_hand(T.INT64, q, [], "f"))).layers
    assert (layer.weight_value_bits, layer.weight_is_float) == (8, True)


def test_blocks_of_scales():
    q = drawn(T.INT4, 8, 6)
    model = weight_only(T.INT4, q, 0, [], "f")
    del model.graph.initializer[1:3], model.graph.node[0].input[2]
    scales = np.random.default_rng(2).random((2, 6)).astype(np.float32) + 1
    model.graph.initializer.append(numpy_helper.from_array(scales, "s"))
    model.graph.node[0].attribute.extend(
        [helper.make_attribute("axis", 0), helper.make_attribute("block_size", 4)]
    )
    (layer,) = estimated(ss.load(model)).layers
    assert layer.weight_storage.dense == 48 * 4
    assert layer.weight_sparsity == pytest.approx(float((q == 0).mean()))


def test_saving_thinning_and_loading_keep_the_width(tmp_path: Path):
    graph = ss.load(weight_only(T.INT4, drawn(T.INT4, 8, 6), 0, [], "f"))
    thinned = ss.sparsify(graph, ss.Thresholds(weights={"mm": 0.5}))
    save(thinned, tmp_path / "saved.onnx")
    for one in (graph, thinned, ss.load(tmp_path / "saved.onnx")):
        assert dict(one.value_bits) == {"f": 4}
        (layer,) = estimated(one).layers
        assert (layer.weight_value_bits, layer.weight_is_float) == (4, False)
    # Other values than those and zeros are no longer 4 bits wide.
    rounded = {"mm": {"quantiser": "fixed_point", "width": 12, "fraction": 1}}
    (layer,) = estimated(ss.sparsify(graph, ss.Thresholds(weights=rounded))).layers
    assert (layer.weight_value_bits, layer.weight_is_float) == (8, True)


def test_listed_integers_and_activations():
    # 2-bit weights and 3-bit activations, carried in eight bits.
    constants = {
        "w": np.array([[1, -2, 0], [0, 1, 1]], np.int8), "z": np.uint8(1), "wz": np.int8(0)
    }  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w", "z", "wz"], ["y"], name="mm")],
        "g",
        [helper.make_tensor_value_info("x", T.UINT8, [4, 2])],
        [helper.make_tensor_value_info("y", T.INT32, [4, 3])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    with_value_bits(model, {"w": 2, "x": 3})
    trace = ss.execute(ss.load(model), {"x": np.arange(8, dtype=np.uint8).reshape(4, 2)})
    (layer,) = trace.layers
    act, weight = trace.tensors[layer.activation], trace.tensors[layer.weight]
    assert (act.value_bits, act.operand_bits, act.is_float) == (3, 4, False)  # -1 .. 6
    assert (weight.value_bits, weight.operand_bits, weight.is_float) == (2, 2, False)  # -2 .. 1
    assert {life.tensor: life.value_bits for life in trace.live} == {"x": 3, "y": 32}
    (record,) = ss.estimate(trace).layers
    assert record.schemes["none"].dram_bits.activation == 8 * 3
    assert record.weight_storage.dense == 6 * 2


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": "4", "b": 0, "c": 99, "d": true}'])
def test_metadata_that_is_no_list_of_widths(text):
    model = onnx.ModelProto()
    model.metadata_props.add(key=METADATA_KEY, value=text)
    model.metadata_props.add(key="author", value="someone")
    assert value_bits(model) == {}
    with_value_bits(model, {"w": 4})
    assert value_bits(model) == {"w": 4}
    set_value_bits(model, {})
    assert [entry.key for entry in model.metadata_props] == ["author"]
