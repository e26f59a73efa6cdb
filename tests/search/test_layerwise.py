"""The paper's search against brute force: every threshold of every unit, one model each."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from search_models import labelled, loaded

from sparsesim.graph.blocks import blocks
from sparsesim.graph.save import to_model
from sparsesim.search.grid import Grid
from sparsesim.search.images import batches, part, two_parts
from sparsesim.search.keeping import Keeper
from sparsesim.search.layerwise import layerwise
from sparsesim.search.replay import Replay
from sparsesim.search.scoring import Scorer
from sparsesim.search.searching import SearchSpec, find_thresholds
from sparsesim.search.units import weight_units
from sparsesim.sparsity import Thresholds, sparsify, weight_sparsity


def right_answers(graph, inputs) -> int:
    """By ONNX Runtime, one image at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        to_model(graph).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    outputs = [session.run(None, feed)[0] for feed in inputs.feeds()]
    return sum(int(y.argmax()) == label for y, label in zip(outputs, inputs.labels, strict=True))


def brute_force(graph, inputs, result, keep):
    """The highest threshold of each unit that keeps the accuracy, the others left alone."""
    needed = int(np.ceil(keep * right_answers(graph, inputs) - 1e-9))
    best = {}
    for unit in result.units:
        best[unit.kind, unit.name] = 0.0
        for limit in unit.grid:
            rules = {unit.kind: dict.fromkeys(unit.layers, limit)}
            if right_answers(sparsify(graph, Thresholds(**rules)), inputs) >= needed:
                best[unit.kind, unit.name] = limit
    return best


