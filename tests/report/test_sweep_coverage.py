"""MAC coverage of a sweep's networks: exact where all MACs are known, else a bound."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sparsesim.report.console import plain
from sparsesim.report.sweep import sweep_csv, sweep_text
from sparsesim.report.sweep_html import sweep_html
from sparsesim.report.sweep_markdown import sweep_markdown
from sparsesim.sweeps.result import SweepResult, load_sweep_result, open_details
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

FLOAT = TensorProto.FLOAT


def save(path: Path, nodes, outputs, constants) -> str:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info(name, FLOAT, dims) for name, dims in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 19)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    return str(path)


def deformed(path: Path) -> str:
    """16 pixels, 2 filters of 27 on the array; 6 filters of 2 x 9 on the host: 864 and 1,728."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Conv", ["x", "u"], ["a"], name="c", pads=[1] * 4),
        helper.make_node("DeformConv", ["a", "v", "o"], ["y"], name="d", pads=[1] * 4),
    ]
    constants = {
        "u": rng.standard_normal((2, 3, 3, 3)).astype(np.float32),
        "v": rng.standard_normal((6, 2, 3, 3)).astype(np.float32),
        "o": np.zeros((1, 18, 4, 4), np.float32),
    }
    return save(path, nodes, [("y", [1, 6, 4, 4])], constants)


def looped(path: Path) -> str:
    """A convolution, and a product inside a loop."""
    state = [helper.make_tensor_value_info(name, FLOAT, [1, 3, 4, 4]) for name in ("s", "t")]
    going = [helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("g", "h")]
    turn = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    inner = [
        helper.make_node("MatMul", ["s", "w"], ["t"]),
        helper.make_node("Identity", ["g"], ["h"]),
    ]
    body = helper.make_graph(inner, "body", [turn, going[0], state[0]], [going[1], state[1]])
    nodes = [
        helper.make_node("Loop", ["n", "", "x"], ["a"], name="loop", body=body),
        helper.make_node("Conv", ["a", "u"], ["y"], name="c"),
    ]
    constants = {
        "n": np.int64(2),
        "w": np.eye(4, dtype=np.float32),
        "u": np.ones((2, 3, 1, 1), np.float32),
    }
    return save(path, nodes, [("y", [1, 2, 4, 4])], constants)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("covered")
    models = [deformed(home / "deformed.onnx"), looped(home / "looped.onnx")]
    np.savez(home / "x.npz", x=np.ones((1, 3, 4, 4), np.float32))
    networks = [{"model": name, "inputs": str(home / "x.npz"), "images": 1} for name in models]
    space = {"rows": [2, 4], "cols": 2}
    sweep_into(SweepSpec(name="two", networks=networks, space=space), home / "out")
    return home / "out"


@pytest.fixture(scope="module")
def result(folder) -> SweepResult:
    return load_sweep_result(folder)


def test_points_have_it_and_whether_it_is_a_bound(result):
    found = {
        (
            row.parameters["network"],
            row.metrics["mac_coverage"],
            row.metrics["mac_coverage_is_bound"],
        )
        for row in result.rows
    }
    assert found == {("deformed", 864 / (864 + 1728), 0), ("looped", 0.999, 1)}
    rows = list(csv.DictReader(io.StringIO(sweep_csv(result))))
    assert {row["mac_coverage_is_bound"] for row in rows if row["network"] == "looped"} == {"1"}


def test_all_forms_say_it(folder, result):
    line = "MAC coverage: deformed 33.3 %, looped at most 99.9 %"
    assert line in " ".join(plain(sweep_text(result)).split())
    with open_details(folder) as details:
        html = sweep_html(result, details)
    assert line in html
    assert '"at most 99.9 %"' in html  # of its points
    markdown = sweep_markdown(result)
    assert "MAC coverage of looped | at most 99.9 % of the MACs ran on the array" in markdown
    assert "MAC coverage of deformed | 33.3 % of the MACs ran on the array" in markdown
