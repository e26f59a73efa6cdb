"""Lowered operands: where the trace's bits are one, and the values that loops find there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from fixed_point_models import SMALL, F, feed_of, integers, layer, model, node, two_computed
from naive_fixed_point import naive_convolution
from onnx import numpy_helper

import sparsesim as ss
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError
from sparsesim.estimator.operands import lower
from sparsesim.fixed_point.execute import FixedPoint, run
from sparsesim.fixed_point.product import LayerProduct, signed_bits
from sparsesim.fixed_point.sums import exact_sums
from sparsesim.graph import Graph
from sparsesim.graph.quantize import quantize

WIDE = ss.Accelerator(weight_bits=9)  # 9 bits carry any 8-bit operand with its zero point


class Products:
    """Sees a run in ONNX's numbers, and makes each layer's product of the same tensors."""

    def __init__(self, graph: Graph) -> None:
        self.fixed = FixedPoint(graph, WIDE).layers
        self.of: dict[str, LayerProduct] = {}

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        self.of[runner.layer.name] = self.fixed[runner.layer.name].product(tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        pass


def check_bits(graph: Graph, feed: Mapping[str, np.ndarray]) -> None:
    """Every layer's values are non-zero exactly where the lowered bits of a trace are one."""
    trace = ss.execute(graph, feed)
    (image,) = trace.images
    products = Products(graph)
    Engine(graph).run(feed, products)
    assert list(products.of) == [traced.name for traced in trace.layers]
    for traced in trace.layers:
        product = products.of[traced.name]
        assert product.geometry == traced.geometry
        weight = trace.weights if traced.weight_is_constant else image.bits
        operands = lower(
            traced.geometry,
            image.bits[traced.activation],
            weight[traced.weight],
            image.bits[traced.output],
        )
        for values, words in (
            (product.activations, operands.activation_rows),
            (product.weights, operands.weight_rows),
        ):
            bits = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")
            assert values.dtype == np.int16
            np.testing.assert_array_equal(values != 0, bits[..., : values.shape[-1]])


@pytest.mark.parametrize("name", SMALL)
def test_small_models(name):
    check_bits(ss.load(SMALL[name]), feed_of(SMALL[name]))


def test_lenet(root):
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        images = archive["image"][:5]
    feeds = [{"image": image[None]} for image in images]
    check_bits(quantize(ss.load(root / "models_onnx" / "lenet.onnx"), feeds), feeds[0])


def test_resnet8(shared_data):
    graph = ss.load(shared_data / "models/mlperf-tiny/pretrainedResnet_quant.onnx")
    inputs = ss.open_inputs(
        shared_data / "cifar10-test", ss.input_specs(graph), preprocess="int8", images=1
    )
    check_bits(graph, next(inputs.feeds()))


def test_mobilenet(shared_data):
    graph = ss.load(shared_data / "models/coral-int8/mobilenet_v2_1.0_224_quant.onnx")
    photos = shared_data / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"
    crop = ss.Preprocess(crop=224)
    inputs = ss.open_inputs(photos, ss.input_specs(graph), preprocess=crop, images=1)
    check_bits(graph, next(inputs.feeds()))


@pytest.mark.parametrize(
    ("name", "attributes", "shape"),
    [
        ("conv", {"pad": (1, 0)}, (8, 5)),
        ("conv, int8, zero points", {"stride": (2, 1)}, (3, 4)),
        ("grouped", {"groups": 2}, (5, 4)),
        ("depthwise", {"groups": 4, "pad": (1, 1)}, (7, 6)),
        ("dilated", {"dilation": (2, 3), "pad": (2, 1)}, (5, 7)),
    ],
)
def test_sums_of_convolutions_are_those_of_a_loop(name, attributes, shape):
    whole = SMALL[name]
    constants = {c.name: numpy_helper.to_array(c).astype(int) for c in whole.graph.initializer}
    feed = feed_of(whole)
    steps = {"groups": 1, "stride": (1, 1), "dilation": (1, 1), "pad": (0, 0)} | attributes
    expected = naive_convolution(
        feed["x"].astype(int) - constants["zx"],
        constants["w"] - constants["zw"].reshape(-1)[0],
        **steps,
        shape=shape,
    )
    seen = []
    run(ss.load(whole), feed, WIDE, observer=lambda *given: seen.append(given))
    ((_, computed, _),) = seen
    images, filters = expected.shape[:2]
    found = computed.sums.reshape(filters, images, *shape)
    np.testing.assert_array_equal(found.swapaxes(0, 1), expected)


