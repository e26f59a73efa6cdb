"""Reordered networks by ONNX Runtime, to the bit, and their traces against each other."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from exact_integers import expected
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper
from random_networks import networks
from tuning_models import feeds, integers, model, node

import sparsesim as ss
from sparsesim.errors import SparseSimError
from sparsesim.graph.quantize import quantize
from sparsesim.graph.save import to_model
from sparsesim.tuning.channels import Channels, Layout, Piece, order_of, reshaped
from sparsesim.tuning.permute import layers_around, permuted_graph, permuted_trace
from sparsesim.tuning.rules import find_channels


def free(channels: Channels) -> dict[int, int]:
    """Classes that may be reordered, and their channels."""
    return {
        number: one.channels
        for number, one in channels.classes.items()
        if not one.stays and one.channels > 1
    }


def shuffled(channels: Channels, seed: int) -> dict[int, np.ndarray]:
    """Each of them in an order that moves something."""
    random = np.random.default_rng(seed)
    found = {}
    for number, count in free(channels).items():
        found[number] = np.roll(np.arange(count), 1)
        if count > 2:
            found[number] = found[number][random.permutation(count)]
    return found


def outputs(made: onnx.ModelProto, feed) -> list[np.ndarray]:
    """ONNX Runtime's where it is exact on this processor, else those of whole numbers."""
    return expected(made, feed)[-1]


def weights_of(graph: ss.Graph) -> dict[str, np.ndarray]:
    return {layer.name: np.sort(graph.weight(layer), axis=None) for layer in graph.layers}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.integers(0, 1000))
