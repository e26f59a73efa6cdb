"""Whole models in fixed point against ONNX's integers, and an array in the place of ours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from exact_integers import expected
from fixed_point_models import SMALL, F, feed_of, layer, model, node

import sparsesim as ss
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.errors import InputError, ModelError
from sparsesim.fixed_point.execute import FixedPoint, run
from sparsesim.fixed_point.sums import Computed, exact_sums
from sparsesim.graph import Graph
from sparsesim.graph.quantize import quantize
from sparsesim.graph.save import to_model

WIDE = ss.Accelerator(weight_bits=9)
PHOTOS = "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"


@pytest.mark.parametrize("name", SMALL)
def test_small_models(name):
    whole = SMALL[name]
    graph, feed = ss.load(whole), feed_of(whole)
    assert len(graph.steps) == 1
    (mine,) = run(graph, feed, WIDE)
    assert len(np.unique(mine)) > 8
    for (wanted,) in expected(whole, feed):
        assert (mine.dtype, mine.shape) == (wanted.dtype, wanted.shape)
        if name.startswith("transposed"):  # ONNX Runtime computes it in floats
            assert np.abs(mine.astype(int) - wanted.astype(int)).max() <= 1
            assert np.count_nonzero(mine != wanted) <= 0.01 * mine.size
        else:
            np.testing.assert_array_equal(mine, wanted)


class OnEqualInputs:
    """Sees a run in ONNX's numbers; counts where each layer in fixed point gives other values."""

    def __init__(self, fixed: FixedPoint) -> None:
        self.layers, self.elements, self.differing, self.largest = fixed.layers, 0, 0, 0

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        onnx = tensors[runner.layer.output]
        apart = np.abs(self.layers[runner.layer.name].run(tensors).astype(int) - onnx.astype(int))
        self.elements += apart.size
        self.differing += np.count_nonzero(apart)
        self.largest = max(self.largest, int(apart.max()))

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        pass


def check(graph: Graph, feeds, wanted, machine=WIDE) -> None:
    """Fixed point against ONNX's outputs: the same classes, hardly another number."""
    fixed, engine = FixedPoint(graph, machine), Engine(graph)
    apart = OnEqualInputs(fixed)
    for feed, onnx_gives in zip(feeds, wanted, strict=True):
        engine.run(feed, apart)
        seen: list[Computed] = []
        (mine,) = fixed.run(feed, lambda product, computed, y, to=seen: to.append(computed))
        assert [computed.overflow.any() for computed in seen] == [False] * len(graph.layers)
        assert (mine.dtype, mine.shape) == (onnx_gives.dtype, onnx_gives.shape)
        assert mine.argmax() == onnx_gives.argmax()
        assert np.count_nonzero(mine != onnx_gives) <= 0.01 * mine.size
    assert apart.largest <= 1
    assert apart.differing <= 1e-5 * apart.elements


def test_lenet(root):
    path = root / "models_onnx" / "lenet.onnx"
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        feeds = [{"image": image[None]} for image in archive["image"][:10]]
    graph = quantize(ss.load(path), feeds)
    check(graph, feeds, wanted_of(to_model(graph), feeds), ss.Accelerator())
    seen = {}
    run(graph, feeds[0], ss.Accelerator(), observer=lambda p, c, y: seen.update({p.name: p}))
    rest = "DequantizeLinear, Relu, QuantizeLinear behind it: no clamp and threshold of its steps"
    assert {name: product.reason for name, product in seen.items()} == {
        "conv1": "",
        "conv2": "",
        "fc3": rest,  # ONNX Runtime's quantiser gives the Relu a scale of its own
        "fc4": "",
    }
    assert all(product.post is not None for product in seen.values())


def wanted_of(whole: onnx.ModelProto, feeds) -> list[np.ndarray]:
    """The model's one output for each feed, by ONNX Runtime where it is exact."""
    return [expected(whole, feed)[-1][0] for feed in feeds]


def test_resnet8(shared_data):
    path = shared_data / "models/mlperf-tiny/pretrainedResnet_quant.onnx"
    graph = ss.load(path)
    specs = ss.input_specs(graph)
    feeds = list(ss.open_inputs(shared_data / "cifar10-test", specs, preprocess="int8", images=10))
    check(graph, feeds, wanted_of(onnx.load(path), feeds), ss.Accelerator())


