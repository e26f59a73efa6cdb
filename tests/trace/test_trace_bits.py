"""The bits of a trace are those that NumPy states of ONNX Runtime's tensors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest
from trace_models import model, node, numbers, residual, tensors_of

import sparsesim as ss
from sparsesim.errors import ModelError
from sparsesim.lowering.bits import unpack

F = np.float32


def bits(trace: ss.Trace, key: str, image: int = 0) -> np.ndarray:
    """A tensor's bits, bool; nothing may be set behind them."""
    words = trace.weights[key] if key in trace.weights else trace.images[image].bits[key]
    elements = trace.tensors[key].elements
    assert not unpack(words, words.size * 64)[elements:].any()
    return unpack(words, elements)


def channels_last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1).reshape(-1)


@pytest.mark.parametrize("image", [0, 1, 2])
def test_lenet(root, image):
    path = root / "models_onnx" / "lenet.onnx"
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        images = archive["image"][:3]
    trace = ss.execute(ss.load(path), images)
    whole = onnx.load(path)
    t = tensors_of(whole, {"image": images[image : image + 1]})
    readers = {n.input[0]: n for n in whole.graph.node}
    for layer in trace.layers:
        (found,) = [n for n in whole.graph.node if n.name == layer.name]
        x, w, y = t[found.input[0]], t[found.input[1]], t[found.output[0]]
        if layer.fused:
            y = t[readers[found.output[0]].output[0]]
        if layer.op == "Conv":
            expected = [channels_last(part != 0) for part in (x, w, y)]
        else:
            turned = any(a.name == "transB" and a.i for a in found.attribute)
            expected = [(x != 0).ravel(), ((w if turned else w.T) != 0).ravel(), (y != 0).ravel()]
        for key, wanted in zip(
            (layer.activation, layer.weight, layer.output), expected, strict=True
        ):
            # Sums round differently, so a value beside zero may be zero: one in a million.
            wrong = np.count_nonzero(bits(trace, key, image) != wanted)
            assert wrong == 0 if key != layer.output else wrong <= 1, key
        assert trace.tensors[layer.weight].is_float
        assert trace.tensors[layer.weight].value_bits == 8


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose", "Gemm", "MatMul"])
def test_quantised_operands_differ_from_their_zero_points(op):
    convolves = op.startswith("Conv")
    shape = (4, 3, 2, 2) if convolves else (3, 4)
    x = (1, 4 if op == "ConvTranspose" else 3, 4, 4) if convolves else (5, 3)
    filters = 4 if op != "ConvTranspose" else 3
    axis = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": 1}[op]
    w_zero = np.arange(-1, filters - 1, dtype=np.int8)
    along = w_zero.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    constants = {
        "one": F(1),
        "scale": np.ones(filters, F),
        "x_zero": np.uint8(128),
        "y_zero": np.uint8(7),
        "w_zero": w_zero,
        "w": numbers(1, *shape, dtype=np.int8) + along,
    }
    nodes = [
        node("QuantizeLinear", "x one x_zero", "xq", "q"),
        node("DequantizeLinear", "xq one x_zero", "xf", "dx"),
        node("DequantizeLinear", "w scale w_zero", "wf", "dw", axis=axis),
        node(op, "xf wf", "s", "layer"),
        node("QuantizeLinear", "s one y_zero", "y", "qy"),
    ]
    whole = model(nodes, {"x": (F, x)}, {"y": np.uint8}, constants)
    values = numbers(2, *x)
    trace = ss.execute(ss.load(whole), values)
    t = tensors_of(whole, {"x": values})
    (layer,) = trace.layers
    a, w, y = t["xq"] != 128, t["w"] != along, t["y"] != 7
    if op == "Conv":
        expected = channels_last(a), channels_last(w), channels_last(y)
    elif op == "ConvTranspose":
        turned = np.flip(w, (2, 3))[None]
        expected = channels_last(a), np.moveaxis(turned, 1, -1).reshape(-1), channels_last(y)
    else:
        expected = a.ravel(), w.T.ravel(), y.ravel()
    for key, wanted in zip((layer.activation, layer.weight, layer.output), expected, strict=True):
        np.testing.assert_array_equal(bits(trace, key), wanted)
    # 0..255 less 128 needs 9 bits with a sign only where the zero point is below 128.
    described = [trace.tensors[key] for key in (layer.activation, layer.output)]
    assert [(d.value_bits, d.operand_bits, d.is_float) for d in described] == [
        (8, 8, False),  # -128 .. 127
        (8, 9, False),  # -7 .. 248
    ]
    # Weights are known: at most 3 above and 5 below any of their zero points.
    assert trace.tensors[layer.weight].operand_bits <= 5


