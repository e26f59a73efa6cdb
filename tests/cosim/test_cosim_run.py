"""Whole networks through the Verilog: values, cycles and classes equal the model's."""

from __future__ import annotations

import os

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.cosim.run import cosimulate
from sparsesim.errors import ModelError, SpecError
from sparsesim.graph.quantize import quantize
from sparsesim.inputs import open_inputs
from sparsesim.inputs.memory import feed_memory
from sparsesim.trace.execute import input_specs

SMALL = ss.Accelerator(rows=4, cols=4, window=8, queue_depth=2)
SCHEMES = SMALL.rules.scheme_names
WIDE = os.environ.get("SPARSESIM_EXAMPLES")


@pytest.fixture(scope="module")
def lenet(root):
    """LeNet in 8 bits, and two digits."""
    graph = ss.load(root / "models_onnx/lenet.onnx")
    digits = root / "models_onnx/mnist_test_300.npz"
    graph = quantize(graph, open_inputs(digits, input_specs(graph), images=10).feeds())
    return graph, open_inputs(digits, input_specs(graph), images=2)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_lenet_feeds_itself_through_the_verilog(lenet, scheme):
    graph, digits = lenet
    found = cosimulate(graph, digits, SMALL.with_(skipping=scheme), chained=True)
    assert found.failure is None
    assert found.outputs_equal == (True, True)
    assert [check.name for check in found.checks] == ["conv1", "conv2", "fc3", "fc4"] * 2
    for check in found.checks:
        assert check.agrees
        assert check.cycles_verilog == check.cycles_model == check.cycles_of_all > 0
        assert check.passes == check.passes_run


def test_passes_with_k_cut_run_in_order_on_two_processes(lenet):
    graph, digits = lenet
    small = SMALL.with_(weight_buffer_kib=1.0, activation_buffer_kib=1.0)
    found = cosimulate(graph, digits, small, layers=["fc3"], most_passes=6, workers=2)
    assert found.failure is None
    first = found.checks[0]
    assert first.passes_run < first.passes
    assert first.cycles_verilog == first.cycles_model < first.cycles_of_all
    assert first.passes_run > 6  # runs of passes: one drains at the end of each


def test_the_estimate_counts_the_same_cycles(lenet):
    graph, digits = lenet
    found = cosimulate(graph, digits, SMALL)
    trace = ss.execute(graph, digits)
    result = ss.estimate(trace, SMALL)
    for layer in result.layers:
        counted = sum(check.cycles_verilog for check in found.checks if check.name == layer.name)
        assert counted == layer.cycles["two_sided"].compute


@pytest.mark.parametrize("scheme", SCHEMES if WIDE else ["two_sided"])
def test_resnet8_feeds_itself_through_the_verilog(shared_data, scheme):
    from PIL import Image

    graph = ss.load(shared_data / "models/mlperf-tiny/pretrainedResnet_quant.onnx")
    photos = np.asarray(Image.open(shared_data / "cifar10-test/test_batch.png"))
    photos = (photos.reshape(-1, 32, 32, 3)[: 3 if WIDE else 1].astype(np.int16) - 128).astype(
        np.int8
    )
    specs = input_specs(graph)
    inputs = feed_memory({specs[0].name: photos}, specs)
    found = cosimulate(graph, inputs, SMALL.with_(skipping=scheme), chained=True)
    assert found.failure is None
    assert all(found.outputs_equal)
    assert len(found.checks) == 10 * len(photos)
    assert all(check.cycles_verilog == check.cycles_model for check in found.checks)