def test_a_reordered_network_computes_the_same(made, seed):
    graph = ss.load(made)
    channels = find_channels(graph)
    orders = shuffled(channels, seed)
    event(f"classes reordered: {min(len(orders), 4)}")
    reordered = permuted_graph(graph, channels, orders, "reordered")
    onnx.checker.check_model(to_model(reordered), full_check=True)
    feed = feeds(made, seed, 1, 0.7)
    for one, other in zip(
        outputs(to_model(graph), feed), outputs(to_model(reordered), feed), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    before, after = ss.execute(graph, feed), ss.execute(reordered, feed)
    for name, weights in weights_of(graph).items():
        np.testing.assert_array_equal(weights, weights_of(reordered)[name])
    guessed = permuted_trace(before, graph, channels, orders, [x.name for x in before.layers])
    for layer, same in zip(after.layers, before.layers, strict=True):
        assert (layer.name, layer.geometry) == (same.name, same.geometry)
        for key, other in ((layer.activation, same.activation), (layer.output, same.output)):
            np.testing.assert_array_equal(after.images[0].bits[key], guessed.images[0].bits[other])
        np.testing.assert_array_equal(after.weights[layer.weight], guessed.weights[same.weight])
    machine = ss.Accelerator(rows=4, cols=4, window=4)
    one, other = (ss.estimate(trace, machine) for trace in (before, after))
    assert one.totals.effectual_macs == other.totals.effectual_macs
    assert one.totals.macs == other.totals.macs


def small() -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Two branches that are added, one of them joined to a third, a product behind."""
    random = np.random.default_rng(1)
    constants = {
        "w1": integers(random, (6, 3, 1, 1), 0.6),
        "b1": integers(random, (6,), 1.0),
        "w2": integers(random, (6, 3, 1, 1), 0.6),
        "w3": integers(random, (4, 6, 1, 1), 0.6),
        "d": integers(random, (6, 1, 3, 3), 0.9),
        "w4": integers(random, (10 * 16, 5), 0.6),
        "w5": integers(random, (5, 2), 0.9),
    }
    nodes = [
        node("Conv", "x w1 b1", "a"),
        node("Conv", "x w2", "b"),
        node("Add", "a b", "sum"),
        node("Conv", "sum w3", "c"),
        node("Conv", "sum d", "deep", group=6, pads=[1] * 4),
        node("Concat", "c deep", "joined", axis=1),
        node("Flatten", "joined", "flat"),
        node("MatMul", "flat w4", "m"),
        node("Relu", "m", "r"),
        node("MatMul", "r w5", "y"),
    ]
    made = model(nodes, {"x": (1, 3, 4, 4)}, ["y"], constants)
    return made, feeds(made, 2, 1, 0.8)


def test_classes_of_a_small_network():
    graph = ss.load(small()[0])
    channels = find_channels(graph)
    by_producers = {one.producers: one for one in channels.classes.values()}
    assert {names: one.stays for names, one in by_producers.items()} == {
        ("a", "b"): "",
        ("c",): "",
        ("m",): "",
        ("y",): "the model's output 'y'",
    }
    assert by_producers["a", "b"].channels == 6
    assert channels.fixed == {"deep": "depthwise: each filter has its own channel"}
    number = {one.producers: number for number, one in channels.classes.items()}
    of_c, of_sum = number["c",], number["a", "b"]
    assert channels.layouts["flat"] == Layout(1, (Piece(of_c, 4, 16), Piece(of_sum, 6, 16)))
    around = layers_around(graph, channels, of_sum)
    assert [layer.name for layer in around] == ["a", "b", "c", "deep", "m"]


def test_what_does_not_follow_shows():
    """Without any one constant's move the outputs differ: the comparison can fail."""
    made, feed = small()
    graph = ss.load(made)
    channels = find_channels(graph)
    orders = shuffled(channels, 3)
    right = outputs(to_model(graph), feed)[0]
    for left_out in range(len(channels.takes)):
        takes = tuple(take for i, take in enumerate(channels.takes) if i != left_out)
        wrong = Channels(channels.classes, channels.layouts, takes, channels.fixed)
        moved = to_model(permuted_graph(graph, wrong, orders, "wrong"))
        if order_of(channels.takes[left_out].layout, orders) is not None:
            assert (outputs(moved, feed)[0] != right).any()
        else:
            assert (outputs(moved, feed)[0] == right).all()


def one_layer(nodes, constants, shape=(1, 3, 4, 4), out="y") -> Channels:
    random = np.random.default_rng(1)
    constants = {"w": integers(random, (4, 3, 1, 1), 0.6), **constants}
    whole = [node("Conv", "x w", "c"), *nodes]
    return find_channels(ss.load(model(whole, {"x": shape}, [out], constants)))


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([node("LRN", "c", "y", size=3)], "LRN 'y'"),
        ([node("Softmax", "c", "y", axis=1)], "Softmax 'y'"),
        ([node("ReduceSum", "c one", "y")], "ReduceSum 'y'"),
        ([node("DepthToSpace", "c", "y", blocksize=2)], "DepthToSpace 'y'"),
        ([node("Conv", "c g", "y", group=2)], "Conv 'y'"),
        ([node("Gather", "c one", "y", axis=1)], "Gather 'y'"),
        ([node("MatMul", "c m", "y")], "MatMul 'y'"),
        ([node("Reshape", "c all", "y")], "Reshape 'y'"),
        ([node("Relu", "c", "y")], "the model's output 'y'"),
        ([node("Add", "c x4", "y")], "Add 'y'"),
    ],
)
def test_what_ends_the_freedom(nodes, reason):
    random = np.random.default_rng(2)
    constants = {
        "one": np.array([1], np.int64),
        "g": integers(random, (4, 2, 1, 1), 0.9),
        "m": integers(random, (4, 4), 0.9),
        "all": np.array([4, 16], np.int64),
    }
    if "x4" in nodes[0].input:  # a tensor whose channels nothing may move
        nodes = [node("Concat", "x one_channel", "x4", axis=1), *nodes]
        constants["one_channel"] = np.ones((1, 1, 4, 4), np.float32)
    (found,) = [
        one.stays for one in one_layer(nodes, constants).classes.values() if "c" in one.producers
    ]
    assert found == reason


def test_a_weight_that_two_layers_share_is_copied_where_their_orders_differ():
    random = np.random.default_rng(3)
    constants = {
        "w": integers(random, (3, 3, 1, 1), 0.8),
        "v": integers(random, (2, 3, 1, 1), 0.8),
    }
    nodes = [
        node("Conv", "x w", "a"),
        node("Conv", "a w", "b"),
        node("Conv", "b v", "y"),
    ]
    made = model(nodes, {"x": (1, 3, 4, 4)}, ["y"], constants)
    graph = ss.load(made)
    channels = find_channels(graph)
    orders = {
        number: np.array(order)
        for number, order in zip(free(channels), ([2, 0, 1], [1, 0, 2]), strict=True)
    }
    reordered = permuted_graph(graph, channels, orders, "two")
    feed = feeds(made, 4, 1, 0.8)
    one, other = (outputs(to_model(g), feed)[0] for g in (graph, reordered))
    np.testing.assert_array_equal(one, other)
    assert len({layer.weight for layer in reordered.layers}) == 3
    assert reordered.rewrites == ("two",)


