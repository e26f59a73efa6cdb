"""`--fix` and `--custom-ops`, which every verb with a model has."""

from __future__ import annotations

import json
from dataclasses import astuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sparsesim.cli.reading import Reading
from sparsesim.errors import SpecError

VERBS = ("show", "estimate", "choose", "breakeven", "queues", "sparsify", "search", "cosim",
         "emulate", "cut", "export")  # fmt: skip


@pytest.fixture
def rated(tmp_path):
    """x times the rate times w; an array of x alone feeds it where the rate is fixed."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["sr"], ["rate"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["x", "rate"], ["a"]),
            helper.make_node("MatMul", ["a", "w"], ["y"], name="fc"),
        ],
        "rated",
        [value("x", TensorProto.FLOAT, [1, 4]), value("sr", TensorProto.INT64, [])],
        [value("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.ones((4, 3), np.float32), "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.save(made, tmp_path / "rated.onnx")
    np.save(tmp_path / "x.npy", np.array([[1, 0, 2, 0]], np.float32))
    return tmp_path


def test_an_input_is_fixed(rated, run):
    arguments = ["estimate", rated / "rated.onnx", "--inputs", rated / "x.npy"]
    code, _, err = astuple(run(*arguments))
    assert code == 2 and err.count("\n") == 1
    code, out, err = astuple(run(*arguments, "--fix", "sr=0", "-o", rated / "zero.json"))
    assert code == 0, err
    assert "sr fixed at 0" in out
    layer = json.loads((rated / "zero.json").read_text())["layers"][0]
    assert (layer["macs"], layer["effectual_macs"]) == (12, 0)  # all inputs times 0
    code, out, err = astuple(run(*arguments, "--fix", "sr=3", "-o", rated / "three.json"))
    assert code == 0, err
    layer = json.loads((rated / "three.json").read_text())["layers"][0]
    assert (layer["macs"], layer["effectual_macs"]) == (12, 6)  # two of four inputs are zero


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_with_a_model_has_them(verb, rated, run):
    more = {
        "sparsify": ["--thresholds", "t.toml", "-o", rated / "o.onnx"],
        "export": ["--to", "timeloop", "-o", rated / "out"],
        "emulate": ["--set", "acc_bits=16"],
    }.get(verb, [])
    if verb == "sparsify":
        (rated / "t.toml").write_text("[weights]\n'*' = 0.1\n")
        more[1] = rated / "t.toml"
    model = rated / "rated.onnx"
    code, _, err = astuple(run(verb, model, *more, "--fix", "srr=1"))
    assert (code, err) == (2, f"error: {model}: no input 'srr' to fix; did you mean 'sr'?\n")
    code, _, err = astuple(run(verb, model, *more, "--custom-ops", rated / "no.so"))
    line = f"error: {rated}/no.so: no such file; give a library of custom operators (.so)\n"
    assert (code, err) == (2, line)


def test_a_trace_takes_neither(rated, run):
    trace = rated / "m.trace"
    arguments = ["--inputs", rated / "x.npy", "--fix", "sr=1", "--save-trace", trace]
    code, _, err = astuple(run("estimate", rated / "rated.onnx", *arguments))
    assert code == 0, err
    code, _, err = astuple(run("estimate", trace, "--fix", "sr=2"))
    assert code == 2
    assert err == f"error: {trace}: is a trace, executed already; leave --fix out\n"


def test_settings_become_numbers():
    assert Reading(fix=["sr=16000", "a=b=1,2.5", "k=true", "n=-1e3"]).fixed() == {
        "sr": 16000,
        "a=b": [1, 2.5],
        "k": True,
        "n": -1000.0,
    }


@pytest.mark.parametrize(
    "settings,line",
    [
        (["sr"], "--fix sr: has no '='; write INPUT=NUMBER, as sr=16000"),
        (["=1"], "--fix =1: has no '='; write INPUT=NUMBER, as sr=16000"),
        (["a=1", "a=2"], "--fix a=2: 'a' was given before; give each input once"),
        (["a=1,x"], "--fix a=1,x: 'x' is no number; write INPUT=NUMBER, as sr=16000"),
        (["a="], "--fix a=: '' is no number; write INPUT=NUMBER, as sr=16000"),
    ],
)
def test_bad_settings_are_one_line(settings, line):
    with pytest.raises(SpecError) as caught:
        Reading(fix=settings).fixed()
    assert str(caught.value) == line