def test_floats_are_refused(root, lenet):
    graph = ss.load(root / "models_onnx/lenet.onnx")
    with pytest.raises(ModelError) as error:
        cosimulate(graph, lenet[1], SMALL)
    assert str(error.value) == (
        f"{root}/models_onnx/lenet.onnx: layer 'conv1' multiplies floats; the fixed-point "
        "execution takes integers: quantise the model first (--quantize)"
    )


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"batch": 2}, {}, "batch 2 is out of range; co-simulation takes 1"),
        ({}, {"most_passes": 0}, "most passes 0 is out of range; use 1 and up"),
        (
            {},
            {"chained": True, "most_passes": 3},
            "a chained run takes all layers and all passes; leave the choice out",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(lenet, changes, options, message):
    with pytest.raises(SpecError) as error:
        cosimulate(*lenet, SMALL.with_(**changes), **options)
    assert str(error.value) == message


def test_a_machine_without_verilog_is_refused(root, lenet):
    toy = f"{root}/tests/machines/toy.py:Toy"
    with pytest.raises(SpecError) as error:
        cosimulate(*lenet, ss.Accelerator(machine=toy))
    assert str(error.value) == f"machine '{toy}' has no Verilog"


def test_a_network_of_three_and_two_bits_goes_through_the_verilog():
    """As QONNX files have it: every layer's operands are narrow integers in 8-bit types."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(3)
    nodes = [
        helper.make_node("Quant", ["x", "s", "z", "b4"], ["x4"], domain="qonnx.custom_op.general"),
        helper.make_node("Quant", ["w", "s", "z", "b3"], ["w3"], domain="qonnx.custom_op.general"),
        helper.make_node("Conv", ["x4", "w3"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Quant", ["f", "t", "z", "b2"], ["f2"], domain="qonnx.custom_op.general"),
        helper.make_node("BipolarQuant", ["v", "s"], ["v1"], domain="qonnx.custom_op.general"),
        helper.make_node("MatMul", ["f2", "v1"], ["y"], name="fc"),
    ]
    nodes[5].attribute.append(helper.make_attribute("signed", 0))
    constants = {
        "w": random.standard_normal((5, 3, 3, 3)),
        "v": random.standard_normal((80, 6)),
        **{"s": 0.5, "t": 2.0, "z": 0, "b2": 2, "b3": 3, "b4": 4},
    }
    tensors = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        for n, s in (("x", [1, 3, 6, 6]), ("y", [1, 6]))
    ]
    weights = [numpy_helper.from_array(np.float32(a), n) for n, a in constants.items()]
    made = helper.make_graph(nodes, "narrow", tensors[:1], tensors[1:], weights)
    opsets = [helper.make_opsetid("", 13)]  # as files of 2021: none for the domain
    graph = ss.load(helper.make_model(made, opset_imports=opsets, ir_version=8))
    x = random.standard_normal((1, 3, 6, 6)).astype(np.float32)
    found = cosimulate(graph, feed_memory({"x": x}, input_specs(graph)), SMALL)
    assert found.failure is None
    assert [check.name for check in found.checks] == ["conv", "fc"]
    assert all(check.agrees and check.cycles_verilog > 0 for check in found.checks)


@pytest.mark.parametrize("weight", [(5, 12), (1, 1, 5, 12), (3, 5, 12)])
def test_a_constant_first_operand_of_a_batch_goes_through_the_verilog(weight):
    """One weight for the batch lies along P; one for each index of it makes groups."""
    from onnx import helper, numpy_helper

    random = np.random.default_rng(1)
    names = ["w", "s", "wz", "x", "s", "z", "t", "z"]
    constants = {
        "w": random.integers(0, 9, weight).astype(np.uint8),
        **{"s": np.float32(1), "t": np.float32(8), "z": np.uint8(3), "wz": np.uint8(4)},
    }
    made = helper.make_graph(
        [helper.make_node("QLinearMatMul", names, ["y"], name="mm")],
        "first",
        [helper.make_tensor_value_info("x", 2, [1, 3, 12, 7])],
        [helper.make_tensor_value_info("y", 2, [1, 3, 5, 7])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    graph = ss.load(helper.make_model(made, opset_imports=opsets, ir_version=8))
    x = random.integers(0, 9, (1, 3, 12, 7)).astype(np.uint8)
    trace = ss.execute(graph, {"x": x})
    exact = np.matmul(constants["w"].astype(int) - 4, x.astype(int) - 3)
    expected = np.clip(np.rint(exact / 8) + 3, 0, 255)
    np.testing.assert_array_equal(trace.images[0].outputs[0], expected)
    groups = 3 if weight[0] == 3 else 1
    geometry = trace.layers[0].geometry
    assert (geometry.groups, geometry.positions) == (groups, 21 // groups)
    found = cosimulate(graph, feed_memory({"x": x}, input_specs(graph)), SMALL)
    assert found.failure is None
    (check,) = found.checks
    assert check.agrees and check.cycles_verilog > 0
    (record,) = ss.estimate(trace, SMALL).layers
    assert check.cycles_verilog == record.cycles[SMALL.skipping].compute