def test_mobilenet(shared_data):
    path = shared_data / "models/coral-int8/mobilenet_v2_1.0_224_quant.onnx"
    graph = ss.load(path)
    crop = ss.Preprocess(crop=224)
    specs = ss.input_specs(graph)
    feeds = list(ss.open_inputs(shared_data / PHOTOS, specs, preprocess=crop, images=1))
    check(graph, feeds, wanted_of(onnx.load(path), feeds))
    with pytest.raises(ModelError) as raised:  # weights are uint8 less a zero point
        run(graph, feeds[0], ss.Accelerator())
    assert str(raised.value) == (
        f"{path}: layer '{graph.layers[0].name}': its weights need 9 bits, the accelerator has "
        "weight_bits = 8; set it to 9"
    )


def test_the_host_runs_between_layers():
    nodes = [
        node("DequantizeLinear", "x s z", "xf"),
        node("DequantizeLinear", "w sw", "wf"),
        node("MatMul", "xf wf", "a", "first"),
        node("QuantizeLinear", "a s z", "aq"),
        node("DequantizeLinear", "aq s z", "af"),
        node("Softmax", "af", "p"),
        node("QuantizeLinear", "p s z", "pq"),
        node("DequantizeLinear", "pq s z", "pf"),
        node("MatMul", "pf wf", "y", "second"),
    ]
    constants = {
        "s": F(0.05),
        "z": np.uint8(9),
        "sw": F(0.004),
        "w": np.arange(-18, 18, dtype=np.int8).reshape(6, 6),
    }
    whole = model(nodes, {"x": (np.uint8, (4, 6))}, ["y", "pq"], constants)
    graph, feed = ss.load(whole), feed_of(whole)
    mine = FixedPoint(graph, WIDE)
    assert list(mine.layers) == ["first", "second"] and len(mine.steps) > 2
    for wanted in expected(whole, feed):
        for a, b in zip(mine.run(feed), wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_zero_points_that_are_computed_while_running():
    nodes = [
        node("DynamicQuantizeLinear", "x", "xq sx zx"),
        node("MatMulInteger", "xq w zx zw", "y", "layer"),
    ]
    constants = {"w": np.arange(-24, 24, dtype=np.int8).reshape(12, 4), "zw": np.int8(3)}
    whole = model(nodes, {"x": (F, (5, 12))}, ["y"], constants)
    fixed = FixedPoint(ss.load(whole), WIDE)
    for seed in (1, 2):  # the second run meets the lowered weight of the first
        feed = {"x": np.random.default_rng(seed).normal(seed, 1, (5, 12)).astype(F)}
        for (wanted,) in expected(whole, feed):
            np.testing.assert_array_equal(fixed.run(feed)[0], wanted)


def test_weights_serve_activations_of_other_shapes():
    # The batch of the activation makes groups of the weight: it is lowered anew.
    nodes = [
        node("DequantizeLinear", "x s z", "xf"),
        node("DequantizeLinear", "w s", "wf"),
        node("MatMul", "xf wf", "r", "layer"),
        node("QuantizeLinear", "r sy z", "y"),
    ]
    w = np.random.default_rng(3).integers(-9, 9, (2, 4, 3)).astype(np.int8)
    constants = {"w": w, "s": F(0.1), "sy": F(0.3), "z": np.uint8(100)}
    whole = model(nodes, {"x": (np.uint8, ("n", 2, 5, 4))}, ["y"], constants)
    graph = ss.load(whole)
    fixed, engine = FixedPoint(graph, WIDE), Engine(graph)
    for batch in (1, 3, 1):
        x = np.random.default_rng(batch).integers(60, 140, (batch, 2, 5, 4)).astype(np.uint8)
        np.testing.assert_array_equal(fixed.run({"x": x})[0], engine.run({"x": x})[0])


CONV = SMALL["conv"]


def test_an_array_that_gives_sums_alone_or_outputs_alone():
    graph, feed = ss.load(CONV), feed_of(CONV)
    expected = run(graph, feed, WIDE)[0]
    machines = []

    def sums_alone(product, accelerator):
        machines.append(accelerator)
        made = exact_sums(product, accelerator)
        return Computed(made.sums, made.overflow)

    def outputs_alone(product, accelerator):
        made = exact_sums(product, accelerator)
        return Computed(None, made.overflow, made.outputs)

    def one_sum_too_high(product, accelerator):
        made = exact_sums(product, accelerator)
        unit = 2 ** int(product.post.shift[0, 2]) // int(product.post.multiplier[0, 2]) + 1
        made.sums[0, 2, 3] += unit * 5
        return Computed(made.sums, made.overflow)

    np.testing.assert_array_equal(run(graph, feed, WIDE, sums_alone)[0], expected)
    np.testing.assert_array_equal(run(graph, feed, WIDE, outputs_alone)[0], expected)
    wrong = run(graph, feed, WIDE, one_sum_too_high)[0]
    assert [tuple(map(int, at)) for at in np.argwhere(wrong != expected)] == [(0, 2, 0, 3)]
    assert machines == [WIDE]


def test_outputs_are_taken_as_the_array_gives_them():
    graph, feed = ss.load(CONV), feed_of(CONV)

    def nines(product, accelerator):
        shape = (product.geometry.groups, product.geometry.filters, product.geometry.positions)
        return Computed(None, np.zeros(shape, bool), np.full(shape, 9, np.int16))

    assert (run(graph, feed, WIDE, nines)[0] == 9).all()


def test_an_array_that_gives_nothing():
    graph, feed = ss.load(CONV), feed_of(CONV)
    with pytest.raises(ValueError) as raised:
        run(graph, feed, WIDE, lambda product, accelerator: Computed(None, np.zeros(1, bool)))
    assert str(raised.value) == "small: layer 'layer': the array gave neither sums nor outputs"


def test_sums_wrap_and_tell():
    # 255 less 7 times 127, nine times: 283,464 in 16 bits.
    whole = layer("Gemm", (np.uint8, (1, 9), 7), (np.int8, (9, 1), 0), bias=False)
    weight = next(c for c in whole.graph.initializer if c.name == "w")
    weight.raw_data = np.full((9, 1), 127, np.int8).tobytes()
    seen = []
    feed = {"x": np.full((1, 9), 255, np.uint8)}
    graph = ss.load(whole)
    narrow = ss.Accelerator(acc_bits=16)
    run(graph, feed, narrow, observer=lambda *given: seen.append(given))
    run(graph, feed, ss.Accelerator(), observer=lambda *given: seen.append(given))
    found = [(c.sums.item(), c.overflow.item(), y.item()) for _, c, y in seen]
    scale = float(graph.constants["sx"]) * float(graph.constants["sw"].item()) / 0.05
    assert (283464 + 2**15) % 2**16 - 2**15 == 21320
    assert found == [
        (21320, True, min(255, 10 + round(21320 * scale))),
        (283464, False, min(255, 10 + round(283464 * scale))),
    ]


def test_float_layers_are_refused():
    nodes = [node("MatMul", "x w", "y", "fc")]
    whole = model(nodes, {"x": (F, (2, 3))}, ["y"], {"w": np.ones((3, 4), F)})
    with pytest.raises(ModelError) as raised:
        FixedPoint(ss.load(whole), WIDE)
    assert str(raised.value) == (
        "small: layer 'fc' multiplies floats; the fixed-point execution takes integers: quantise "
        "the model first (--quantize)"
    )


def test_a_feed_that_does_not_fit():
    with pytest.raises(InputError) as raised:
        run(ss.load(CONV), {}, WIDE)
    assert str(raised.value) == "small: the feed lacks 'x'; the model's inputs: 'x'"


def test_operands_that_do_not_fit_each_other():
    # A scale for each of four filters, where there are five.
    graph = ss.load(CONV)
    fixed = FixedPoint(graph, WIDE)
    with pytest.raises(ModelError) as raised:
        fixed.layers["layer"].run({**graph.constants, **feed_of(CONV), "sw": np.ones(4, F)})
    assert str(raised.value) == (
        "layer: its weight scale is [4]; it does not fit the output [2, 5, 8, 5]"
    )