@pytest.mark.parametrize("by", ["block", "layer"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thresholds_are_those_of_brute_force(seed, by):
    graph = loaded(seed)
    first, second = two_parts(labelled(graph, seed, 60))
    spec = SearchSpec(what="both", by=by, grid=Grid("quantiles", 6), keep=0.95)
    found = find_thresholds(graph, first, second, spec)
    result = found.result
    chosen = {(unit.kind, unit.name): unit.threshold for unit in result.units}
    assert chosen == brute_force(graph, first, result, 0.95)
    assert any(chosen.values())
    # All at once: the counts are those of ONNX Runtime on the sparsified model.
    assert result.search.baseline == right_answers(graph, first)
    assert result.search.together == right_answers(found.graph, first)
    assert result.test.baseline == right_answers(graph, second)
    assert result.test.together == right_answers(found.graph, second)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thresholds_that_keep_the_accuracy_together(seed):
    graph = loaded(seed)
    first, second = two_parts(labelled(graph, seed, 60))
    asked = {"what": "both", "by": "layer", "grid": Grid("quantiles", 6), "keep": 0.95}
    alone = find_thresholds(graph, first, second, SearchSpec(**asked)).result.units
    found = find_thresholds(graph, first, second, SearchSpec(**asked, objective="together"))
    needed = int(np.ceil(0.95 * right_answers(graph, first) - 1e-9))
    # Step by step: the first combination that ONNX Runtime finds good enough.
    for steps in range(7):
        rules = {"weights": {}, "activations": {}}
        for unit in alone:
            at = unit.grid.index(unit.threshold) - steps if unit.threshold else -1
            if at >= 0:
                rules[unit.kind] |= dict.fromkeys(unit.layers, unit.grid[at])
        right = right_answers(sparsify(graph, Thresholds(**rules)), first)
        if right >= needed:
            break
    assert found.result.search.together == right >= needed
    chosen = {
        (unit.kind, layer): unit.threshold for unit in found.result.units for layer in unit.layers
    }
    expected = {(kind, layer): t for kind, some in rules.items() for layer, t in some.items()}
    assert {key: t for key, t in chosen.items() if t} == expected


def test_neither_memory_nor_reuse_changes_what_is_found():
    graph = loaded(3)
    first, second = two_parts(labelled(graph, 3, 500))
    grid = Grid("quantiles", 5)
    plain = find_thresholds(graph, first, second, SearchSpec(what="both", grid=grid))
    again = find_thresholds(graph, first, second, SearchSpec(what="both", grid=grid, reuse=False))
    assert plain.result == again.result


def test_images_that_do_not_fit_are_taken_in_chunks(monkeypatch):
    graph = loaded(3)
    first, second = two_parts(labelled(graph, 3, 1000))
    plain = find_thresholds(graph, first, second, SearchSpec(grid=Grid("quantiles", 5)))
    monkeypatch.setattr("sparsesim.search.scoring._MIB", 1 << 10)  # a MiB of 1 KiB
    spec = SearchSpec(grid=Grid("quantiles", 5), memory_mib=100)
    chunked = find_thresholds(graph, first, second, spec)
    thresholds = [unit.threshold for unit in plain.result.units]
    assert [unit.threshold for unit in chunked.result.units] == thresholds
    assert chunked.result.search == plain.result.search


def test_the_hardest_images_come_first_over_all_chunks():
    graph = loaded(3)
    inputs = labelled(graph, 3, 230)
    whole, parts = (
        Keeper(Replay(graph), {"r1"}, lambda: batches(inputs, 20), limit) for limit in (1 << 40, 1)
    )
    (together,) = whole.chunks()
    chunks = [list(chunk) for chunk in parts.chunks()]  # each is emptied behind its turn
    assert len(chunks) == 12  # of a batch each
    assert parts.baseline() == whole.baseline() == right_answers(graph, inputs)
    for kept in (together, [batch for chunk in chunks for batch in chunk]):
        margins = np.concatenate([batch.margins for batch in kept])
        assert (np.diff(margins) >= -1e-6).all()
    np.testing.assert_array_equal(
        np.concatenate([batch.labels for chunk in chunks for batch in chunk]),
        np.concatenate([batch.labels for batch in together]),
    )
    for batch, other in zip(together, (c[0] for c in chunks), strict=True):
        np.testing.assert_allclose(batch.tensors["r1"], other.tensors["r1"], atol=1e-6)


def test_a_candidate_that_fails_late_gives_way_to_the_next(monkeypatch):
    """Where the first images are not those that are lost first, chunks are gone through again."""
    graph = loaded(3)
    first, _ = two_parts(labelled(graph, 3, 400))
    monkeypatch.setattr(
        "sparsesim.search.keeping.margins", lambda outputs, labels: -np.arange(float(len(labels)))
    )
    monkeypatch.setattr("sparsesim.search.scoring._MIB", 1)
    grid = Grid("quantiles", 12)
    units = weight_units(graph, blocks(graph), grid)
    needed = int(0.9 * right_answers(graph, first))
    scorers = [
        Scorer(Replay(graph), units, lambda: batches(first, 20), 200, memory)
        for memory in (1, 1 << 40)
    ]
    began = []
    stream = scorers[0]._keeper.chunks
    monkeypatch.setattr(scorers[0]._keeper, "chunks", lambda: (began.append(1), stream())[1])
    chunked, whole = (layerwise(scorer, units, needed) for scorer in scorers)
    assert [(c.chosen, c.right[c.chosen]) for c in chunked] == [
        (c.chosen, c.right[c.chosen]) for c in whole
    ]
    assert len(began) > 1


def test_the_table_has_the_sparsity_of_the_saved_model():
    graph = loaded(4)
    first, second = two_parts(labelled(graph, 4, 40))
    found = find_thresholds(graph, first, second, SearchSpec(keep=0.9))
    measured = {row.name: row for row in weight_sparsity(found.graph, []).layers}
    for row in found.result.blocks:
        layers = [name for name in measured if name == row.name or name.startswith(f"{row.name}/")]
        assert row.weights == sum(measured[name].elements for name in layers)
        assert row.weight_zeros == sum(measured[name].zeros for name in layers)  # eq. 5
    assert [row.name for row in found.result.blocks] == ["block", "fc"]
    # The activation of a block is that of the tensor that leaves it: behind the sum and its ReLU.
    feed = {"x": np.concatenate([feed["x"] for feed in second.feeds()])}
    model = to_model(graph)
    model.graph.output.append(model.graph.output[0].__class__(name="r2"))
    model.graph.output[-1].type.tensor_type.elem_type = 1
    session = onnxruntime.InferenceSession(model.SerializeToString())
    leaving = session.run(["r2"], feed)[0]
    assert found.result.blocks[0].activation_sparsity_before == np.mean(leaving == 0)


def test_raw_weights_are_those_of_the_file():
    raw, folded = loaded(5, normalised=True, raw_weights=True), loaded(5, normalised=True)
    weight = raw.constants["w1"]
    assert not np.array_equal(folded.constants[folded.layer("block/conv1").weight], weight)
    first, second = two_parts(labelled(raw, 5, 60))
    found = find_thresholds(folded, first, second, SearchSpec(by="layer", keep=0.9), raw=raw)
    assert found.result.raw_weights
    unit = next(unit for unit in found.result.units if unit.name == "block/conv1")
    assert set(np.float32(unit.grid)) <= set(np.abs(weight).reshape(-1))
    assert found.result.test.together == right_answers(found.graph, second)
    # As the map file says it: the raw model sparsified, by ONNX Runtime, normalisation and all.
    rewritten = sparsify(raw, found.thresholds)
    assert found.result.test.together == right_answers(rewritten, second)
    for name in ("block/conv1", "block/conv2"):
        zeros = rewritten.constants[rewritten.layer(name).weight] == 0
        weight = found.graph.constants[found.graph.layer(name).weight]
        np.testing.assert_array_equal(weight == 0, zeros)


def test_a_fixed_batch_is_run_as_it_is():
    from onnx import TensorProto, helper
    from search_models import classifier

    from sparsesim.graph import load
    from sparsesim.inputs.memory import feed_memory
    from sparsesim.trace.execute import input_specs

    model = classifier(6)
    free = load(model)
    inputs = labelled(free, 6, 40)
    model.graph.input[0].CopyFrom(
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2, 6, 6])
    )
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 4]))
    fixed = load(model)
    images = np.concatenate([feed["x"] for feed in inputs.feeds()])
    pairs = feed_memory({"x": images}, input_specs(fixed))
    from dataclasses import replace

    pairs = replace(pairs, labels=inputs.labels.reshape(20, 2))
    spec = SearchSpec(grid=Grid("quantiles", 5))
    a = find_thresholds(free, *two_parts(inputs), spec).result
    b = find_thresholds(fixed, part(pairs, 0, 20), part(pairs, 20, 40), spec).result
    assert [unit.threshold for unit in a.units] == [unit.threshold for unit in b.units]
    assert (a.search, a.test) == (b.search, b.test)
