"""Differences between the two executions are counted where they are."""

from __future__ import annotations

import numpy as np
from fixed_point_models import F, model, node

import sparsesim as ss
from sparsesim.fixed_point.compare import Comparison, Difference, compare
from sparsesim.fixed_point.sums import Computed, exact_sums
from sparsesim.graph.quantize import quantize

WIDE = ss.Accelerator(weight_bits=9)


def two_layers(scale: float) -> ss.Graph:
    """Two products behind each other; `scale`: of the first one's output."""
    nodes = [
        node("QLinearMatMul", "x s z w s z sy z", "a", "first"),
        node("QLinearMatMul", "a sy z v s z sy z", "b", "second"),
        node("DequantizeLinear", "b sy z", "y", "dequantise"),
    ]
    constants = {
        "s": F(1),
        "z": np.uint8(0),
        "w": np.array([[255]] * 258 + [[3], [2]], np.uint8),
        "v": np.array([[4]], np.uint8),
        "sy": F(scale),
    }
    return ss.load(model(nodes, {"x": (np.uint8, ("n", 260))}, ["y"], constants))


def test_a_rounding_of_float32_is_found_and_followed():
    # 258 * 255 * 255 + 3 * 255 + 2 = 2^24 + 1. Times 2^-25 is above one half: the datapath gives
    # 1; ONNX rounds the sum to 2^24 and the tie to 0. The second layer makes 4 and 0 of them.
    x = np.array([[255] * 259 + [1], [255] * 259 + [0], [0] * 260], np.uint8)
    graph = two_layers(2.0**25)
    found = compare(graph, [{"x": x}, {"x": x[2:]}], WIDE)
    assert found == Comparison(
        images=2,
        layers=(
            Difference("first", elements=4, differing=1, own=1, largest=1.0),
            Difference("second", elements=4, differing=1, largest=4.0),
        ),
        outputs=(Difference("y", elements=4, differing=1, largest=4 * 2.0**25),),
    )


def test_overflows_are_counted():
    x = np.array([[255] * 259 + [1], [1] * 260, [0] * 260], np.uint8)
    found = compare(two_layers(2.0**20), [{"x": x}], WIDE.with_(acc_bits=24))
    assert [difference.overflows for difference in found.layers] == [1, 0]
    assert (found.layers[0].differing, found.layers[0].own) == (1, 1)
    assert compare(two_layers(2.0**20), [{"x": x}], WIDE).layers[0].overflows == 0


def test_an_array_that_errs_is_found():
    graph = two_layers(2.0**20)

    def wrong(product, accelerator):
        made = exact_sums(product, accelerator)
        step = 2**20 if product.name == "first" else 0
        return Computed(made.sums - 7 * step, made.overflow)

    x = np.full((3, 260), 255, np.uint8)
    found = compare(graph, [{"x": x}], WIDE, wrong)
    assert [(d.name, d.elements, d.differing, d.largest) for d in found.layers] == [
        ("first", 3, 3, 7.0),
        ("second", 3, 3, 28.0),
    ]
    assert [d.own for d in found.layers] == [0, 0]  # the machine erred, not the arithmetic


def test_lenet(root):
    path = root / "models_onnx" / "lenet.onnx"
    with np.load(root / "models_onnx" / "mnist_test_300.npz") as archive:
        feeds = [{"image": image[None]} for image in archive["image"][:10]]
    found = compare(quantize(ss.load(path), feeds), feeds, ss.Accelerator())
    assert [(d.name, d.elements) for d in found.layers] == [
        ("conv1", 115200),
        ("conv2", 32000),
        ("fc3", 5000),
        ("fc4", 100),
    ]
    assert [bool(d.reason) for d in found.layers] == [False, False, True, False]
    assert [d.overflows for d in found.layers] == [0] * 4
    assert all(d.differing <= 1e-4 * d.elements and d.largest <= 1 for d in found.layers)
    assert all(d.own <= 1e-5 * d.elements for d in found.layers)
    ((name, elements),) = [(d.name, d.elements) for d in found.outputs]
    assert (name, elements) == ("logits", 100)
