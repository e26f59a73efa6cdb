"""Graphs of every shape, run by our engine and by ONNX Runtime alone."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_models import agree, close, model, node, reference, value

from sparsesim.engine.run import Engine
from sparsesim.graph import load
from sparsesim.graph.save import to_model

RNG = np.random.default_rng(23)
W = RNG.normal(size=(4, 4)).astype("f4")
X = RNG.normal(size=(3, 4)).astype("f4")
INPUT = {"x": ("f4", (3, 4))}


def test_an_output_that_is_also_consumed():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("Relu", "a", "b"),
        node("MatMul", "b w", "y", "two"),
    ]
    graph = agree(model(nodes, INPUT, ["a", "b", "y"], {"w": W}), {"x": X}, layers=2, hosts=1)
    assert graph.layers[0].chain == ()


def test_outputs_that_are_an_input_and_a_constant():
    whole = model(
        [node("MatMul", "x w", "y", "one")],
        INPUT,
        ["y", value("x", "f4", (3, 4)), value("w", "f4", (4, 4))],
        {"w": W},
    )
    agree(whole, {"x": X})


def test_the_same_output_through_identities():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("Identity", "a", "y"),
        node("Identity", "a", "z"),
        node("Identity", "x", "u"),
    ]
    agree(model(nodes, INPUT, ["y", "z", "u"], {"w": W}), {"x": X}, hosts=None)


def test_two_readers_keep_an_activation_apart():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("Relu", "a", "b"),
        node("Add", "a b", "y"),
    ]
    agree(model(nodes, INPUT, ["y"], {"w": W}), {"x": X}, hosts=1)


def test_a_residual_unit():
    nodes = [
        node("Conv", "x w", "a", "conv1", pads=[1, 1, 1, 1]),
        node("Relu", "a", "b"),
        node("Conv", "b w", "c", "conv2", pads=[1, 1, 1, 1]),
        node("Add", "c x", "d"),
        node("Relu", "d", "y"),
    ]
    constants = {"w": RNG.normal(size=(3, 3, 3, 3)).astype("f4")}
    whole = model(nodes, {"x": ("f4", ("n", 3, 5, 5))}, ["y"], constants)
    for batch in (1, 3):
        feed = {"x": RNG.normal(size=(batch, 3, 5, 5)).astype("f4")}
        agree(whole, feed, layers=2, hosts=1)


def test_a_dead_layer_is_not_run():
    nodes = [
        node("MatMul", "x w", "a", "dead"),
        node("MatMul", "x w", "y", "alive"),
        node("MatMul", "a w", "b", "dead2"),
    ]
    graph = agree(model(nodes, INPUT, ["y"], {"w": W}), {"x": X})
    assert [layer.name for layer in graph.layers] == ["alive"]


def test_unnamed_and_equally_named_nodes():
    nodes = [
        node("MatMul", "x w", "a"),
        node("MatMul", "a w", "b", "same"),
        node("MatMul", "b w", "y", "same"),
    ]
    graph = load(model(nodes, INPUT, ["y"], {"w": W}))
    assert [layer.name for layer in graph.layers] == ["a", "same:b", "same:y"]
    # ONNX Runtime refuses equal names
    close(Engine(graph).run({"x": X})[0], X @ W @ W @ W)


def test_a_name_equal_to_a_suffixed_one():
    nodes = [
        node("MatMul", "x w", "a", "same:b"),
        node("MatMul", "a w", "b", "same"),
        node("MatMul", "b w", "y", "same"),
    ]
    graph = load(model(nodes, INPUT, ["y"], {"w": W}))
    assert [layer.name for layer in graph.layers] == ["same:b", "same:b'", "same:y"]


def test_initialisers_listed_as_inputs():
    whole = model([node("MatMul", "x w", "y", "one")], INPUT, ["y"], {"w": W})
    whole.ir_version = 3
    whole.graph.input.append(value("w", "f4", (4, 4)))
    whole.opset_import[0].version = 8
    graph = agree(whole, {"x": X})
    assert [given.name for given in graph.inputs] == ["x"]


@pytest.mark.parametrize("ir_version", [3, 8])
def test_batch_normalisation_is_folded(ir_version):
    nodes = [
        node("Conv", "x w", "a", "conv"),
        node("BatchNormalization", "a s b m v", "c"),
        node("Relu", "c", "y"),
    ]
    constants = {"w": RNG.normal(size=(4, 3, 3, 3)).astype("f4")}
    constants |= {name: RNG.uniform(0.5, 2, 4).astype("f4") for name in "sbmv"}
    whole = model(nodes, {"x": ("f4", (1, 3, 5, 5))}, ["y"], constants, opset=8)
    whole.ir_version = ir_version
    if ir_version == 3:
        for name, array in constants.items():
            whole.graph.input.append(value(name, "f4", array.shape))
    graph = agree(whole, {"x": RNG.normal(size=(1, 3, 5, 5)).astype("f4")}, tolerance=1e-5)
    assert graph.layers[0].name == "conv" and len(graph.layers[0].chain) == 1


def test_an_input_with_a_default_value():
    # from IR version 4 on an initialiser that is listed as an input is its default
    whole = model([node("MatMul", "x w", "y", "one")], INPUT, ["y"], {"w": W})
    whole.graph.input.append(value("w", "f4", (4, 4)))
    graph = load(whole)
    close(Engine(graph).run({"x": X})[0], reference(whole, {"x": X})[0])


def branch(name: str, op: str, names: str, out: str) -> onnx.GraphProto:
    return helper.make_graph([node(op, names, out)], name, [], [value(out, "f4", (3, 4))])


def test_if_around_layers():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("ReduceSum", "a", "s", keepdims=0),
        node("Greater", "s zero", "c"),
        helper.make_node(
            "If",
            ["c"],
            ["b"],
            then_branch=branch("then", "Add", "a bias", "p"),
            else_branch=branch("else", "Mul", "a a", "q"),
        ),
        node("MatMul", "b w", "y", "two"),
    ]
    constants = {"w": W, "zero": np.float32(0), "bias": np.ones(4, "f4")}
    whole = model(nodes, INPUT, [value("y", "f4", (3, 4))], constants)
    for sign in (1, -1):
        agree(whole, {"x": np.abs(X) * np.float32(sign)}, layers=2, hosts=1)


def test_loop_with_a_captured_tensor_of_a_layer():
    body = helper.make_graph(
        [node("Identity", "go", "on"), node("Add", "state a", "next")],
        "body",
        [value("i", "i8", ()), value("go", "?", ()), value("state", "f4", (3, 4))],
        [value("on", "?", ()), value("next", "f4", (3, 4))],
    )
    nodes = [
        node("MatMul", "x w", "a", "one"),
        helper.make_node("Loop", ["trips", "", "x"], ["b"], body=body),
        node("MatMul", "b w", "y", "two"),
    ]
    constants = {"w": W, "trips": np.array(3, "i8")}
    whole = model(nodes, INPUT, [value("y", "f4", (3, 4))], constants)
    agree(whole, {"x": X}, layers=2, hosts=1)


def test_a_matmul_inside_a_loop_stays_on_the_host():
    body = helper.make_graph(
        [node("Identity", "go", "on"), node("MatMul", "state w", "next")],
        "body",
        [value("i", "i8", ()), value("go", "?", ()), value("state", "f4", (3, 4))],
        [value("on", "?", ()), value("next", "f4", (3, 4))],
    )
    nodes = [helper.make_node("Loop", ["trips", "", "x"], ["y"], body=body)]
    constants = {"w": W, "trips": np.array(3, "i8")}
    whole = model(nodes, INPUT, [value("y", "f4", (3, 4))], constants)
    agree(whole, {"x": X}, layers=0, hosts=1)


def test_scan_with_a_captured_tensor_of_a_layer():
    body = helper.make_graph(
        [node("Add", "state row", "next"), node("Mul", "next a", "seen")],
        "body",
        [value("state", "f4", (4,)), value("row", "f4", (4,))],
        [value("next", "f4", (4,)), value("seen", "f4", (3, 4))],
    )
    nodes = [
        node("MatMul", "x w", "a", "one"),
        helper.make_node("Scan", ["first", "x"], ["last", "all"], body=body, num_scan_inputs=1),
        node("MatMul", "all w", "y", "two"),
    ]
    constants = {"w": W, "first": np.zeros(4, "f4")}
    outputs = [value("last", "f4", (4,)), value("y", "f4", (3, 3, 4))]
    agree(model(nodes, INPUT, outputs, constants), {"x": X}, layers=2, hosts=1)


def test_local_functions_are_inlined():
    function = helper.make_function(
        "own",
        "Dense",
        ["x", "w"],
        ["y"],
        [node("MatMul", "x w", "p"), node("Relu", "p", "y")],
        [helper.make_opsetid("", 21)],
    )
    nodes = [
        node("Dense", "x w", "a", "first", domain="own"),
        node("Dense", "a w", "y", "second", domain="own"),
    ]
    whole = model(
        nodes,
        INPUT,
        [value("y", "f4", (3, 4))],
        {"w": W},
        functions=[function],
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("own", 1)],
    )
    graph = agree(whole, {"x": X}, layers=2)
    assert all(len(layer.chain) == 1 for layer in graph.layers)


def test_a_sequence_between_host_steps():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("SequenceConstruct", "a x", "s"),
        node("MatMul", "a w", "b", "two"),
        node("SequenceInsert", "s b", "t"),
        node("ConcatFromSequence", "t", "y", axis=0),
    ]
    agree(model(nodes, INPUT, ["y"], {"w": W}), {"x": X}, layers=2, hosts=None)


def test_a_sequence_that_a_later_step_reads():
    nodes = [
        node("SequenceConstruct", "x x", "s"),
        node("SequenceAt", "s one", "u"),
        node("MatMul", "u w", "a", "one"),
        node("SequenceInsert", "s a", "t"),
        node("SequenceLength", "t", "n"),
        node("SequenceAt", "t two", "y"),
    ]
    constants = {"w": W, "one": np.array(1, "i8"), "two": np.array(2, "i8")}
    agree(model(nodes, INPUT, ["n", "y"], constants), {"x": X}, hosts=2)


def test_a_sequence_as_input_and_output():
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, (3, 4)))
    given = helper.make_value_info("s", kind)
    nodes = [
        node("SequenceAt", "s zero", "u"),
        node("MatMul", "u w", "a", "one"),
        node("SequenceInsert", "s a", "t"),
    ]
    whole = model(nodes, {}, [helper.make_value_info("t", kind)], {"w": W, "zero": np.int64(0)})
    whole.graph.input.append(given)
    agree(whole, {"s": [X, X]}, hosts=2)


def test_an_optional_between_host_steps():
    nodes = [
        node("Optional", "x", "o"),
        node("OptionalGetElement", "o", "u"),
        node("MatMul", "u w", "y", "one"),
    ]
    agree(model(nodes, INPUT, ["y"], {"w": W}, opset=18), {"x": X}, hosts=None)


def test_strings_on_the_host():
    words = np.array(["a", "b", "c"])
    nodes = [
        node("StringConcat", "words words", "twice"),
        node("MatMul", "x w", "y", "one"),
    ]
    outputs = [value("twice", str, (3,)), value("y", "f4", (3, 4))]
    whole = model(nodes, {"words": (str, (3,)), **INPUT}, outputs, {"w": W})
    agree(whole, {"words": words.astype(object), "x": X}, hosts=1)


def test_absent_optional_inputs_and_outputs():
    nodes = [
        node("Clip", "x - top", "a"),
        node("Dropout", "a", "b -"),
        node("MatMul", "b w", "c", "one"),
        node("Clip", "c bottom", "y"),
    ]
    constants = {"w": W, "top": np.float32(0.5), "bottom": np.float32(-0.5)}
    agree(model(nodes, INPUT, ["y"], constants), {"x": X}, hosts=1)


def test_an_empty_model_name_and_no_layers():
    whole = model([node("Softmax", "x", "y")], INPUT, ["y"])
    agree(whole, {"x": X}, layers=0, hosts=1)


def test_a_model_whose_output_is_its_input():
    whole = model([node("Identity", "x", "y")], INPUT, ["y"])
    agree(whole, {"x": X}, layers=0, hosts=1)


def test_everything_constant():
    whole = model([node("MatMul", "w w", "y")], {}, ["y"], {"w": W})
    agree(whole, {}, layers=0, hosts=None)


def test_computed_bounds_of_a_clip():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("ReduceMax", "x", "top", keepdims=0),
        node("Clip", "a - top", "y"),
    ]
    agree(model(nodes, INPUT, ["y"], {"w": W}), {"x": X}, hosts=None)


def test_shapes_known_only_while_running():
    nodes = [
        node("Shape", "x", "s"),
        node("Slice", "s zero one", "n"),
        node("Concat", "n rest", "t", axis=0),
        node("MatMul", "x w", "a", "one"),
        node("Reshape", "a t", "b"),
        node("MatMul", "b v", "y", "two"),
    ]
    constants = {
        "w": W,
        "v": RNG.normal(size=(2, 5)).astype("f4"),
        "zero": np.array([0], "i8"),
        "one": np.array([1], "i8"),
        "rest": np.array([2, 2], "i8"),
    }
    whole = model(nodes, {"x": ("f4", ("n", 4))}, [value("y", "f4", ("n", 2, 5))], constants)
    engine = Engine(load(whole))
    for batch in (1, 3, 2):
        feed = {"x": RNG.normal(size=(batch, 4)).astype("f4")}
        close(engine.run(feed)[0], reference(whole, feed)[0])


def test_sizes_computed_by_a_layer_for_a_host_step():
    nodes = [
        node("MatMul", "x w", "a", "one"),
        node("ReduceMax", "a zero", "m", keepdims=0),
        node("Ceil", "m", "c"),
        node("Cast", "c", "k", to=7),
        node("MatMul", "x w", "b", "two"),
        node("Tile", "b k", "y"),
    ]
    constants = {"w": np.abs(W[:, :2]), "zero": np.array([0], "i8")}
    whole = model(nodes, INPUT, [value("y", "f4", (None, None))], constants)
    agree(whole, {"x": np.abs(X)}, layers=2, hosts=1)


def test_bfloat16_between_host_steps():
    import ml_dtypes

    kind = np.dtype(ml_dtypes.bfloat16)
    nodes = [
        node("Cast", "x", "a", to=1),
        node("MatMul", "a w", "b", "one"),
        node("Cast", "b", "c", to=16),
        node("Identity", "c", "y"),
    ]
    whole = model(nodes, {"x": (kind, (3, 4))}, [value("y", kind, (3, 4))], {"w": W})
    x = X.astype(kind)
    mine = Engine(load(whole)).run({"x": x})[0]
    assert mine.dtype == kind
    wanted = (x.astype("f4") @ W).astype(kind).astype("f4")
    np.testing.assert_allclose(mine.astype("f4"), wanted, rtol=2**-7)


WEIGHTS = {
    "Gather": ([node("Gather", "book codes", "w")], {"book": W[0], "codes": np.eye(4, dtype="i8")}),
    "Reshape": ([node("Reshape", "flat s", "w")], {"flat": W.ravel(), "s": np.array([4, 4])}),
    "Cast": ([node("Cast", "half", "w", to=1)], {"half": W.astype("f2")}),
    "Transpose": ([node("Transpose", "t", "w")], {"t": W}),
    "Dequantize": (
        [node("DequantizeLinear", "q s z", "w")],
        {"q": np.eye(4, dtype="i1"), "s": np.float32(0.1), "z": np.int8(3)},
    ),
    "Dequantize by channel": (
        [node("DequantizeLinear", "q s", "w", axis=1)],
        {"q": np.eye(4, dtype="i1") * 5, "s": np.array([0.1, 0.2, 0.3, 0.4], "f4")},
    ),
    "Dequantize in blocks": (
        [node("DequantizeLinear", "q s", "w", axis=0, block_size=2)],
        {"q": np.eye(4, dtype="i1"), "s": np.full((2, 4), 0.5, "f4")},
    ),
    "Dequantize, then reshape": (
        [node("DequantizeLinear", "q s", "d"), node("Reshape", "d t", "w")],
        {"q": np.arange(16, dtype="i1"), "s": np.float32(0.1), "t": np.array([4, 4])},
    ),
    "Quantize and Dequantize": (
        [node("QuantizeLinear", "f s z", "q"), node("DequantizeLinear", "q s z", "w")],
        {"f": W, "s": np.float32(0.1), "z": np.int8(0)},
    ),
    "Constant": ([node("Constant", "", "w", value=numpy_helper.from_array(W))], {}),
    "Gather, Dequantize": (
        [node("Gather", "book codes", "q"), node("DequantizeLinear", "q s", "w")],
        {
            "book": np.arange(-2, 2).astype("i1"),
            "codes": np.eye(4, dtype="i8"),
            "s": np.float32(0.1),
        },
    ),
}


@pytest.mark.parametrize("how", WEIGHTS)
def test_weights_computed_from_constants(how):
    nodes, constants = WEIGHTS[how]
    whole = model([*nodes, node("MatMul", "x w", "y", "one")], INPUT, ["y"], constants)
    # fused, ONNX Runtime would quantise the activation where the weight is dequantised
    graph = agree(whole, {"x": X}, fused=False)
    weight = graph.weight(graph.layers[0])
    assert weight is not None and weight.shape == (4, 4)
    onnx.checker.check_model(to_model(graph))


def test_a_bias_dequantised_for_a_float_layer():
    nodes = [
        node("DequantizeLinear", "qb s", "b"),
        node("Conv", "x w b", "y", "conv"),
    ]
    constants = {
        "w": RNG.normal(size=(4, 3, 3, 3)).astype("f4"),
        "qb": np.arange(4, dtype="i4"),
        "s": np.float32(0.1),
    }
    whole = model(nodes, {"x": ("f4", (1, 3, 5, 5))}, ["y"], constants)
    agree(whole, {"x": RNG.normal(size=(1, 3, 5, 5)).astype("f4")})


def test_opset_7_and_the_newest():
    for opset in (7, 8, 9, 11, 13, 18, 22):
        nodes = [node("Conv", "x w", "a", "conv"), node("Relu", "a", "y")]
        constants = {"w": RNG.normal(size=(4, 3, 3, 3)).astype("f4")}
        whole = model(nodes, {"x": ("f4", (1, 3, 5, 5))}, ["y"], constants, opset=opset)
        agree(whole, {"x": RNG.normal(size=(1, 3, 5, 5)).astype("f4")})
