"""Names of layers and blocks, as users write them.

A layer is named after its node in the model as loaded, after its output where the node has no
name; repeats get `:output` appended. A block is the part of a layer's name before its last `/` or
`.`.
"""

from __future__ import annotations

from collections import Counter

import onnx


def name_nodes(graph: onnx.GraphProto) -> None:
    """Give every node of a graph a unique name, in place.

    Args:
        graph: the model's main graph as loaded; subgraphs keep their names.
    """
    counts = Counter(printable(node.name or first_output(node)) for node in graph.node)
    taken: set[str] = set()
    for node in graph.node:
        name = printable(node.name or first_output(node))
        if counts[name] > 1:
            name = f"{name}:{printable(first_output(node))}"
        # It is taken only where a node was named like another one's suffixed name.
        node.name = unused(name, taken)


def unused(name: str, taken: set[str]) -> str:
    """A name that is not taken, and from now on is: this one, or with apostrophes behind it.

    >>> unused("conv", {"conv", "conv'"})
    "conv''"
    """
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def block_of(layer: str) -> str:
    """The default block of a layer: its name up to the last `/` or `.`; itself where it has none.

    >>> block_of("layer1.0.conv1"), block_of("fc")
    ('layer1.0', 'fc')
    """
    cut = max(layer.rfind("/"), layer.rfind("."))
    return layer[:cut] if cut > 0 else layer


def printable(name: str) -> str:
    """A name on one line: characters that don't print are escaped.

    >>> printable("conv\\n1")
    'conv\\\\n1'
    """
    return name if name.isprintable() else repr(name)[1:-1]


def first_output(node: onnx.NodeProto) -> str:
    """What a node without a name is called by: its first output, or its operator."""
    return next((output for output in node.output if output), node.op_type)
