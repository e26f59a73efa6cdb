"""What each verb does with a model that has a recurrent node."""

from __future__ import annotations

import json

import numpy as np
import pytest
from onnx import helper, numpy_helper
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.cuts.find import cut_nodes, find_cuts
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError, SpecError
from sparsesim.estimator.break_even import break_even
from sparsesim.exports import Request, exporter, kind_named
from sparsesim.fixed_point.compare import compare
from sparsesim.fixed_point.execute import run as run_fixed
from sparsesim.graph.quantize import quantize
from sparsesim.inputs import Inputs
from sparsesim.inputs.memory import feed_memory
from sparsesim.report.console import plain
from sparsesim.report.explain import explain

F = np.float32
MACHINE = ss.Accelerator(rows=4, cols=4, window=4)


def network():
    """A GRU of 4 to 3 and a layer of 3 to 2 behind it; and an image."""
    random = np.random.default_rng(0)
    case = recurrent(random, "GRU", steps=4, linear_before_reset=1)
    graph = case.model.graph
    graph.node.append(helper.make_node("MatMul", ["Y", "V"], ["out"], "head"))
    graph.initializer.append(numpy_helper.from_array(random.standard_normal((3, 2)).astype(F), "V"))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("out", 1, [4, 1, 1, 2]))
    x = random.standard_normal(case.shape).astype(F)
    return case.model, np.maximum(x, 0)


def traced():
    model, x = network()
    graph = ss.load(model)
    return graph, ss.execute(graph, {"x": x})


@pytest.mark.parametrize("kind", ["timeloop", "zigzag", "scalesim"])
def test_exports_as_loops_refuse_steps(kind):
    graph, trace = traced()
    request = Request(trace, graph, MACHINE, ss.Device.named("xc7z020"))
    with pytest.raises(ModelError) as raised:
        exporter(kind_named(kind))(request)
    assert str(raised.value) == (
        f"net/rec/hidden: recurrent, steps in order that share a weight; {kind} has no loops for "
        "that"
    )


def test_the_model_s_export_tells_both_products_at_their_node():
    from sparsesim.exports.onnx import PREFIX, annotated

    _, trace = traced()
    result = ss.estimate(trace, MACHINE)
    made = annotated(network()[0], result, "x")
    known = {node.name: node for node in made.graph.node}
    entries = known["net/rec"].metadata_props or made.metadata_props
    told = {entry.key.removeprefix(PREFIX): entry.value for entry in entries}
    both = {key: value for key, value in told.items() if key.endswith("input.macs")}
    assert list(both.values()) == [str(4 * 9 * 4)]
    assert [value for key, value in told.items() if key.endswith("hidden.macs")] == [str(4 * 9 * 3)]


def test_the_fixed_point_execution_refuses_them():
    model, x = network()
    with pytest.raises(ModelError) as raised:
        run_fixed(ss.load(model), {"x": x}, MACHINE)
    assert str(raised.value) == (
        "small: layer 'net/rec/input' is a product of a recurrent node (GRU), whose gates are "
        "floats; the fixed-point execution has none of these"
    )


def test_another_layer_runs_in_fixed_point_beside_them():
    model, x = network()
    graph = quantize(ss.load(model), [{"x": x}])
    found = compare(graph, [{"x": x}], MACHINE.with_(act_bits=9, weight_bits=9), layers=["head"])
    assert [(layer.name, layer.elements, layer.differing) for layer in found.layers] == [
        ("head", 4 * 2, 0)
    ]
    assert [(output.name, output.differing) for output in found.outputs] == [("out", 0)]


def test_quantising_leaves_them_float_and_quantises_the_rest():
    model, x = network()
    graph = quantize(ss.load(model), [{"x": x}])
    assert [(layer.name, layer.is_integer) for layer in graph.layers] == [
        ("net/rec/input", False),
        ("net/rec/hidden", False),
        ("head", True),
    ]
    assert ss.execute(graph, {"x": x}).images[0].outputs[0].shape == (4, 1, 1, 2)


