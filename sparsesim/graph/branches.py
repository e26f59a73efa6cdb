"""Names in branches: folding puts a branch that is always taken in place of its If.

ONNX Runtime gives the nodes names of its own then. Their documentation it keeps, so the names are
noted there while it folds.
"""

from __future__ import annotations

from collections.abc import Collection

import onnx

from sparsesim.graph.names import first_output, printable, unused
from sparsesim.graph.walk import bodies, graphs

_MARK = "sparsesim\n"


def note_names(model: onnx.ModelProto) -> None:
    """Write the name of each node of a subgraph before its documentation, in place."""
    for node in model.graph.node:
        _note(node, node.name)


def restore_names(folded: onnx.ModelProto, names: Collection[str]) -> None:
    """Give the nodes of inlined branches the names they had, and all their documentation, in place.

    Args:
        folded: what became of a model whose names were noted.
        names: of the nodes of its main graph, before.
    """
    taken = {node.name for node in folded.graph.node if node.name in names}
    for node in folded.graph.node:
        if node.name in names:
            continue
        if node.doc_string.startswith(_MARK):
            _, path, own, _ = node.doc_string.split("\n", 3)
            node.name = own if own not in taken else f"{path}/{own}"
        # What folding has made may have no name.
        node.name = unused(node.name or first_output(node), taken)
    for graph in graphs(folded):
        for node in graph.node:
            if node.doc_string.startswith(_MARK):
                node.doc_string = node.doc_string.split("\n", 3)[3]


def branches_of(model: onnx.ModelProto) -> int:
    """How many If nodes the main graph has."""
    return sum(node.op_type == "If" and not node.domain for node in model.graph.node)


def _note(node: onnx.NodeProto, path: str) -> None:
    for graph in bodies(node):
        for child in graph.node:
            own = printable(child.name or first_output(child))
            child.doc_string = f"{_MARK}{path}\n{own}\n{child.doc_string}"
            _note(child, f"{path}/{own}")
