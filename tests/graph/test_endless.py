"""Loops that can't end are one line where a model is loaded; those that can are run."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.errors import ModelError

BOOL, INT64 = TensorProto.BOOL, TensorProto.INT64
HUGE = np.iinfo(np.int64).max


def scalar(name: str, kind: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ())


def node(op: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=output, **attributes)


def constant(output: str, value) -> onnx.NodeProto:
    return node("Constant", "", output, value=numpy_helper.from_array(np.asarray(value)))


def body(nodes, go_on: str, more=()) -> onnx.GraphProto:
    """Adds 1 to the state a; the condition is the tensor `go_on`."""
    return helper.make_graph(
        [constant("one", np.int64(1)), node("Add", "a one", "sum"), *nodes, *more],
        "body",
        [scalar("i", INT64), scalar("c", BOOL), scalar("a", INT64)],
        [scalar(go_on, BOOL), scalar("sum", INT64)],
    )


ALWAYS = {
    "a constant": ([constant("g", True)], "g"),
    "a constant behind an Identity": ([constant("t", True), node("Identity", "t", "g")], "g"),
    "not a false one": ([constant("t", False), node("Not", "t", "g")], "g"),
    "a number": ([constant("t", np.int64(3)), node("Cast", "t", "g", to=BOOL)], "g"),
    "what came in": ([node("Identity", "c", "g")], "g"),
    "an initialiser of the model": ([node("Identity", "yes", "g")], "g"),
}
ENDING = {
    "a comparison": ([constant("t", np.int64(7)), node("Less", "a t", "g")], "g"),
    "false": ([constant("g", False)], "g"),
    "a comparison of the trip": ([constant("t", np.int64(2)), node("Less", "i t", "g")], "g"),
}


def whole(nodes, trips=None, condition=None, fed=(), loop=None) -> onnx.ModelProto:
    """y = the state that a loop leaves of x."""
    loop = helper.make_node("Loop", ["m" if trips is not None else "", "", "x"], ["y"], name="walk")
    loop.input[1] = "start" if condition is not None or "start" in fed else ""
    if "m" in fed:
        loop.input[0] = "m"
    loop.attribute.append(helper.make_attribute("body", nodes))
    held = {"yes": np.array(True)}
    if trips is not None:
        held["m"] = np.int64(trips)
    if condition is not None:
        held["start"] = np.array(condition)
    kinds = {"m": INT64, "start": BOOL}
    graph = helper.make_graph(
        [loop],
        "loops",
        [scalar("x", INT64), *(scalar(name, kinds[name]) for name in fed)],
        [scalar("y", INT64)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def refused(model: onnx.ModelProto, name: str = "walk", has: str = "no trip count", **how) -> None:
    with pytest.raises(ModelError) as caught:
        ss.load(model, **how)
    assert str(caught.value) == (
        f"loops: {name} (Loop) has {has}, and its condition is always true: it does not end; "
        "give it a trip count of at most 2,147,483,648, or a condition that becomes false"
    )


def ran(model: onnx.ModelProto, **feed) -> int:
    (y,) = Engine(ss.load(model)).run({name: np.asarray(value) for name, value in feed.items()})
    return int(y)


@pytest.mark.parametrize("condition", [None, True])
@pytest.mark.parametrize("always", ALWAYS)
def test_neither_trip_count_nor_end(always, condition):
    refused(whole(body(*ALWAYS[always]), condition=condition))


@pytest.mark.parametrize("trips", [HUGE, 2**31 + 1])
@pytest.mark.parametrize("always", ALWAYS)
def test_a_trip_count_that_no_run_reaches(always, trips):
    refused(whole(body(*ALWAYS[always]), trips, True), has=f"a trip count of {trips:,}")


@pytest.mark.parametrize("always", ALWAYS)
def test_a_few_trips_end(always):
    assert ran(whole(body(*ALWAYS[always]), 5), x=np.int64(10)) == 15
    assert ran(whole(body(*ALWAYS[always]), -1, True), x=np.int64(10)) == 10


@pytest.mark.parametrize("always", ALWAYS)
def test_one_that_is_never_entered(always):
    assert ran(whole(body(*ALWAYS[always]), HUGE, False), x=np.int64(3)) == 3


@pytest.mark.parametrize("trips", [None, HUGE])
@pytest.mark.parametrize(
    ("ending", "y"), [("a comparison", 8), ("false", 2), ("a comparison of the trip", 4)]
)
def test_conditions_that_become_false(ending, y, trips):
    """From 1: until the state before the sum is 7; one trip; trips 0, 1 and 2."""
    assert ran(whole(body(*ENDING[ending]), trips), x=np.int64(1)) == y


def test_what_is_fed_may_end_it():
    """A trip count that is fed is known only then; a fixed one before."""
    model = whole(body(*ALWAYS["a constant"]), fed=["m"])
    assert ran(model, x=np.int64(1), m=np.int64(4)) == 5
    refused(model, has="a trip count of 3,000,000,000", fixed={"m": 3_000_000_000})
    # Whether it is entered is fed: once it is, it does not end.
    refused(whole(body(*ALWAYS["a constant"]), fed=["start"]))
    model = whole(body(*ALWAYS["a constant"]), fed=["start"])
    assert ss.load(model, fixed={"start": False}).inputs


def test_a_default_that_may_be_overridden():
    model = whole(body(*ALWAYS["a constant"]), HUGE)
    model.graph.input.append(scalar("m", INT64))
    refused(model, has=f"a trip count of {HUGE:,}")
    assert ss.load(model, fixed={"m": 4}).inputs


@pytest.mark.parametrize("holder", ["If", "Loop"])
def test_within_other_bodies(holder):
    inner = helper.make_node("Loop", ["", "", "x"], ["z"], name="inner")
    go_on = helper.make_graph(
        [node("Identity", "yes", "h"), node("Add", "b b", "d")],
        "inside",
        [scalar("j", INT64), scalar("e", BOOL), scalar("b", INT64)],
        [scalar("h", BOOL), scalar("d", INT64)],
    )
    inner.attribute.append(helper.make_attribute("body", go_on))
    if holder == "Loop":
        model = whole(body([constant("g", False)], "g", [inner]), 3)
    else:
        branches = [
            helper.make_graph(nodes, "branch", [], [scalar("z", INT64)])
            for nodes in ([inner], [node("Identity", "x", "z")])
        ]
        either = node("If", "start", "y", then_branch=branches[0], else_branch=branches[1])
        model = whole(body([constant("g", False)], "g"), 3, fed=["start"])
        model.graph.node[0].CopyFrom(either)
    refused(model, "inner")


def test_a_name_inside_hides_the_one_outside():
    """The state inside is called as the constant outside, whose value it has only at first."""
    inside = helper.make_graph(
        [node("Identity", "yes", "g"), constant("no", False), node("Identity", "no", "yes'")],
        "body",
        [scalar("i", INT64), scalar("c", BOOL), scalar("yes", BOOL)],
        [scalar("g", BOOL), scalar("yes'", BOOL)],
    )
    from sparsesim.graph.endless import refuse_endless

    loop = helper.make_node("Loop", ["", "", "yes"], ["y"], name="walk")
    loop.attribute.append(helper.make_attribute("body", inside))
    graph = helper.make_graph(
        [loop], "g", [], [scalar("y", BOOL)], [numpy_helper.from_array(np.array(True), "yes")]
    )
    refuse_endless(graph, "loops")
    inside.output[0].name = "c'"
    inside.node.append(node("Identity", "c", "c'"))
    del loop.attribute[:]
    loop.attribute.append(helper.make_attribute("body", inside))
    graph.node[0].CopyFrom(loop)
    with pytest.raises(ModelError):
        refuse_endless(graph, "loops")
