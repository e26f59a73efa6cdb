"""What values leave in doubt is said once by every verb, in the words of `estimate`."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from typer.testing import CliRunner

import sparsesim as ss
from sparsesim.cli import app
from sparsesim.cuts import rank_cuts
from sparsesim.estimator.break_even import break_even
from sparsesim.machines.inner_join.queues import size_queues
from sparsesim.search.cost import Cost
from sparsesim.spec.resolve import resolve
from sparsesim.sweeps.facts import facts_of
from sparsesim.tuning.balance import balance

F = np.float32


def saved(path, nodes, constants) -> str:
    """A model of x [n, 4] and y [n, 4]."""
    x, y = (helper.make_tensor_value_info(name, 1, ["n", 4]) for name in "xy")
    tensors = [
        numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()
    ]
    made = helper.make_graph(nodes, "g", [x], [y], tensors)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=8), path)
    return str(path)


def roots(path) -> str:
    """y = sqrt(x @ w) @ w, w the identity."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Sqrt", ["a"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["y"], name="second"),
    ]
    return saved(path, nodes, {"w": np.eye(4, dtype=F)})


def quantised(path) -> str:
    """A product of integers; x is quantised to 0 to 2.55 on the host."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["f"]),
        helper.make_node("DequantizeLinear", ["w", "s", "wz"], ["v"]),
        helper.make_node("MatMul", ["f", "v"], ["y"], name="layer"),
    ]
    w = np.ones((4, 4), np.int8)
    return saved(path, nodes, {"s": F(0.01), "z": np.uint8(0), "w": w, "wz": np.int8(0)})


# model, rows, and what is to be said: of two rows one has a root of -1; of 12 values 3 are clipped.
CASES = {
    "nan": (
        roots,
        [[1, 4, 9, 0], [1, -1, 4, 0]],
        "output y holds NaN or infinity in 1 of 2 runs, first met in layer second; such values "
        "count as non-zero, so that sparsity and cycles are those of a dense network",
    ),
    "clipped": (
        quantised,
        [[1, 2, 0, 3], [1, 2, 0, -3], [0, 0, 9, 1]],
        "input x: 25.0 % of its values lie outside 0 to 2.55, the range of the model's first "
        "QuantizeLinear, and saturate; were the inputs scaled as in training?",
    ),
    "neither": (roots, [[1, 4, 9, 0]], None),
}


def found_by(graph, inputs):
    """Verb -> its warnings."""
    trace = ss.execute(graph, inputs)
    lazy = ss.execute(graph, inputs, lazy=True)
    found = {
        "estimate": ss.estimate(trace).warnings,
        "queues": size_queues(trace).warnings,
        "queues, lazy": size_queues(lazy).warnings,
        "break-even": break_even(trace, images=inputs.images).warnings,
        "cut": rank_cuts(graph, inputs).warnings,
        "balance": balance(graph, inputs, *resolve(None, None))[0].warnings,
        "sweep": tuple(facts_of(trace, ss.Accelerator())["warnings"]),
        "search": Cost(graph, graph, inputs, *resolve(None, None)).of(ss.Thresholds(), {}).warnings,
    }
    if not any(image.not_finite for image in trace.images):  # which fixed point refuses
        wanted = ss.Thresholds(intrinsic={"*": {"acc_bits": 24}})
        found["emulate"] = ss.emulate(graph, inputs, wanted).warnings
    return found


@pytest.mark.parametrize("name", CASES)
def test_all_say_the_same(name, tmp_path):
    model, rows, said = CASES[name]
    path = model(tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", np.array(rows, F))
    graph = ss.load(path)
    inputs = ss.open_inputs(tmp_path / "x.npy", ss.input_specs(graph))
    wanted = () if said is None else (said,)
    for verb, warnings in found_by(graph, inputs).items():
        assert warnings == wanted, verb


VERBS = {
    "queues": [],
    "queues --balance": [],
    "breakeven": ["--images", "3"],
    "choose": ["--device", "xc7z020", "--within", "6%", "--machine", "inner_join"],
    "cut": [],
    "emulate": ["--set", "acc_bits=24"],
    "export": ["--to", "timeloop", "-o", "problems"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_said_once_on_the_terminal(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, rows, said = CASES["clipped"]
    np.save("x.npy", np.array(rows, F))
    called = [*verb.split(), model("m.onnx"), "--inputs", "x.npy", *VERBS[verb]]
    result = CliRunner().invoke(app, called)
    assert result.exit_code == 0, result.output
    assert " ".join(result.output.split()).count(said) == 1


def test_export_counts_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.ones((1, 4), F))
    called = ["export", quantised("m.onnx"), "--inputs", "x.npy", *VERBS["export"]]
    assert "Wrote problems (1 file); next:" in CliRunner().invoke(app, called).output
