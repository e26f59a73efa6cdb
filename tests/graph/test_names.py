"""Names of layers and blocks."""

from onnx import helper

from sparsesim.graph.names import block_of, name_nodes, printable


def names(*nodes: tuple[str, str]) -> list[str]:
    """Names given to Relu nodes of these names and outputs."""
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], [output], name=name) for name, output in nodes],
        "g",
        [],
        [],
    )
    name_nodes(graph)
    return [node.name for node in graph.node]


def test_a_node_without_a_name_is_named_after_its_output():
    assert names(("", "a"), ("two", "b")) == ["a", "two"]


def test_repeats_get_their_output_appended():
    assert names(("same", "a"), ("same", "b"), ("c", "d")) == ["same:a", "same:b", "c"]
    assert names(("a", "b"), ("", "a")) == ["a:b", "a:a"]


def test_names_are_unique_in_any_case():
    assert names(("same:b", "x"), ("same", "a"), ("same", "b")) == ["same:b", "same:a", "same:b'"]


def test_a_name_stays_on_one_line():
    assert printable("a\nb\x00") == "a\\nb\\x00"
    assert printable("stage/Ünit.1:0 x") == "stage/Ünit.1:0 x"
    assert names(("a\nb", "c")) == ["a\\nb"]


def test_blocks_end_at_the_last_slash_or_dot():
    assert block_of("layer1.0.conv1") == "layer1.0"
    assert block_of("/features/conv") == "/features"
    assert block_of("fc") == "fc"
    assert block_of("/fc") == "/fc"
