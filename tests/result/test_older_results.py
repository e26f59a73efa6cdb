"""Results that earlier versions wrote are read as this one has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparsesim.errors import TraceError
from sparsesim.machines.found import BUILT_IN
from sparsesim.result import Result, load_result, save_result
from sparsesim.spec import Accelerator

# tests/report/lenet.json of commit e71086b: 50 digits through LeNet, on the default accelerator.
FIRST = Path(__file__).parent / "lenet-schema-1.json"


@pytest.fixture(scope="module")
def stored() -> dict:
    """What the file holds."""
    return json.loads(FIRST.read_text("utf-8"))


@pytest.fixture(scope="module")
def result() -> Result:
    """The result that it is read as."""
    return load_result(FIRST)


def test_its_accelerator_has_its_array_as_a_table(result, stored):
    assert stored["schema"] == "sparsesim.result/1" and stored["accelerator"]["rows"] == 16
    assert result.schema_ == "sparsesim.result/2"
    assert result.accelerator == Accelerator()
    assert result.schemes == ("none", "activation", "weight", "two_sided")
    assert result.baseline == "none"


def test_windows_of_k_become_elements(result, stored):
    # conv1 has K = 25 in 2 windows of 16; fc3 has K = 800 in 50.
    for layer, before in zip(result.layers, stored["layers"], strict=True):
        assert layer.passes.elements == min(16 * before["passes"]["windows"], layer.reduction)
    assert result.layers[0].passes.elements == 25


def test_its_dense_rival_has_an_array(result, stored):
    before, found = stored["iso_resource"], result.iso_resource
    assert found is not None
    assert found.machine == "inner_join"
    shape = {key: found.array.model_dump()[key] for key in ("rows", "cols", "window", "lanes")}
    assert shape == {"rows": before["rows"], "cols": before["cols"], "window": 1, "lanes": 1}
    assert (found.cycles, found.speedup) == (before["cycles"], before["speedup"])


def test_all_else_is_what_it_was(result, stored):
    found = json.loads(result.model_dump_json())
    for key in ("totals", "blocks", "speedup", "images", "per_image", "energy_table"):
        assert found[key] == stored[key], key
    assert found["host"].items() >= stored["host"].items()
    for layer, before in zip(found["layers"], stored["layers"], strict=True):
        assert layer.keys() >= before.keys()
        for key in before.keys() - {"passes"}:
            assert layer[key] == before[key], key
    assert found["provenance"] == stored["provenance"]


def test_it_is_written_as_this_version_writes(result, tmp_path):
    save_result(result, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["schema"] == "sparsesim.result/2"
    assert load_result(tmp_path / "r.json") == result


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("layers", 3, "layers: Input should be a valid tuple"),
        ("layers", [3], "layers.0: Input should be a valid dictionary or instance of LayerRecord"),
        (
            "accelerator",
            3,
            "accelerator: Input should be a valid dictionary or instance of Accelerator",
        ),
        (
            "accelerator",
            {"rowz": 3},
            "unknown key 'rowz'; did you mean 'rows'?",
        ),
        (
            "accelerator",
            {"datapath": "eie"},
            f"machine 'eie' is unknown; use one of {', '.join(BUILT_IN)}",
        ),
        (
            "iso_resource",
            3,
            "iso_resource: Input should be a valid dictionary or instance of IsoResource",
        ),
    ],
)
def test_one_that_is_broken_is_refused(tmp_path, stored, key, value, says):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(stored | {key: value}))
    with pytest.raises(TraceError) as error:
        load_result(path)
    assert str(error.value) == f"{path}: not a result: {says}"
