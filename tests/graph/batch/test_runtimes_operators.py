"""ONNX Runtime's own operators keep a batch apart, or mix along it."""

import numpy as np
import onnxruntime as ort
import pytest
from batch_models import FLOAT, INT64, ints, model, node
from onnx import TensorProto

import sparsesim as ss
from sparsesim.graph.batch import find_batches

MS = "com.microsoft"
BYTES = TensorProto.UINT8


def batches(nodes, inputs, outputs, **constants):
    """Axis of each input, and why."""
    made = model(nodes, inputs, outputs, **constants)
    return {name: (b.axis, b.why) for name, b in find_batches(ss.load(made)).items()}


def own(op, reads, makes, **attributes):
    return node(op, reads, makes, domain=MS, **attributes)


SCALE = {"s": np.array(0.01, np.float32), "z": np.array(5, np.uint8)}
FREE = (0, "its first axis is free, and no operator mixes along it")


def mixed(op):
    return (None, f"its first axis is free, but '{op.lower()}' ({op}) mixes along it")


@pytest.mark.parametrize(
    ("op", "reads", "attributes", "rank", "found"),
    [
        ("QLinearSigmoid", "x s z s z", {}, 2, FREE),
        ("QLinearLeakyRelu", "x s z s z", {"alpha": 0.1}, 2, FREE),
        ("QLinearSoftmax", "x s z s z", {"axis": -1, "opset": 13}, 2, FREE),
        ("QLinearSoftmax", "x s z s z", {"axis": 0, "opset": 13}, 2, mixed("QLinearSoftmax")),
        ("QLinearSoftmax", "x s z s z", {"axis": 1, "opset": 9}, 3, FREE),
        ("QLinearSoftmax", "x s z s z", {"axis": 0, "opset": 9}, 3, mixed("QLinearSoftmax")),
        ("QLinearConcat", "s z x s z x s z", {"axis": 1}, 2, FREE),
        ("QLinearConcat", "s z x s z x s z", {"axis": 0}, 2, mixed("QLinearConcat")),
        ("QLinearWhere", "c x s z x s z s z", {}, 2, FREE),
    ],
)
def test_quantised(op, reads, attributes, rank, found):
    shape = ["n", 4, 6][:rank]
    condition = {"c": np.array([True, False, True, True])} if "c" in reads.split() else {}
    told = batches(
        [own(op, reads, "y", **attributes)],
        {"x": (shape, BYTES)},
        {"y": ([None] * rank, BYTES)},
        **SCALE,
        **condition,
    )
    assert told == {"x": found}


@pytest.mark.parametrize("op", ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"])
def test_normalising_a_sum(op):
    """The sum itself, its fourth output, holds the batch, too."""
    nodes = [own(op, "x k g", "a . . b"), node("Add", "a b", "y")]
    shape = ["n", 3, 8]
    told = batches(nodes, {"x": shape, "k": shape}, {"y": shape}, g=(8,))
    assert told == {"x": FREE, "k": FREE}
    behind = [own(op, "x k g", "a . . b"), node("ReduceSum", "b axes", "y")]
    told = batches(behind, {"x": shape, "k": shape}, {"y": [1, 3, 8]}, g=(8,), axes=ints(0))
    assert {why for _, why in told.values()} == {mixed("ReduceSum")[1]}


def test_words_have_their_batch_first():
    """Of a fixed length, too: the operator says so."""
    read = own("EmbedLayerNormalization", "i . t p . g b", "e m", name="embed")
    constants = {"t": (9, 8), "p": (80, 8), "g": (8,), "b": (8,)}
    words = {"i": ([4, 3], TensorProto.INT32)}
    told = batches([read], words, {"e": [4, 3, 8]}, **constants)
    assert told == {"i": (0, "'embed' (EmbedLayerNormalization) has its batch there")}
    both = [read, node("ReduceMax", "e", "y", axes=[0], keepdims=0)]
    axis, why = batches(both, words, {"y": [3, 8]}, **constants)["i"]
    assert axis is None and why.endswith("'reducemax' (ReduceMax) mixes along it")


def test_vectors_that_are_turned():
    read = own("RotaryEmbedding", "x i c s", "y", name="turn", num_heads=2)
    told = batches([read], {"x": [4, 3, 8]}, {"y": [4, 3, 8]}, i=ints(0), c=(5, 2), s=(5, 2))
    assert told == {"x": (0, "'turn' (RotaryEmbedding) has its batch there")}


@pytest.mark.parametrize(("axis", "found"), [(1, FREE), (0, mixed("GatherElements"))])
def test_elements_by_position(axis, found):
    nodes = [node("GatherElements", "x i", "y", axis=axis)]
    inputs = {"x": (["n", 4], FLOAT), "i": (["n", 4], INT64)}
    assert batches(nodes, inputs, {"y": ["n", 4]}) == {"x": found, "i": found}


def test_elements_written_by_position():
    nodes = [node("ScatterElements", "x i u", "y", axis=1)]
    inputs = {"x": ["n", 4], "i": (["n", 2], INT64), "u": ["n", 2]}
    assert batches(nodes, inputs, {"y": ["n", 4]}) == {"x": FREE, "i": FREE, "u": FREE}


def test_rows_by_position():
    inputs = {"x": ["n", 4, 5], "i": (["n", 2, 1], INT64)}
    kept = [node("GatherND", "x i", "y", batch_dims=1)]
    assert batches(kept, inputs, {"y": ["n", 2, 5]}) == {"x": FREE, "i": FREE}
    of_a_table = [node("GatherND", "w i", "y")]
    told = batches(of_a_table, {"i": (["n", 2, 1], INT64)}, {"y": ["n", 2, 3]}, w=(7, 3))
    assert told == {"i": FREE}
    among_all = [node("GatherND", "x i", "y")]
    told = batches(among_all, {"x": ["n", 4]}, {"y": [2, 4]}, i=ints(0, 1).reshape(2, 1))
    assert told == {"x": mixed("GatherND")}


@pytest.mark.parametrize("opset", [11, 12, 13, 17])
def test_attention_with_a_length_for_each_image(opset):
    """Keys of padding are hidden by a list of lengths; images may be run one by one."""
    draw = np.random.default_rng(opset)
    weights = {
        "w": draw.standard_normal((8, 24)).astype(np.float32),
        "b": draw.standard_normal(24).astype(np.float32),
    }
    made = model(
        [own("Attention", "x w b l", "y", num_heads=2)],
        {"x": ["n", 5, 8], "l": (["n"], TensorProto.INT32)},
        {"y": ["n", 5, 8]},
        opset=opset,
        **weights,
    )
    graph = ss.load(made)
    assert len(graph.layers) > 1
    found = find_batches(graph)
    assert {name: batch.axis for name, batch in found.items()} == {"x": 0, "l": 0}
    feed = {
        "x": draw.standard_normal((3, 5, 8)).astype(np.float32),
        "l": np.array([5, 2, 3], np.int32),
    }
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, feed)
    came = np.concatenate([run.outputs[0] for run in ss.execute(graph, feed).images])
    assert np.abs(came - wanted).max() < 1e-5 * np.abs(wanted).max()
