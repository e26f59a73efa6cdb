"""Which recurrent nodes become layers, under which names, and what is said of the others."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.graph.blocks import blocks
from sparsesim.graph.host_work import host_work
from sparsesim.graph.save import to_model

F = np.float32


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_a_node_makes_two_layers_and_stays_one_node(op):
    case = recurrent(np.random.default_rng(0), op, direction="bidirectional")
    graph = ss.load(case.model)
    first, second = graph.layers
    assert (first.name, first.op, first.kind) == ("net/rec/input", op, "recurrent_input")
    assert (second.name, second.op, second.kind) == ("net/rec/hidden", op, "recurrent")
    assert first.nodes == second.nodes == ("net/rec",)
    assert (first.weight, second.weight) == ("W", "R")
    assert [(block.name, block.layers, block.leaving) for block in blocks(graph)] == [
        ("net/rec", ("net/rec/input", "net/rec/hidden"), "Y")
    ]
    assert not host_work(graph).operators and not graph.reasons
    saved = to_model(graph)
    onnx.checker.check_model(saved)
    assert [(node.op_type, node.domain) for node in saved.graph.node] == [(op, "")]


def test_shapes_between_the_layers_are_known():
    case = recurrent(np.random.default_rng(0), "GRU", direction="bidirectional", batch=2)
    graph = ss.load(case.model)  # 5 steps, 4 inputs, 3 hidden; three gates are three products
    first, second = graph.layers
    assert graph.shapes[first.output] == (5, 2, 2 * 9)
    assert graph.shapes[second.activation] == (2 * 3 * 5, 2, 3)
    assert graph.shapes[second.output] == (2 * 3 * 5, 2, 3)


def test_names_that_the_model_has_already_are_left_alone():
    case = recurrent(np.random.default_rng(0), "RNN")
    graph = case.model.graph
    graph.node.append(helper.make_node("MatMul", ["Y_h", "V"], ["net/rec:sums"], "net/rec/input"))
    graph.initializer.append(numpy_helper.from_array(np.ones((3, 2), F), "V"))
    graph.output.append(helper.make_tensor_value_info("net/rec:sums", 1, [1, 1, 2]))
    loaded = ss.load(case.model)
    names = [layer.name for layer in loaded.layers]
    assert sorted(names) == ["net/rec/hidden", "net/rec/input", "net/rec/input'"]
    made = [name for layer in loaded.layers for name in layer.makes]
    assert len(made) == len(set(made))
    trace = ss.execute(loaded, {"x": np.ones((5, 1, 4), F)})
    assert [layer.geometry.macs for layer in trace.layers] == [5 * 3 * 4, 5 * 3 * 3, 3 * 2]


def _host(case, said: str) -> None:
    graph = ss.load(case.model)
    assert not graph.layers
    assert graph.reasons == {"net/rec": said}
    assert host_work(graph).operators == {case.node.op: 1}


@pytest.mark.parametrize("role", ["W", "R"])
def test_computed_weights_stay_on_the_host(role):
    case = recurrent(np.random.default_rng(0), "LSTM")
    tensor = next(i for i in case.model.graph.initializer if i.name == role)
    case.model.graph.input.append(helper.make_tensor_value_info(role, 1, tensor.dims))
    case.model.graph.initializer.remove(tensor)
    _host(case, f"its {role} is computed while the model runs")


@pytest.mark.parametrize("name", ["Affine", "ScaledTanh", "ThresholdedRelu"])
def test_an_activation_without_its_numbers_stays_on_the_host(name):
    case = recurrent(np.random.default_rng(0), "RNN", activations=[name])
    said = f"its activation {name.lower()} without alpha has no default in ONNX; give it numbers"
    _host(case, said)


def test_its_macs_count_as_the_host_s_then():
    case = recurrent(np.random.default_rng(0), "RNN", batch=2, activations=["Affine"])
    work = host_work(ss.load(case.model))
    assert work.macs == {"net/rec": 5 * 2 * 3 * (4 + 3)}
