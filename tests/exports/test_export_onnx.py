"""Annotated models: they run as before, and their nodes tell what the result tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from export_models import dependent, model, node, request, values

import sparsesim as ss
from sparsesim.errors import ModelError
from sparsesim.exports import Export, Request
from sparsesim.exports import onnx as of_onnx
from sparsesim.exports.onnx import export
from sparsesim.graph.quantize import quantize
from sparsesim.graph.save import to_model


def outputs(model: onnx.ModelProto, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def told(props) -> dict[str, str]:
    return {entry.key: entry.value for entry in props}


def check(made: Export, before: onnx.ModelProto, asked: Request, feed) -> onnx.ModelProto:
    model = onnx.load_from_string(made.files[""])
    onnx.checker.check_model(model)
    for one, other in zip(outputs(before, feed), outputs(model, feed), strict=True):
        assert one.tobytes() == other.tobytes()
    result = ss.estimate(asked.trace, asked.accelerator, asked.device)
    nodes = {node.name: told(node.metadata_props) for node in model.graph.node}
    for record in result.layers:
        facts = nodes.pop(record.name)
        assert int(facts["sparsesim.macs"]) == record.macs
        assert int(facts["sparsesim.effectual_macs"]) == record.effectual_macs
        for key in ("weight_sparsity", "activation_sparsity", "output_sparsity"):
            assert float(facts[f"sparsesim.{key}"]) == pytest.approx(getattr(record, key), abs=1e-6)
        for scheme, cycles in record.cycles.items():
            assert int(facts[f"sparsesim.cycles.{scheme}"]) == cycles.total
            assert facts[f"sparsesim.bound.{scheme}"] == record.schemes[scheme].bound
        assert len(facts) == 5 + 2 * len(record.cycles)
    assert not any(nodes.values())  # nothing is told of a node that is no layer
    return model


def test_a_model_as_loaded(tmp_path: Path):
    small, feeds = dependent()
    path = tmp_path / "small.onnx"
    onnx.save(small, path)
    asked = request(path, feeds)
    feed = {"x": feeds["x"][:1]}
    model = check(export(asked), small, asked, feed)
    assert small.ir_version == 8 and model.ir_version == 10
    source = told(model.metadata_props)
    assert source["sparsesim.images"] == "2"
    assert source["sparsesim.source"].startswith(f"{path}; 2 images of ")
    # But for names and what is told it is the same.
    model.ir_version = 8
    del model.metadata_props[:]
    for made in model.graph.node:
        del made.metadata_props[:]
    assert model == small


def test_a_model_in_memory_and_what_was_told_before_is_replaced():
    small, feeds = dependent()
    feed = {"x": feeds["x"][:1]}
    asked = request(small, feeds)
    first = onnx.load_from_string(export(asked).files[""])
    kept = first.graph.node[0].metadata_props.add(key="own", value="stays")
    again = request(first, {"x": feeds["x"][:1]})
    second = onnx.load_from_string(export(again).files[""])
    assert told(second.metadata_props)["sparsesim.images"] == "1"
    facts = told(second.graph.node[0].metadata_props)
    assert facts.pop("own") == kept.value
    assert len(second.graph.node[0].metadata_props) == 14
    assert outputs(small, feed)[0].tobytes() == outputs(second, feed)[0].tobytes()


def test_sparsified_and_quantised_models():
    small, feeds = dependent()
    graph = ss.load(small)
    feed = {"x": feeds["x"][:1]}
    for rewritten in (
        ss.sparsify(graph, ss.Thresholds(weights={"b": 1.5}, activations={"a": 2.0})),
        quantize(graph, [feed]),
    ):
        asked = replace(request(small, feeds), graph=rewritten, trace=ss.execute(rewritten, feeds))
        check(export(asked), to_model(rewritten), asked, feed)


def test_a_model_whose_nodes_can_have_none(monkeypatch: pytest.MonkeyPatch):
    small, feeds = dependent()
    asked = request(small, feeds)
    monkeypatch.setattr(of_onnx, "is_taken", lambda *given: False)
    model = onnx.load_from_string(export(asked).files[""])
    assert model.ir_version == 8
    assert not any(node.metadata_props for node in model.graph.node)
    (record, *_) = ss.estimate(asked.trace, asked.accelerator, asked.device).layers
    assert told(model.metadata_props)["sparsesim.a.macs"] == str(record.macs)
    assert len(model.metadata_props) == 2 + 5 * 13
    feed = {"x": feeds["x"][:1]}
    assert outputs(small, feed)[0].tobytes() == outputs(model, feed)[0].tobytes()


def test_what_is_taken():
    small, _ = dependent()
    assert of_onnx.is_taken(small)
    small.ir_version = 1000
    assert not of_onnx.is_taken(small)


def test_a_saved_trace_has_no_model():
    small, feeds = dependent()
    with pytest.raises(ModelError) as error:
        export(replace(request(small, feeds), graph=None))
    assert str(error.value) == "a trace of small has no model in it; give the ONNX file"


@pytest.mark.parametrize("name", ["lenet", "paper/resnet14-cifar10-l1"])
def test_bundled_models(root: Path, name: str):
    path = root / f"models_onnx/{name}.onnx"
    graph = ss.load(path)
    opened = ss.open_inputs("random", ss.input_specs(graph), images=1)
    asked = Request(ss.execute(graph, opened), graph, ss.Accelerator(), ss.Device.named("xc7z020"))
    check(export(asked), onnx.load(path), asked, next(iter(opened.feeds())))


def test_layers_of_a_branch_that_is_always_taken(tmp_path: Path):
    """They are no nodes of the file's main graph: the model is written as it is run."""
    value = onnx.helper.make_tensor_value_info("t", onnx.TensorProto.FLOAT, [1, 4])
    branch = onnx.helper.make_graph([node("MatMul", "a v", "t")], "branch", [], [value])
    weights = {name: values(seed, (4, 4)) for seed, name in enumerate(("w", "v"))}
    made = model([node("MatMul", "x w", "a")], {"x": [1, 4]}, ["a"], weights)
    made.graph.node.append(node("If", "k", "y", then_branch=branch, else_branch=branch))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.bool_(True), "k"))
    made.graph.output[0].name = "y"
    feeds = {"x": values(3, (2, 4))}
    asked = request(made, feeds)
    found = check(export(asked), made, asked, {"x": feeds["x"][:1]})
    assert [n.name for n in found.graph.node] == ["a", "t"]


def test_a_fixed_input_is_none_of_the_exported_model(tmp_path: Path):
    made = model(
        [node("Mul", "x f", "a"), node("MatMul", "a w", "y")],
        {"x": [1, 4], "f": [1]},
        ["y"],
        {"w": values(0, (4, 4))},
    )
    graph = ss.load(made, fixed={"f": 2})
    trace = ss.execute(graph, {"x": values(1, (3, 4))})
    asked = Request(trace, graph, ss.Accelerator(), ss.Device.named("xc7z020"), "")
    found = onnx.load_from_string(export(asked).files[""])
    assert [i.name for i in found.graph.input] == ["x"]
