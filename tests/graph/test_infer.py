"""Types and shapes behind operators that onnx's inference does not know.

Expected values are written out by hand, or are those of the same tensors when the model runs.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.graph import infer as infer_module
from sparsesim.graph.runtime_types import runtime_types

MICROSOFT = "com.microsoft"
RNG = np.random.default_rng(17)


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def model(nodes, x, y, constants, value_info=(), ir_version=8, listed=False) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(*x)]
    if listed:
        inputs += [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
            for name, array in constants.items()
        ]
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        [helper.make_tensor_value_info(*y)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
        value_info=list(value_info),
    )
    domains = {"": 17, MICROSOFT: 1, "ai.onnx.ml": 3}
    opsets = [helper.make_opsetid(*pair) for pair in domains.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def between(*middle: onnx.NodeProto, value_info=(), length: int | str = 3) -> onnx.ModelProto:
    """A product, some nodes from `a` to `m`, a product."""
    nodes = [
        helper.make_node("MatMul", ["x", "u"], ["a"], name="first"),
        *middle,
        helper.make_node("MatMul", ["m", "v"], ["y"], name="second"),
    ]
    constants = {"u": floats(40, 40), "v": floats(40, 5), "ones": np.ones(40, np.float32)}
    x, y = ("x", TensorProto.FLOAT, [length, 40]), ("y", TensorProto.FLOAT, [length, 5])
    return model(nodes, x, y, constants, value_info)


def node(op: str, *inputs: str, domain: str = MICROSOFT, outputs=("m",), **attributes):
    return helper.make_node(op, list(inputs), list(outputs), domain=domain, **attributes)


FOREIGN = {
    "FastGelu": [node("FastGelu", "a")],
    "QuickGelu": [node("QuickGelu", "a", alpha=1.5)],
    "BiasGelu": [node("BiasGelu", "a", "ones")],
    "SkipLayerNormalization": [node("SkipLayerNormalization", "a", "a", "ones")],
    "Scaler": [node("Scaler", "a", domain="ai.onnx.ml", offset=[0.5], scale=[2.0])],
    "Normalizer": [node("Normalizer", "a", domain="ai.onnx.ml", norm="L1")],
    "two, a known one between": [
        node("FastGelu", "a", outputs=("b",)),
        node("Transpose", "b", domain="", outputs=("c",), perm=[1, 0]),
        node("Transpose", "c", domain="", outputs=("d",), perm=[1, 0]),
        node("FastGelu", "d"),
    ],
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("length", [3, "n"])
def test_layers_behind_other_domains_stay_on_the_array(kind, length):
    graph = ss.load(between(*FOREIGN[kind], length=length))
    rows = 3 if length == 3 else 1
    assert [layer.name for layer in graph.layers] == ["first", "second"]
    assert graph.types["m"] == np.float32
    if kind not in ("Scaler", "Normalizer"):  # nobody has a rule for their shapes
        assert graph.shapes["m"] == (rows, 40)
    assert graph.shapes["y"] == (rows, 5)
    x = floats(rows, 40)
    trace = ss.execute(graph, {"x": x})
    assert [layer.geometry.macs for layer in trace.layers] == [rows * 1600, rows * 200]


def test_integers_behind_quantised_operators():
    quantised = {"s": np.float32(0.05), "z": np.uint8(3), "t": np.float32(0.01), "o": np.int8(0)}
    weights = {"w": RNG.integers(-99, 99, (6, 4, 3, 3)).astype(np.int8)}
    weights["v"] = RNG.integers(-99, 99, (2, 6, 1, 1)).astype(np.int8)

    def conv(x, w, y, pads):
        ins = [x, "s", "z", w, "t", "o", "s", "z"]
        return helper.make_node("QLinearConv", ins, [y], name=y, pads=[pads] * 4)

    nodes = [
        conv("x", "w", "a", 1),
        node("QLinearSigmoid", "a", "s", "z", "s", "z", outputs=("b",)),
        node("QLinearAdd", "a", "s", "z", "b", "s", "z", "s", "z", outputs=("c",)),
        node("QLinearGlobalAveragePool", "c", "s", "z", "s", "z", outputs=("m",)),
        conv("m", "v", "y", 0),
    ]
    x, y = ("x", TensorProto.UINT8, ["n", 4, 5, 5]), ("y", TensorProto.UINT8, ["n", 2, 1, 1])
    graph = ss.load(model(nodes, x, y, {**quantised, **weights}))
    assert [layer.name for layer in graph.layers] == ["a", "y"]
    assert {graph.types[name] for name in "abcmy"} == {np.dtype(np.uint8)}
    assert [graph.shapes[name] for name in "bcm"] == [(1, 6, 5, 5), (1, 6, 5, 5), (1, 6, 1, 1)]
    trace = ss.execute(graph, {"x": RNG.integers(0, 256, (1, 4, 5, 5)).astype(np.uint8)})
    assert [layer.geometry.macs for layer in trace.layers] == [25 * 6 * 36, 2 * 6]


def test_convolutions_of_the_runtime_have_shapes():
    nodes = [
        node("FusedConv", "x", "w", outputs=("a",), activation="Relu", pads=[1] * 4),
        node("Relu", "a", domain="", outputs=("y",)),
    ]
    x, y = ("x", TensorProto.FLOAT, ["n", 4, 6, 6]), ("y", TensorProto.FLOAT, None)
    made = model(nodes, x, y, {"w": floats(8, 4, 3, 3)})
    shapes, types = infer_module.infer(_bare(made), {"w": floats(8, 4, 3, 3)})
    assert shapes["a"] == shapes["y"] == (1, 8, 6, 6)
    assert types["y"] == np.float32


def _bare(made: onnx.ModelProto) -> onnx.ModelProto:
    bare = onnx.ModelProto()
    bare.CopyFrom(made)
    del bare.graph.initializer[:]
    return bare


def stranger(value_info) -> onnx.ModelProto:
    """A node of a domain that nobody knows, between two products."""
    made = between(helper.make_node("Riddle", ["a"], ["m"], domain="nobody"), value_info=value_info)
    made.opset_import.append(helper.make_opsetid("nobody", 1))
    return made


@pytest.mark.parametrize(
    ("noted", "shapes"),
    [
        ([("m", TensorProto.FLOAT, [3, 40])], [(3, 40), (3, 5)]),
        ([("m", TensorProto.FLOAT, ["k", 40])], [(None, 40), (3, 5)]),
        ([("m", TensorProto.FLOAT16, None)], [None, (3, 5)]),
        ([], [None, (3, 5)]),
    ],
)
def test_the_file_is_believed_where_nobody_else_knows(noted, shapes):
    infos = [helper.make_tensor_value_info(*one) for one in noted]
    made = stranger(infos)
    constants = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    found, types = infer_module.infer(_bare(made), constants)
    assert [found.get("m"), found["y"]] == shapes
    element = noted[0][1] if noted else None
    assert types.get("m") == (element and helper.tensor_dtype_to_np_dtype(element))


def test_notes_that_are_out_of_date_are_passed_over():
    stale = [
        helper.make_tensor_value_info("a", TensorProto.FLOAT, [7, 40]),
        helper.make_tensor_value_info("m", TensorProto.FLOAT, [7, 40]),
    ]
    made = between(node("FastGelu", "a"), value_info=stale)
    constants = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    shapes, _ = infer_module.infer(_bare(made), constants)
    assert shapes["a"] == shapes["m"] == (3, 40)


def test_a_noted_length_helps_those_behind():
    """The runtime knows only the rank behind a selection; the file knows how many are left."""
    nodes = [
        helper.make_node("Compress", ["x", "keep"], ["a"], axis=0),
        node("FastGelu", "a", outputs=("b",)),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="product"),
    ]
    constants = {"v": floats(40, 5)}
    note = [helper.make_tensor_value_info("b", TensorProto.FLOAT, [2, 40])]
    made = model(nodes, ("x", 1, [3, 40]), ("y", 1, ["k", "l"]), constants, note)
    made.graph.input.append(helper.make_tensor_value_info("keep", TensorProto.BOOL, [3]))
    shapes = ss.load(made).shapes
    assert (shapes["a"], shapes["b"], shapes["y"]) == ((None, 40), (2, 40), (2, 5))


def test_a_batch_is_one_by_its_name_too():
    note = [helper.make_tensor_value_info("m", TensorProto.FLOAT, ["batch", 40])]
    made = stranger(note)
    made.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", 1, ["batch", 40]))
    shapes, _ = infer_module.infer(_bare(made), {"u": floats(40, 40), "v": floats(40, 5)})
    assert shapes["m"] == (1, 40)


def test_models_whose_operators_are_known_do_not_ask(monkeypatch):
    asked = []

    def watching(declared, constants, names, custom_ops):
        asked.extend(names)
        return runtime_types(declared, constants, names, custom_ops)

    monkeypatch.setattr(infer_module, "runtime_types", watching)
    ss.load(between(node("Relu", "a", domain=""), length="n"))
    assert asked == []
    ss.load(between(node("FastGelu", "a"), length="n"))
    assert asked == ["m"]


def test_sequences_are_no_reason_to_ask(monkeypatch):
    nodes = [
        node("SplitToSequence", "a", domain="", outputs=("s",), axis=0),
        node("ConcatFromSequence", "s", domain="", axis=0),
    ]
    asked = []
    monkeypatch.setattr(
        infer_module, "runtime_types", lambda _, __, names, ___: asked.extend(names) or {}
    )
    ss.load(between(*nodes))
    assert asked == []


@pytest.mark.parametrize("ir_version", [3, 4, 8])
def test_old_files_keep_shapes_behind_what_folding_makes(ir_version):
    """Constants that folding makes are no inputs, which IR version 3 wants of all."""
    nodes = [
        helper.make_node("Shape", ["u"], ["s"]),  # 40, 40: folded
        helper.make_node("Mul", ["s", "two"], ["t"]),
        helper.make_node("Reshape", ["x", "t"], ["a"]),
        helper.make_node("MatMul", ["a", "u"], ["y"], name="product"),
    ]
    constants = {"u": floats(40, 40), "two": np.array([2, 1], np.int64)}
    made = model(nodes, ("x", 1, [80, 40]), ("y", 1, [80, 40]), constants, (), ir_version, True)
    for value in made.graph.input:
        if value.name == "two":
            value.type.tensor_type.elem_type = TensorProto.INT64
    graph = ss.load(made)
    assert graph.shapes["a"] == (80, 40)
    assert [layer.name for layer in graph.layers] == ["product"]


def test_notes_that_say_nothing_are_passed_over():
    made = between(node("FastGelu", "a"))
    for name, element, dims in (("a", 99, [3, 40]), ("m", 0, [3, 40]), ("other", 1, [-1, 40])):
        value = made.graph.value_info.add(name=name)
        value.type.tensor_type.elem_type = element
        for length in dims:
            value.type.tensor_type.shape.dim.add(dim_value=length)
    made.graph.value_info.add(name="m")
    constants = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    shapes, types = infer_module.infer(_bare(made), constants)
    assert (shapes["a"], shapes["m"], shapes["other"]) == ((3, 40), (3, 40), (None, 40))
    assert types["a"] == types["m"] == np.float32
