"""A saved graph is plain ONNX that loads again to the same graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sparsesim.errors import SparseSimError
from sparsesim.graph import Graph, load
from sparsesim.graph import save as save_module
from sparsesim.graph.save import save, to_model


@pytest.fixture(scope="module")
def lenet(root: Path) -> Graph:
    return load(root / "models_onnx" / "lenet.onnx")


def same(one: Graph, other: Graph) -> None:
    assert one.layers == other.layers
    assert one.constants.keys() == other.constants.keys()
    for name, array in one.constants.items():
        np.testing.assert_array_equal(array, other.constants[name])
        assert array.dtype == other.constants[name].dtype


def test_a_saved_graph_loads_to_the_same_graph(lenet: Graph, tmp_path: Path) -> None:
    save(lenet, tmp_path / "saved.onnx")
    onnx.checker.check_model(tmp_path / "saved.onnx", full_check=True)
    same(load(tmp_path / "saved.onnx"), lenet)
    assert [file.name for file in tmp_path.iterdir()] == ["saved.onnx"]


def test_to_model_leaves_the_graph_without_initialisers(lenet: Graph) -> None:
    assert len(to_model(lenet).graph.initializer) == 8
    assert not lenet.model.graph.initializer


def test_an_existing_file_is_kept_unless_forced(lenet: Graph, tmp_path: Path) -> None:
    path = tmp_path / "saved.onnx"
    path.write_text("kept")
    with pytest.raises(SparseSimError) as caught:
        save(lenet, path)
    assert str(caught.value) == f"{path}: exists; use --force to overwrite it"
    assert path.read_text() == "kept"
    save(lenet, path, force=True)
    same(load(path), lenet)


def test_a_missing_folder_is_one_line(lenet: Graph, tmp_path: Path) -> None:
    path = tmp_path / "absent" / "saved.onnx"
    with pytest.raises(SparseSimError) as caught:
        save(lenet, path)
    assert str(caught.value) == f"{path}: its folder does not exist"


def test_a_large_model_keeps_its_constants_beside(
    lenet: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_module, "_LARGEST_INSIDE_BYTES", 1 << 20)
    path, beside = tmp_path / "big.onnx", tmp_path / "big.onnx.data"
    save(lenet, path)
    assert sorted(tmp_path.iterdir()) == [path, beside]
    assert path.stat().st_size < 1 << 14 < beside.stat().st_size
    same(load(path), lenet)
    path.unlink()
    with pytest.raises(SparseSimError) as caught:
        save(lenet, path)
    assert str(caught.value) == f"{beside}: exists; use --force to overwrite it"
    save(lenet, path, force=True)
    same(load(path), lenet)


def test_a_model_of_ir_version_3_stays_valid() -> None:
    """Up to IR 3 each initialiser was an input as well; folding makes ones that are not."""
    weight = np.ones((2, 2, 1, 1), np.float32)
    ones = {name: np.ones(2, np.float32) for name in "sbmv"}
    sizes = {"x": [1, 2, 4, 4], "w": [2, 2, 1, 1], **{name: [2] for name in ones}}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
            helper.make_node("BatchNormalization", ["c", *ones], ["y"], "norm"),
        ],
        "old",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes[name]) for name in sizes],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 4, 4])],
        [numpy_helper.from_array(array, name) for name, array in {"w": weight, **ones}.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 7)])
    model.ir_version = 3
    saved = to_model(load(model))
    onnx.checker.check_model(saved)
    assert saved.ir_version == 4
    assert [value.name for value in saved.graph.input] == ["x"]
