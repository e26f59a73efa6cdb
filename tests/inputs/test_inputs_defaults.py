"""Inputs that the model's file has values for keep them: an array for one is an error, not lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.cli import main
from sparsesim.errors import InputError
from sparsesim.spec.thresholds import Thresholds

W = np.float32([[1, 2, 0], [0, 3, 4]])
X = np.float32([[1, 2], [0, 5]])
SAID = (
    "input '{0}' has a value in the model's file, which it keeps; leave its array out, or fix it "
    "at another value: --fix {0}=..., or load's `fixed`"
)


def model(ir: int = 9, two: bool = False) -> onnx.ModelProto:
    """y = (x W + b) scale; W, b and scale are initialisers, the last two are inputs as well."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="fc"),
        helper.make_node("Add", ["a", "more" if two else "b"], ["c"], name="add"),
        helper.make_node("Mul", ["c", "scale"], ["y"], name="mul"),
    ]
    held = {"w": W, "b": np.float32([1, 1, 1]), "scale": np.float32(2)}
    listed = ["w", "b", "scale"] if ir < 4 else ["b", "scale"]
    kinds = {name: (TensorProto.FLOAT, held[name].shape) for name in listed}
    kinds = {"x": (TensorProto.FLOAT, ("n", 2))} | kinds
    if two:
        kinds["more"] = (TensorProto.FLOAT, ("n", 3))
    graph = helper.make_graph(
        nodes,
        "defaults",
        [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", 3))],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=ir)


@pytest.mark.parametrize("named", ["scale", "b"])
@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("ir", [3, 9])
def test_an_array_for_one_is_refused(tmp_path: Path, ir: int, two: bool, named: str) -> None:
    graph = ss.load(model(ir, two))
    arrays = {"x": X, named: np.float32([3])} | ({"more": np.ones((2, 3), "f4")} if two else {})
    path = tmp_path / "fed.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError) as caught:
        ss.execute(graph, path)
    assert str(caught.value) == f"{path}: {SAID.format(named)}"
    with pytest.raises(InputError) as caught:
        ss.execute(graph, arrays)
    assert str(caught.value) == SAID.format(named)


def test_behind_a_rewrite_too(tmp_path: Path) -> None:
    graph = ss.sparsify(ss.load(model()), Thresholds(weights={"fc": 1}))
    path = tmp_path / "fed.npz"
    np.savez(path, x=X, scale=3)
    with pytest.raises(InputError) as caught:
        ss.execute(graph, path)
    assert str(caught.value) == f"{path}: {SAID.format('scale')}"


def test_a_fixed_one_and_arrays_of_other_names(tmp_path: Path) -> None:
    """What is fixed is said in the rewrites; other arrays of a file are none of the model's."""
    path = tmp_path / "fed.npz"
    np.savez(path, x=X, scale=3, remark=7)
    graph = ss.load(model(), fixed={"scale": 5})
    assert graph.rewrites == ("scale fixed at 5.0",)
    trace = ss.execute(graph, path)
    outputs = [image.outputs[0][0] for image in trace.images]
    np.testing.assert_array_equal(outputs, 5 * (X @ W + 1))
    np.savez(path, x=X, remark=7)
    trace = ss.execute(ss.load(model()), path)
    outputs = [image.outputs[0][0] for image in trace.images]
    np.testing.assert_array_equal(outputs, 2 * (X @ W + 1))


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(), "m.onnx")
    np.savez("fed.npz", x=X, scale=3)
    monkeypatch.setattr("sys.argv", ["sparsesim", "estimate", "m.onnx", "--inputs", "fed.npz"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said == f"error: fed.npz: {SAID.format('scale')}"