def test_emulation_passes_over_them_but_for_an_exact_name():
    model, x = network()
    graph = ss.load(model)
    inputs = feed_memory({"x": x}, ss.input_specs(graph))
    rule = {"acc_bits": 16}
    found = ss.emulate(graph, inputs, ss.Thresholds(intrinsic={"*": rule}))
    assert [(layer.name, layer.counts is not None) for layer in found.layers] == [
        ("net/rec/input", False),
        ("net/rec/hidden", False),
        ("head", True),
    ]
    with pytest.raises(SpecError) as raised:
        ss.emulate(graph, inputs, ss.Thresholds(intrinsic={"net/rec/hidden": rule}))
    assert str(raised.value) == (
        "intrinsic.net/rec/hidden: layer 'net/rec/hidden' is a product of a recurrent node, of "
        "which there is no emulation; leave it out"
    )


def test_cuts_lie_between_and_behind_the_products():
    graph = ss.load(network()[0])
    nodes = cut_nodes(graph)
    cuts = find_cuts(nodes, ["x"])
    assert [(cut.behind, cut.tensors) for cut in cuts] == [
        ("net/rec/input", ("net/rec:sums",)),
        ("net/rec/hidden", ("Y",)),
    ]


def test_break_even_densities_are_found_for_both_products():
    _, trace = traced()
    device = ss.Device.named("xczu9eg")
    found = break_even(trace, MACHINE, device)
    assert [layer.name for layer in found.layers] == ["net/rec/input", "net/rec/hidden", "head"]
    records = ss.estimate(trace, MACHINE, device).layers
    for layer, record in zip(found.layers, records, strict=True):
        assert layer.schemes["two_sided"].cycles == record.cycles["two_sided"].total


def labelled(graph, shape, seed, count=40):
    """Runs of one image each, labelled as the graph answers."""
    random = np.random.default_rng(seed)
    images = [random.standard_normal(shape).astype(F) for _ in range(count)]
    engine = Engine(graph)
    answers = [engine.run({"x": image})[0].argmax() for image in images]
    return Inputs(
        count=count,
        labels=np.array(answers, np.int64),
        source="drawn",
        random=False,
        stream=lambda: ({"x": image} for image in images),
    )


def test_a_search_finds_thresholds_for_w_and_r_and_none_inside_the_node():
    random = np.random.default_rng(0)
    case = recurrent(random, "GRU", steps=4, hidden=6)
    onnx_graph = case.model.graph
    constants = {"axis": np.array([0]), "V": random.standard_normal((6, 3)).astype(F)}
    onnx_graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in constants.items())
    onnx_graph.node.append(helper.make_node("Squeeze", ["Y_h", "axis"], ["h"], "squeeze"))
    onnx_graph.node.append(helper.make_node("MatMul", ["h", "V"], ["out"], "head"))
    del onnx_graph.output[:]
    onnx_graph.output.append(helper.make_tensor_value_info("out", 1, [1, 3]))
    graph = ss.load(case.model)
    images = [labelled(graph, case.shape, seed) for seed in (1, 2)]
    spec = ss.SearchSpec(what="both", by="layer", keep=0.8)
    found = ss.find_thresholds(graph, *images, spec)
    kinds = {(unit.kind, unit.name) for unit in found.result.units}
    assert kinds == {("weights", f"net/rec/{part}") for part in ("input", "hidden")} | {
        ("weights", "head")
    }
    for layer, name in zip(found.graph.layers, ("W", "R", "V"), strict=True):
        limit = F(dict(found.thresholds.weights[layer.name].parameters)["threshold"])
        before, after = graph.constants[name], found.graph.constants[layer.weight]
        np.testing.assert_array_equal(after, np.where(np.abs(before) <= limit, 0, before))


def test_results_are_written_and_read(tmp_path):
    _, trace = traced()
    result = ss.estimate(trace, MACHINE)
    path = tmp_path / "result.json"
    path.write_text(result.model_dump_json())
    layers = json.loads(path.read_text())["layers"]
    assert [layer["name"] for layer in layers] == ["net/rec/input", "net/rec/hidden", "head"]


def test_explain_tells_steps_from_groups():
    _, trace = traced()
    result = ss.estimate(trace, MACHINE)
    assert [(layer.groups, layer.steps) for layer in result.layers] == [(1, 1), (4, 4), (1, 1)]
    said = plain(explain(result, "net/rec/hidden"))
    assert "9 filters x 1 position x 3 terms, 4 steps in order; counts are" in said
