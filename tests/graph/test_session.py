"""Libraries of custom operators: one is compiled here, without ONNX Runtime's headers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError
from sparsesim.graph.session import libraries

SOURCE = Path(__file__).with_name("own_operator.c")
W = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
X = np.random.default_rng(1).standard_normal((2, 4)).astype(np.float32)
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")


def compiled(folder: Path, source: str) -> Path:
    (folder / "own.c").write_text(source)
    made = folder / "own.so"
    subprocess.run(["cc", "-shared", "-fPIC", folder / "own.c", "-o", made], check=True)
    return made


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Twice(x) = 2 x + 1, in domain `own`."""
    return compiled(tmp_path_factory.mktemp("own"), SOURCE.read_text())


def model():
    """fc, Twice of it, fc2 by the identity."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="fc"),
        helper.make_node("Twice", ["a"], ["b"], domain="own", name="twice"),
        helper.make_node("Relu", ["b"], ["y"], name="relu"),
    ]
    graph = helper.make_graph(
        nodes,
        "custom",
        [value("x", TensorProto.FLOAT, [2, 4])],
        [value("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(W, "w")],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    made = helper.make_model(graph, opset_imports=imports)
    made.ir_version = 9
    return made


@needs_cc
def test_a_custom_operator_runs_on_the_host(library):
    graph = ss.load(model(), custom_ops=[library])
    assert [layer.name for layer in graph.layers] == ["fc"]
    trace = ss.execute(graph, {"x": X})
    np.testing.assert_allclose(
        trace.images[0].outputs[0], np.maximum(2 * (X @ W) + 1, 0), rtol=1e-5, atol=1e-6
    )
    assert trace.host.operators == {"Twice": 1, "Relu": 1}


@needs_cc
def test_it_stays_known_through_rewrites(library):
    graph = ss.load(model(), custom_ops=[str(library)])
    for thresholds in (
        ss.Thresholds(weights={"*": 0.3}),
        ss.Thresholds(activations={"fc": 0.3}),
    ):
        sparse = ss.sparsify(graph, thresholds)
        assert sparse.custom_ops == (str(library),)
        image = ss.execute(sparse, {"x": X}).images[0]
        # the model as loaded beside it, also with the library
        np.testing.assert_allclose(image.reference[0], np.maximum(2 * (X @ W) + 1, 0), rtol=1e-5)
    weight = np.where(np.abs(W) <= np.float32(0.3), 0, W)
    image = ss.execute(ss.sparsify(graph, ss.Thresholds(weights={"*": 0.3})), {"x": X}).images[0]
    np.testing.assert_allclose(image.outputs[0], np.maximum(2 * (X @ weight) + 1, 0), rtol=1e-5)


def test_without_the_library_it_is_one_line():
    with pytest.raises(ModelError) as caught:
        ss.load(model())
    assert str(caught.value).startswith("custom: ONNX Runtime does not take it: ")
    assert "Twice" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(ModelError) as caught:
        libraries([tmp_path / "no.so"])
    line = f"{tmp_path}/no.so: no such file; give a library of custom operators (.so)"
    assert str(caught.value) == line


def test_no_library(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(ModelError) as caught:
        libraries([tmp_path / "text.so"])
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/text.so: not a library of custom operators: ")
    assert "\n" not in said


@needs_cc
def test_a_library_without_the_function(tmp_path):
    made = compiled(tmp_path, "int other(void) { return 1; }")
    with pytest.raises(ModelError) as caught:
        libraries([made])
    assert "RegisterCustomOps" in str(caught.value)


@needs_cc
def test_a_library_that_registers_nothing(tmp_path):
    source = "void *RegisterCustomOps(void *options, void *api) { return 0; }"
    made = compiled(tmp_path, source)
    assert libraries([made]) == (str(made),)


@needs_cc
def test_a_model_with_a_custom_operator_is_quantised(library):
    from sparsesim.engine.run import Engine
    from sparsesim.graph.quantize import quantize

    graph = quantize(ss.load(model(), custom_ops=[library]), [{"x": X}])
    assert graph.layer("fc").is_integer and graph.custom_ops == (str(library),)
    (y,) = Engine(graph).run({"x": X})
    expected = np.maximum(2 * (X @ W) + 1, 0)
    assert np.abs(y - expected).max() < 0.05 * np.abs(expected).max()