def test_a_block_is_left_by_what_the_host_joins():
    whole = residual()
    images = np.concatenate([numbers(seed, 1, 3, 4, 4) for seed in (7, 8)])
    trace = ss.execute(ss.load(whole), images)
    assert dict(trace.blocks) == {"unit": ("unit/first", "unit/second"), "fc": ("fc",)}
    assert dict(trace.leaving) == {"unit": "e|leaving", "fc": "y|leaving"}
    for image in range(2):
        t = tensors_of(whole, {"x": images[image : image + 1]})
        np.testing.assert_array_equal(bits(trace, "e|leaving", image), (t["e"] != 0).ravel())
        np.testing.assert_array_equal(bits(trace, "y|leaving", image), (t["y"] != 0).ravel())
        np.testing.assert_array_equal(bits(trace, "b|pixels", image), channels_last(t["b"] != 0))
    result = ss.estimate(trace)
    e = np.concatenate([tensors_of(whole, {"x": x[None]})["e"] for x in images])
    assert result.blocks[0].activation_sparsity == pytest.approx(1 - np.count_nonzero(e) / e.size)
    weights = np.concatenate([numbers(1, 3, 3, 3, 3), numbers(2, 3, 3, 3, 3)])
    assert result.blocks[0].weight_sparsity == pytest.approx(float((weights == 0).mean()))


def test_half_precision_has_the_same_zeros():
    x = numbers(7, 1, 3, 4, 4)
    half = ss.execute(ss.load(residual(np.float16)), x.astype(np.float16))
    single = ss.execute(ss.load(residual()), x)
    for ours, theirs in zip(half.layers, single.layers, strict=True):
        assert ours.geometry == theirs.geometry
        for role in ("activation", "weight", "output"):
            found, wanted = bits(half, getattr(ours, role)), bits(single, getattr(theirs, role))
            np.testing.assert_array_equal(found, wanted)
    for block in half.blocks:
        found, wanted = bits(half, half.leaving[block]), bits(single, single.leaving[block])
        np.testing.assert_array_equal(found, wanted)


def test_named_blocks():
    graph = ss.load(residual())
    trace = ss.execute(graph, numbers(7, 1, 3, 4, 4), named_blocks={"all": ["*"]})
    assert dict(trace.blocks) == {"all": ("unit/first", "unit/second", "fc")}
    assert {layer.block for layer in trace.layers} == {"all"}


def test_a_tensor_that_several_layers_read_each_in_its_own_order():
    # `y` is read as it is, turned, and repeated for a batch.
    nodes = [
        node("MatMul", "x w", "y", "first"),
        node("MatMul", "y v", "a", "plain"),
        node("MatMul", "u y", "b", "turned"),
        node("MatMul", "y k", "c", "batched"),
    ]
    constants = {"w": numbers(1, 6, 4), "v": numbers(2, 4, 3), "u": numbers(3, 2, 5)}
    inputs = {"x": (F, (5, 6)), "k": (F, (3, 4, 2))}
    whole = model(nodes, inputs, {"a": F, "b": F, "c": F}, constants)
    feed = {"x": numbers(4, 5, 6), "k": numbers(5, 3, 4, 2)}
    trace = ss.execute(ss.load(whole), feed)
    y = tensors_of(whole, feed)["y"] != 0
    by_name = {layer.name: layer for layer in trace.layers}
    expected = {"plain": y, "turned": y.T, "batched": np.stack([y] * 3)}
    for name, wanted in expected.items():
        np.testing.assert_array_equal(bits(trace, by_name[name].activation), wanted.ravel())
    np.testing.assert_array_equal(
        bits(trace, by_name["batched"].weight), np.swapaxes(feed["k"] != 0, 1, 2).ravel()
    )
    assert not by_name["batched"].weight_is_constant
    assert by_name["turned"].weight_is_constant


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 1, 4, 3), (1, 3, 3, 2)),
        ((3, 4, 3), (2, 1, 3, 2)),
        ((4, 3), (2, 3, 3, 2)),
        ((3,), (2, 3, 2)),
        ((2, 4, 3), (3,)),
    ],
)
def test_batches_broadcast_as_numpy_has_it(a, b):
    whole = model([node("MatMul", "a b", "y", "m")], {"a": (F, a), "b": (F, b)}, {"y": F}, {})
    feed = {"a": numbers(1, *a), "b": numbers(2, *b)}
    trace = ss.execute(ss.load(whole), feed)
    first = feed["a"] if len(a) > 1 else feed["a"][None]
    second = feed["b"] if len(b) > 1 else feed["b"][:, None]
    (record,) = ss.estimate(trace).layers
    assert record.effectual_macs == int(
        ((first != 0).astype(int) @ (second != 0).astype(int)).sum()
    )
    assert record.macs == np.matmul(first, second).size * a[-1]


