"""What a sweep warns of stands once in each of its reports, whatever its images and thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from sparsesim.report.console import plain
from sparsesim.report.sweep import shown, sweep_text
from sparsesim.report.sweep_html import sweep_html
from sparsesim.report.sweep_markdown import sweep_markdown
from sparsesim.sweeps.result import SweepResult, load_sweep_result, open_details
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

NAN = (
    "roots: output y holds NaN or infinity in 2 of 2 runs, first met in layer second; such values "
    "count as non-zero, so that sparsity and cycles are those of a dense network"
)
RANDOM = "drawn ran on drawn images: its zeros are not a real network's"


def product(path: Path, root: bool) -> str:
    """y = sqrt(x @ w) @ w or y = x @ w, of rows of four."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="first")]
    if root:
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
            helper.make_node("Sqrt", ["a"], ["r"]),
            helper.make_node("MatMul", ["r", "w"], ["y"], name="second"),
        ]
    x, y = (helper.make_tensor_value_info(name, 1, ["n", 4]) for name in "xy")
    weight = numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")
    graph = helper.make_graph(nodes, "g", [x], [y], [weight])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("warned")
    np.save(home / "x.npy", -np.ones((3, 4), np.float32))
    roots = {
        "model": product(home / "roots.onnx", root=True),
        "inputs": str(home / "x.npy"),
        "images": [1, 2],
    }
    drawn = {"model": product(home / "drawn.onnx", root=False), "inputs": "random"}
    spec = SweepSpec(name="warned", networks=[roots, drawn], space={"rows": 2, "cols": [2, 4]})
    sweep_into(spec, home / "out")
    return home / "out"


@pytest.fixture(scope="module")
def result(folder) -> SweepResult:
    return load_sweep_result(folder)


def test_on_the_terminal(result):
    said = " ".join(plain(sweep_text(result)).split())
    assert said.count(f"! {NAN}") == said.count(f"! {RANDOM}") == 1
    assert said.count("NaN") == 1
    assert "For all 2 networks, by geometric mean, " in said


def test_on_the_page(folder, result):
    with open_details(folder) as details:
        page = sweep_html(result, details)
    assert page.count(f'<p class="banner">{NAN}</p>') == page.count("NaN or infinity") == 1
    assert page.count("<b>RANDOM INPUTS</b>drawn ran on drawn images: its zeros are ") == 1
    assert "roots on 1, 2 images of x.npy" in page
    assert "drawn on 1 image of random inputs" in page


def test_in_markdown(result):
    text = sweep_markdown(result)
    assert text.count(f"> **Warning: {NAN}**") == text.count("NaN or infinity") == 1
    assert text.count(f"> **Warning: {RANDOM}**") == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "0.500"), (0.0123, "0.012"), (0.00042, "0.00042"), (0.0, "0.000"), (1234.5, "1,234")],
)
def test_small_times_are_not_cut(value, words):
    assert shown("ms", value) == words