def integer_model(nodes, kinds, constants) -> onnx.ModelProto:
    """A model of one input and one output of these types."""
    graph = helper.make_graph(
        nodes,
        "integers",
        [helper.make_tensor_value_info("x", kinds[0], (1, 3, 4, 4))],
        [helper.make_tensor_value_info("y", kinds[1], None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    graph.output[0].type.tensor_type.ClearField("shape")
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    made.ir_version = 10
    inferred = onnx.shape_inference.infer_shapes(made).graph.output
    del made.graph.output[:]
    made.graph.output.extend(inferred)
    return made


def qlinear() -> onnx.ModelProto:
    """QLinearConv twice, with scales and zero points for each filter, then QLinearMatMul twice."""
    random = np.random.default_rng(8)
    u8, f4 = np.uint8, np.float32
    constants: dict[str, np.ndarray] = {"s": f4(4), "z": u8(128)}
    shapes = {"w1": (5, 3, 3, 3), "w2": (6, 5, 1, 1), "w3": (6 * 16, 7), "w4": (7, 2)}
    steps = {"w1": 2**-6, "w2": 2**-4, "w3": 2**-6, "w4": 2**-4}
    for name, shape in shapes.items():
        filters = shape[0] if len(shape) == 4 else shape[1]
        constants[name] = random.integers(-9, 9, shape).astype(np.int8)
        constants[f"{name}s"] = (steps[name] * random.choice([1, 2, 4], filters)).astype(f4)
        constants[f"{name}z"] = np.zeros(filters, np.int8)
        constants[f"{name}b"] = random.integers(-99, 99, filters).astype(np.int32)
    conv = "s z {w} {w}s {w}z s z {w}b"
    nodes = [
        node("QLinearConv", "x " + conv.format(w="w1"), "a", pads=[1] * 4),
        node("QLinearConv", "a " + conv.format(w="w2"), "b"),
        node("Flatten", "b", "f"),
        node("QLinearMatMul", "f s z w3 w3s w3z s z", "m"),
        node("QLinearMatMul", "m s z w4 w4s w4z s z", "y"),
    ]
    kind = onnx.TensorProto.UINT8
    used = {name for one in nodes for name in one.input}
    constants = {name: array for name, array in constants.items() if name in used}
    return integer_model(nodes, (kind, kind), constants)


def dynamic() -> onnx.ModelProto:
    """ConvInteger and MatMulInteger behind scales that are computed."""
    random = np.random.default_rng(9)
    constants = {
        "w1": random.integers(-9, 9, (6, 3, 1, 1)).astype(np.int8),
        "w2": random.integers(-9, 9, (6 * 16, 5)).astype(np.int8),
        "z2": random.integers(-2, 2, 5).astype(np.int8),
        "w3": random.integers(-9, 9, (5, 2)).astype(np.int8),
        "bias": random.integers(-9, 9, (6, 1, 1)).astype(np.float32),
        "z": np.int8(0),
    }
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"], name="dx"),
        node("ConvInteger", "xq w1 xz", "c"),
        node("Cast", "c", "cf", to=1),
        node("Mul", "cf xs", "cs"),
        node("Add", "cs bias", "cb"),
        node("Relu", "cb", "r"),
        node("Flatten", "r", "f"),
        helper.make_node("DynamicQuantizeLinear", ["f"], ["fq", "fs", "fz"], name="df"),
        node("MatMulInteger", "fq w2 fz z2", "m"),
        node("Cast", "m", "mf", to=1),
        helper.make_node("DynamicQuantizeLinear", ["mf"], ["mq", "ms", "mz"], name="dm"),
        node("MatMulInteger", "mq w3 mz z", "y"),
    ]
    return integer_model(nodes, (onnx.TensorProto.FLOAT, onnx.TensorProto.INT32), constants)


@pytest.mark.parametrize(("made", "classes"), [(qlinear(), 3), (dynamic(), 2)])
def test_integer_operators(made, classes):
    graph = ss.load(made)
    channels = find_channels(graph)
    orders = shuffled(channels, 10)
    assert len(orders) == classes
    reordered = permuted_graph(graph, channels, orders, "reordered")
    random = np.random.default_rng(11)
    (spec,) = ss.input_specs(graph)
    for _ in range(5):
        feed = {"x": random.integers(90, 170, (1, 3, 4, 4)).astype(spec.dtype)}
        one, other = (outputs(to_model(g), feed)[0] for g in (graph, reordered))
        np.testing.assert_array_equal(one, other)
        assert one.std() > 0
        assert not np.isin(one, (0, 255)).all()


def test_a_channel_stays_in_one_piece_or_does_not_move():
    channels = Layout(1, (Piece(0, 4),))
    assert reshaped(channels, (1, 4, 1, 1), (1, 4)) == channels
    assert reshaped(channels, (1, 4, 2, 3), (1, 4, 6)) == channels
    assert reshaped(Layout(3, (Piece(0, 4),)), (1, 2, 1, 4), (1, 8)) == Layout(
        1, (Piece(0, 4), Piece(0, 4))
    )
    assert reshaped(channels, (1, 4, 2, 3), (4, 6)) is None  # mixed with the batch
    assert reshaped(channels, (1, 4, 2, 3), (1, 2, 12)) is None  # cut in two
    assert reshaped(channels, (1, 4, None, 3), (1, 12)) is None
    order = {0: np.array([2, 3, 0, 1])}
    layout = Layout(1, (Piece(-1, 2), Piece(0, 4, 2)))
    assert order_of(layout, order).tolist() == [0, 1, 6, 7, 8, 9, 2, 3, 4, 5]
    assert order_of(layout, {}) is None


REAL = [
    ("mlperf-tiny/pretrainedResnet_quant.onnx", 9, True),
    ("coral-int8/mobilenet_v2_1.0_224_quant.onnx", 35, True),
    ("mlperf-tiny/pretrainedResnet.onnx", 9, False),
    ("resnet20-cifar10/resnet20_cifar10.onnx", 9, False),
    ("squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx", 25, False),
    ("resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx", 53, False),
]


@pytest.mark.parametrize(("name", "layers", "is_integer"), REAL)
def test_real_networks(shared_data, name, layers, is_integer):
    """Integers to the bit, floats to their rounding; and the saved file is read again."""
    same_function(ss.load(shared_data / "models" / name), layers, is_integer)


@pytest.mark.parametrize("is_quantised", [False, True])
def test_lenet(root, is_quantised):
    graph = ss.load(root / "models_onnx/lenet.onnx")
    images = np.load(root / "models_onnx/mnist_test_300.npz")["image"][:5]
    if is_quantised:
        graph = quantize(graph, [{"image": image[None]} for image in images])
    same_function(graph, 3, is_quantised, images)


def same_function(graph: ss.Graph, layers: int, is_integer: bool, images=None) -> None:
    channels = find_channels(graph)
    orders = shuffled(channels, 5)
    assert sum(len(channels.classes[number].producers) for number in orders) == layers
    reordered = permuted_graph(graph, channels, orders, "reordered")
    assert [layer.name for layer in reordered.layers] == [layer.name for layer in graph.layers]
    saved = to_model(reordered)
    onnx.checker.check_model(saved)
    (spec,) = ss.input_specs(graph)
    random = np.random.default_rng(6)
    shape = (1, *spec.shape[1:])
    feeds_ = [random.integers(0, 255, shape).astype(spec.dtype) for _ in range(2)]
    if images is not None:
        feeds_ = [image[None] for image in images]
    for feed in feeds_:
        one, other = (outputs(m, {spec.name: feed})[0] for m in (to_model(graph), saved))
        assert one.std() > 0
        if is_integer:
            np.testing.assert_array_equal(one, other)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(one).max())
            assert one.argmax() == other.argmax()
    assert len(ss.load(saved).layers) == len(graph.layers)


def test_a_wrong_order_is_no_graph():
    """Classes that stay have no orders, and an order of another length cannot pass."""
    graph = ss.load(small()[0])
    channels = find_channels(graph)
    with pytest.raises((SparseSimError, IndexError)):
        permuted_graph(graph, channels, {next(iter(free(channels))): np.arange(9)}, "wrong")
