"""Real networks in every format, on drawn inputs: what other tools read has the layers' MACs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.exports import Request, scalesim, timeline, timeloop, zigzag

MODELS = {
    "resnet50": "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
    "mobilenet_v2 in 8 bits": "coral-int8/mobilenet_v2_1.0_224_quant.onnx",
}


@pytest.fixture(scope="module", params=MODELS)
def asked(request: pytest.FixtureRequest, shared_data: Path) -> Request:
    path = shared_data / "models" / MODELS[request.param]
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    graph = ss.load(path)
    opened = ss.open_inputs("random", ss.input_specs(graph), images=1)
    trace = ss.execute(graph, opened)
    return Request(trace, graph, ss.Accelerator(), ss.Device.named("xczu9eg"))


def macs(asked: Request) -> list[int]:
    return [layer.geometry.macs for layer in asked.trace.layers]


def test_timeloop(asked: Request):
    from test_export_timeloop import check
    from test_export_timeloop import macs as of_problem

    assert [of_problem(problem) for problem in check(asked)] == macs(asked)
    assert timeloop.export(asked).warnings == ()


def test_scalesim(asked: Request, tmp_path: Path):
    pytest.importorskip("scalesim.topology_utils")
    from test_export_scalesim import check, read

    made = check(asked, tmp_path)
    assert read(made, tmp_path).get_all_mac_ops() == sum(macs(asked))
    assert not any("as products" in line for line in made.warnings)
    groups = [layer.geometry.groups for layer in asked.trace.layers]
    assert read(scalesim.export(asked), tmp_path).get_num_layers() == sum(groups)


def test_zigzag(asked: Request, tmp_path: Path):
    pytest.importorskip("zigzag")
    from test_export_zigzag import check

    found = check(asked, tmp_path)
    assert [layer.total_mac_count for layer in found] == macs(asked)
    assert any(layer.input_operand_source for layer in found)
    assert len(zigzag.export(asked).files) == 1


def test_timeline(asked: Request):
    result = ss.estimate(asked.trace, asked.accelerator, asked.device)
    slowest = max(result.layers, key=lambda record: record.cycles["two_sided"].total)
    whole = json.loads(timeline.export(asked).files[""])
    assert whole["otherData"]["layer"] == slowest.name
    bars = [event["args"] for event in whole["traceEvents"] if event["ph"] == "X"]
    end = max(bar["start_cycle"] + bar["cycles"] for bar in bars)
    assert end == slowest.cycles["two_sided"].total