def test_values_are_kept_when_asked_for():
    graph, x = ss.load(residual()), numbers(7, 1, 3, 4, 4)
    plain, kept = ss.execute(graph, x), ss.execute(graph, x, keep_values=True)
    assert plain.images[0].values == {}
    values = kept.images[0].values
    assert values.keys() == kept.images[0].bits.keys()
    t = tensors_of(residual(), {"x": x})
    for key in ("x|pixels", "b|pixels", "c|pixels", "e|leaving", "f|rows", "y|rows"):
        np.testing.assert_array_equal(values[key], t[key.split("|")[0]])


def test_lives_of_tensors():
    trace = ss.execute(ss.load(residual()), numbers(7, 1, 3, 4, 4))
    # Steps: first with its Relu, second, the host (Add, Relu, Flatten), fc.
    lives = {
        life.tensor: (life.elements, life.value_bits, life.first, life.last) for life in trace.live
    }
    assert lives == {
        "x": (48, 8, -1, 2),
        "b": (48, 8, 0, 1),
        "c": (48, 8, 1, 2),
        "f": (48, 8, 2, 3),
        "y": (5, 8, 3, 4),
    }
    memory = ss.estimate(trace).memory
    # While the second one runs: x for the Add, b to read, c to write.
    assert memory.peak_live_bits == 3 * 48 * 8
    assert memory.peak_live_tensors == ("x", "b", "c")


def test_lazy_and_eager_are_the_same():
    graph = ss.load(residual())
    images = np.concatenate([numbers(seed, 1, 3, 4, 4) for seed in range(5)])
    done = []
    eager = ss.execute(graph, images, progress=done.append)
    assert done == [1, 2, 3, 4, 5]
    lazy = ss.execute(graph, images, lazy=True)
    assert ss.estimate(lazy) == ss.estimate(eager)
    for first, second in zip(lazy.images, eager.images, strict=True):  # once more
        assert first.bits.keys() == second.bits.keys()
        for key, words in first.bits.items():
            np.testing.assert_array_equal(words, second.bits[key])
        np.testing.assert_array_equal(first.outputs[0], second.outputs[0])


@pytest.mark.parametrize("lazy", [False, True])
def test_operands_whose_shapes_hang_on_the_values_are_refused(lazy):
    nodes = [
        node("NonZero", "x", "n", "nonzero"),
        node("Cast", "n", "c", "cast", to=onnx.TensorProto.FLOAT),
        node("Transpose", "c", "t", "turn"),
        node("MatMul", "t w", "y", "m"),
    ]
    whole = model(nodes, {"x": (F, (1, 6))}, {"y": F}, {"w": numbers(1, 2, 3)})
    graph = ss.load(whole)
    images = np.array([[1, 0, 1, 0, 0, 1], [1, 1, 1, 1, 1, 1]], F)
    assert ss.estimate(ss.execute(graph, images[:1])).layers[0].positions == 3
    with pytest.raises(ModelError) as raised:
        ss.estimate(ss.execute(graph, images, lazy=lazy))
    assert str(raised.value) == (
        "small: m: its operands change their shapes from image to image; a trace needs the same "
        "for all"
    )


def test_images_side_by_side_are_each_a_run():
    images = np.concatenate([numbers(seed, 1, 3, 4, 4) for seed in range(4)])
    whole = residual()
    for value in (whole.graph.input[0], whole.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 2
    trace = ss.execute(ss.load(whole), images)
    assert (trace.source.runs, trace.source.images_per_run) == (2, 2)
    single = ss.execute(ss.load(residual()), images)
    halves = [bits(trace, "b|pixels", run) for run in range(2)]
    singles = [bits(single, "b|pixels", image) for image in range(4)]
    for half, pair in zip(halves, list(pairwise(singles))[::2], strict=True):
        np.testing.assert_array_equal(half, np.concatenate(pair))
