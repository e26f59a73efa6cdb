"""What verbs say of a model of which nothing runs on the array: one sentence."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

SAID = "error: m.onnx: no layer runs on the array; the host runs 1 Add, 1 Relu\n"


@pytest.fixture
def bare(run):
    """A model without products, as `m.onnx`."""
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="r"),
        helper.make_node("Add", ["a", "a"], ["y"], name="s"),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "m.onnx")


@pytest.mark.parametrize("verb", ["estimate", "cosim"])
def test_cycles_of_nothing_are_refused(run, bare, verb):
    ran = run(verb, "m.onnx", "--inputs", "random", "-o", "r.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(SAID)


@pytest.mark.parametrize("verb", ["queues", "breakeven"])
def test_other_verbs_end_in_one_line(run, bare, verb):
    ran = run(verb, "m.onnx", "--inputs", "random")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].startswith("error: m.onnx: no ")


def test_a_sweep_of_nothing_is_refused_before_its_points(run, bare):
    with open("s.toml", "w", encoding="utf-8") as file:
        file.write(
            '[[networks]]\nmodel = "m.onnx"\ninputs = "random"\nimages = 1\n'
            "[space]\nrows = [2, 4]\n"
        )
    ran = run("sweep", "s.toml", "-o", "s")
    assert ran.code == 2
    assert ran.err.endswith(SAID)


def test_show_says_so_and_lists_the_host(run, bare):
    ran = run("show", "m.onnx", "-o", "s.json")
    assert ran.code == 0
    assert "no MAC layer: nothing runs on the array" in ran.out
    assert "on the host, by ONNX Runtime: 1 Add, 1 Relu" in ran.out
    assert "MACs" not in ran.out
    assert "coverage" not in ran.out
