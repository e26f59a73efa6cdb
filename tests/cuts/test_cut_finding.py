"""Cuts of hand-made graphs, and of random ones against every set of nodes there is."""

from __future__ import annotations

from cut_models import unit
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.cuts.find import Cut, CutNode, cut_nodes, find_cuts
from sparsesim.graph import load


def node(name: str, reads: str, makes: str) -> CutNode:
    return CutNode(name, tuple(reads.split()), tuple(makes.split()), is_layer=False)


def crossing(nodes, front: set[int], inputs) -> set[str] | None:
    """What crosses; None where a node in front reads what one behind makes."""
    maker = {name: i for i, one in enumerate(nodes) for name in one.makes}
    there = set(inputs) | {name for name, i in maker.items() if i in front}
    if any(name not in there for i in front for name in nodes[i].reads):
        return None
    behind = {name for i, one in enumerate(nodes) if i not in front for name in one.reads}
    return behind & there


def test_a_chain_is_cut_between_its_nodes():
    nodes = [node("a", "x", "1"), node("b", "1", "2"), node("c", "2", "3")]
    assert find_cuts(nodes, ["x"]) == (
        Cut(frozenset({0}), "a", ("1",)),
        Cut(frozenset({0, 1}), "b", ("2",)),
    )


def test_a_unit_s_inside_is_cut_by_two_tensors():
    """stem -> s; unit: first reads s, second reads that, add joins it with s; last."""
    nodes = [
        node("stem", "x", "s"),
        node("first", "s", "f"),
        node("second", "f", "g"),
        node("add", "g s", "u"),
        node("last", "u", "y"),
    ]
    assert [(cut.behind, cut.tensors) for cut in find_cuts(nodes, ["x"])] == [
        ("stem", ("s",)),
        ("first", ("s", "f")),
        ("second", ("s", "g")),
        ("add", ("u",)),
    ]


def test_a_shortcut_s_layer_may_stay_behind():
    """`down` runs first, but a cut inside the unit may send its input rather than its output."""
    nodes = [
        node("stem", "x", "s"),
        node("down", "s", "d"),
        node("first", "s", "f"),
        node("add", "f d", "u"),
        node("last", "u", "y"),
    ]
    found = {cut.tensors: sorted(cut.front) for cut in find_cuts(nodes, ["x"])}
    assert found == {
        ("s",): [0],
        ("s", "d"): [0, 1],
        ("d", "f"): [0, 1, 2],
        ("s", "f"): [0, 2],
        ("u",): [0, 1, 2, 3],
    }


def test_side_branches_come_in_front_of_a_tensor_that_is_a_cut():
    """Two heads read s and t; without them in front, s would cross as well."""
    nodes = [
        node("stem", "x", "s"),
        node("trunk", "s", "t"),
        node("m", "t", "m"),
        node("n", "t", "n"),
        node("head1", "s t", "out1"),
        node("head2", "s t", "out2"),
        node("last", "m n", "y"),
    ]
    found = {cut.tensors: sorted(cut.front) for cut in find_cuts(nodes, ["x"])}
    assert found["t",] == [0, 1, 4, 5]


def test_an_input_that_is_read_behind_crosses():
    nodes = [node("a", "x", "1"), node("b", "1 z", "2"), node("c", "2", "3")]
    assert [cut.tensors for cut in find_cuts(nodes, ["x", "z"])] == [("z", "1"), ("2",)]


def test_nothing_to_cut():
    assert find_cuts([node("a", "x", "y")], ["x"]) == ()
    assert find_cuts([], ["x"]) == ()
    assert find_cuts([node("a", "", "1"), node("b", "", "2")], []) == ()


def test_nodes_of_a_graph_are_its_layers_and_single_host_nodes():
    nodes = cut_nodes(load(unit()))
    assert [(n.name, n.reads, n.makes, n.is_layer) for n in nodes] == [
        ("stem", ("x",), ("s",), True),
        ("unit/first", ("s",), ("a",), True),
        ("unit/second", ("a",), ("b",), True),
        ("unit/add", ("b", "s"), ("c",), False),
        ("unit/out", ("c",), ("d",), False),
        ("pool", ("d",), ("p",), False),
        ("flatten", ("p",), ("f",), False),
        ("fc", ("f",), ("y",), True),
    ]
    assert [cut.tensors for cut in find_cuts(nodes, ["x"])] == [
        ("s",),
        ("s", "a"),
        ("s", "b"),
        ("c",),
        ("d",),
        ("p",),
        ("f",),
    ]


@st.composite
def graphs(draw) -> tuple[list[CutNode], list[str]]:
    """Up to six nodes, each reading inputs or what earlier ones make; some make two tensors."""
    inputs = draw(st.sampled_from([["x"], ["x", "z"]]))
    there, nodes = list(inputs), []
    for index in range(draw(st.integers(1, 6))):
        reads = draw(st.lists(st.sampled_from(there), min_size=0, max_size=3, unique=True))
        makes = [f"{index}.{number}" for number in range(draw(st.sampled_from([1, 1, 1, 2])))]
        nodes.append(node(f"n{index}", " ".join(reads), " ".join(makes)))
        there += makes
    return nodes, inputs


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_cuts_against_every_set_of_nodes(drawn):
    nodes, inputs = drawn
    every = {}
    for number in range(1, 2 ** len(nodes) - 1):
        front = {i for i in range(len(nodes)) if number >> i & 1}
        sent = crossing(nodes, front, inputs)
        if sent:
            every[frozenset(front)] = sent
    found = find_cuts(nodes, inputs)
    for cut in found:
        assert every[cut.front] == set(cut.tensors)
        assert cut.behind == nodes[max(cut.front)].name
    assert len({cut.tensors for cut in found}) == len(found)
    sent = [set(cut.tensors) for cut in found]
    alone = [one for one in every.values() if len(one) == 1 and not one & set(inputs)]
    assert all(one in sent for one in alone)
    for count in range(1, len(nodes)):  # and every cut along the execution order
        along = crossing(nodes, set(range(count)), inputs)
        assert not along or along in sent
