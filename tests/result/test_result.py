"""What a result holds, as JSON, and how it is read."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

import sparsesim as ss
from sparsesim.errors import SpecError, TraceError
from sparsesim.machines.found import BUILT_IN
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.result.schema import SCHEMA_FILE, schema_text


@pytest.fixture(scope="module")
def trace(root) -> ss.Trace:
    """Three digits through a thresholded LeNet: errors, labels and all."""
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    inputs = ss.open_inputs(
        root / "models_onnx" / "mnist_test_300.npz", ss.input_specs(graph), None, None, 3
    )
    thresholds = ss.Thresholds.from_toml(root / "models_onnx" / "lenet_thresholds.toml")
    return ss.execute(ss.sparsify(graph, thresholds), inputs)


MACHINES = (
    ss.Accelerator(),
    ss.Accelerator(rows=8, cols=4, lanes=3, window=32, batch=2, weight_format="csr"),
    ss.Accelerator(value_bits=4, weight_buffer_kib=4.0, activation_buffer_kib=4.0),
)


@pytest.mark.parametrize("machine", MACHINES)
def test_json_is_as_the_published_schema_says(trace, machine):
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(ss.estimate(trace, machine).model_dump_json())
    jsonschema.Draft202012Validator(schema).validate(found)
    accelerator = found["accelerator"]
    for broken in (
        {**found, "more": 1},
        {k: v for k, v in found.items() if k != "speedup"},
        {**found, "accelerator": {**accelerator, "array": {"rows": 0}}},
        {**found, "accelerator": {**accelerator, "array": {"rowz": 1}}},
        {**found, "accelerator": {**accelerator, "rows": 16}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(broken)


def test_the_published_schema_is_that_of_the_code():
    assert SCHEMA_FILE.read_text() == schema_text()


@pytest.mark.parametrize("machine", MACHINES)
def test_what_must_hold_of_every_result(trace, machine):
    result = ss.estimate(trace, machine)
    found = json.loads(result.model_dump_json())
    slots = machine.rows * machine.cols * machine.lanes
    assert found["schema"] == "sparsesim.result/2"
    assert found["speedup"]["none"] == 1
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc3", "fc4"]
    for record in [*found["layers"], found["totals"]]:
        assert record["effectual_macs"] <= record["macs"] - record["padding_macs"]
        for scheme in SCHEMES:
            cycles, more = record["cycles"][scheme], record["schemes"][scheme]
            assert sum(more["classes"].values()) == slots * cycles["compute"]
            assert more["classes"]["effectual"] == record["effectual_macs"]
            assert cycles["stall"] == cycles["total"] - cycles["compute"] >= 0
            assert cycles["total"] <= cycles["compute"] + cycles["memory"]
            assert cycles["total"] >= max(cycles["compute"], cycles["memory"])
            used = record["effectual_macs"] / (slots * cycles["compute"])
            assert more["utilisation"] == pytest.approx(used)
        assert record["cycles"]["none"]["compute"] >= record["cycles"]["two_sided"]["compute"]
    for key in ("macs", "padding_macs", "effectual_macs"):
        assert found["totals"][key] == sum(layer[key] for layer in found["layers"])
    for scheme in SCHEMES:
        total = found["totals"]["cycles"][scheme]
        for key, cycles in total.items():
            assert cycles == sum(layer["cycles"][scheme][key] for layer in found["layers"])
        assert found["speedup"][scheme] == pytest.approx(
            found["totals"]["cycles"]["none"]["total"] / total["total"]
        )
        assert sum(found["per_image"]["total"][scheme]) == total["total"]
        assert sum(found["per_image"]["compute"][scheme]) == total["compute"]
        interval = found["speedup_interval"][scheme]
        assert interval["low"] <= found["speedup"][scheme] <= interval["high"]
        assert interval["seed"] == found["provenance"]["seed"] == 0
        images = found["images"][scheme]
        assert images["mean"] == pytest.approx(total["total"] / 3)
        assert images["p50"] <= images["p95"] <= images["p99"] <= images["worst"]
    assert sum(found["per_image"]["images"]) == found["inputs"]["runs"] == 3
    assert found["host"]["mac_coverage"] == 1
    assert found["output_error"]["worst"] >= found["output_error"]["mean"] > 0
    assert found["accuracy"]["images"] == 3
    provenance = found["provenance"]
    assert provenance["accelerator_sha256"] == machine.sha256()
    hashes = ("model_sha256", "inputs_sha256", "accelerator_sha256", "device_sha256")
    assert all(len(provenance[key]) == 64 for key in hashes)
    versions = {"sparsesim", "python", "numpy", "numba", "onnx", "onnxruntime"}
    assert versions <= provenance["versions"].keys()


def test_two_runs_give_the_same_json(trace):
    cache = ss.Cache()
    plain = [ss.estimate(trace, machine).model_dump_json() for machine in MACHINES]
    kept = [ss.estimate(trace, machine, cache=cache).model_dump_json() for machine in MACHINES]
    again = [ss.estimate(trace, machine, cache=cache).model_dump_json() for machine in MACHINES]
    assert plain == kept == again


def test_batches_of_any_size_share_a_cache(trace):
    cache = ss.Cache()
    for batch in (3, 2, 1):
        machine = ss.Accelerator(batch=batch)
        assert ss.estimate(trace, machine, cache=cache) == ss.estimate(trace, machine)


def test_threads_change_nothing(trace, monkeypatch):
    results = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("SPARSESIM_THREADS", threads)
        results.append(ss.estimate(trace).model_dump_json())
    assert len(set(results)) == 1


def test_one_image_has_no_interval(root):
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    result = ss.estimate(ss.execute(graph, np.ones((1, 1, 28, 28), np.float32)), seed=5)
    assert set(result.speedup_interval.values()) == {None}
    assert result.output_error is None and result.accuracy is None
    assert result.provenance.seed == 5
    assert result.inputs.source == "arrays in memory (1 of 1 images)"


def test_results_come_back(trace, tmp_path):
    result = ss.estimate(trace)
    ss.save_result(result, tmp_path / "r.json")
    assert ss.load_result(tmp_path / "r.json") == result
    with pytest.raises(ss.SparseSimError) as raised:
        ss.save_result(result, tmp_path / "r.json")
    assert str(raised.value) == f"{tmp_path}/r.json: exists; use --force to overwrite it"
    ss.save_result(result, tmp_path / "r.json", force=True)


def said(path) -> str:
    with pytest.raises(TraceError) as raised:
        ss.load_result(path)
    return str(raised.value)


def test_files_that_are_no_results(trace, tmp_path):
    path = tmp_path / "r.json"
    assert said(path) == f"{path}: no such file"
    assert said(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"
    for octets in (b"", b"hello", b"\xff\xfe", b"[" * 100_000):
        path.write_bytes(octets)
        assert said(path) == f"{path}: not a result: no JSON; make one by 'estimate -o'"
    for text, schema in (("[]", None), ("{}", None), ('{"schema": "x/2"}', "x/2")):
        path.write_text(text)
        assert said(path) == f"{path}: not a result of schema sparsesim.result/2, but of {schema!r}"
    found = json.loads(ss.estimate(trace).model_dump_json())
    del found["layers"][1]["macs"]
    path.write_text(json.dumps(found))
    assert said(path) == f"{path}: not a result: layers.1.macs: Field required"


@pytest.mark.parametrize(
    ("machine", "seed", "message"),
    [
        ({}, -1, "seed -1 is out of range; use 0 and up"),
        (
            {"clock_mhz": 1e12},
            0,
            "clock_mhz 1000000000000.0 with dram_gb_per_s 17.064 gives 1.4e-07 DRAM bits a cycle; "
            "use 1e-06 or more",
        ),
        ({"machine": "eie"}, 0, f"machine 'eie' is unknown; use one of {', '.join(BUILT_IN)}"),
    ],
)
def test_estimates_that_are_refused(trace, machine, seed, message):
    with pytest.raises(SpecError) as raised:
        ss.estimate(trace, ss.Accelerator(**machine), seed=seed)
    assert str(raised.value) == message