def test_operands_of_sixteen_and_of_four_bits():
    import ml_dtypes

    nodes = [
        node("DequantizeLinear", "x sx", "xf"),
        node("DequantizeLinear", "w sw zw", "wf"),
        node("MatMul", "xf wf", "y", "layer"),
    ]
    random = np.random.default_rng(1)
    constants = {
        "w": random.integers(-8, 8, (40, 4)).astype(ml_dtypes.int4),
        "zw": np.array(3, ml_dtypes.int4),
        "sx": F(1e-4),
        "sw": F(0.1),
    }
    graph = ss.load(model(nodes, {"x": (np.int16, (5, 40))}, ["y"], constants))
    feed = {"x": integers(2, np.int16, (5, 40))}
    assert int(np.abs(feed["x"].astype(int)).max()) > 2**14
    machine = ss.Accelerator(act_bits=16, weight_bits=5)
    product = FixedPoint(graph, machine).layers["layer"].product({**graph.constants, **feed})
    np.testing.assert_array_equal(product.activations[0], feed["x"])
    expected = (constants["w"].astype(int) - 3).T
    np.testing.assert_array_equal(product.weights[0], expected)
    assert (int(expected.min()), signed_bits(-11, 4)) == (-11, 5)
    sums = exact_sums(product, machine).sums
    np.testing.assert_array_equal(sums[0], expected @ feed["x"].astype(int).T)


@pytest.mark.parametrize(
    ("low", "high", "bits"),
    [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-128, 127, 8), (0, 255, 9), (-255, 0, 9), (-129, 0, 9)],
)
def test_signed_bits(low, high, bits):
    assert signed_bits(low, high) == bits


U, S = np.uint8, np.int8


@pytest.mark.parametrize(
    ("whole", "machine", "said"),
    [
        (
            layer("Conv", (U, (1, 3, 4, 4), 0), (S, (2, 3, 1, 1), 0)),
            {"act_bits": 8},
            "activations need 9 bits, the accelerator has act_bits = 8; set it to 9",
        ),
        (
            layer("Gemm", (U, (1, 12), 0), (U, (12, 2), 120)),
            {},
            "weights need 9 bits, the accelerator has weight_bits = 8; set it to 9",
        ),
        (
            two_computed((U, (2, 3)), (U, (3, 2))),
            {},
            "weights need 9 bits, the accelerator has weight_bits = 8; set it to 9",
        ),
        (
            layer("MatMul", (np.uint16, (1, 12), 0), (S, (12, 2), 0), bias=False, output=None),
            {"act_bits": 16},
            "activations need 17 bits, the accelerator has act_bits = 16; quantise the model to "
            "narrower types",
        ),
    ],
)
def test_operands_wider_than_the_accelerator_are_refused(whole, machine, said):
    with pytest.raises(ModelError) as raised:
        run(ss.load(whole), feed_of(whole), ss.Accelerator(**machine))
    assert str(raised.value) == f"small: layer 'layer': its {said}"


def test_a_computed_weight_may_have_any_value_of_its_type():
    # int8 less 0 and 1 reaches from -129 to 127, whatever comes.
    nodes = [node("MatMulInteger", "x b zx zw", "y", "layer")]
    constants = {"zx": np.int8(0), "zw": np.array([0, 1], S)}
    whole = model(nodes, {"x": (S, (1, 3)), "b": (S, (3, 2))}, ["y"], constants)
    feed = {"x": np.ones((1, 3), S), "b": np.ones((3, 2), S)}
    assert run(ss.load(whole), feed, WIDE)[0].tolist() == [[3, 0]]
    with pytest.raises(ModelError) as raised:
        run(ss.load(whole), feed, ss.Accelerator())
    assert str(raised.value) == (
        "small: layer 'layer': its weights need 9 bits, the accelerator has weight_bits = 8; "
        "set it to 9"
    )


def test_weights_that_fit_though_their_type_does_not():
    # uint8 less 120 needs 9 bits; these, at most 127 above it, need 8.
    whole = layer("Conv", (U, (1, 3, 4, 4), 0), (U, (2, 3, 1, 1), 120))
    weight = next(c for c in whole.graph.initializer if c.name == "w")
    weight.CopyFrom(numpy_helper.from_array(np.full((2, 3, 1, 1), 247, U), "w"))
    feed = feed_of(whole)
    graph = ss.load(whole)
    np.testing.assert_array_equal(
        run(graph, feed, ss.Accelerator(weight_bits=8))[0], Engine(graph).run(feed)[0]
    )
