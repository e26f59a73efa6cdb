"""Recurrent operators on nothing: ONNX Runtime ends the process on an empty sequence or batch.

They are refused where a model is loaded: folding would run them. On the host: engine/empties.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.reads import reads
from sparsesim.graph.recurrent import is_recurrent
from sparsesim.graph.walk import within


def may_abort(node: onnx.NodeProto) -> bool:
    """Whether a node is a recurrent one, or holds one in a body."""
    return any(is_recurrent(inner) for inner in within(node))


def refuse_empty(
    nodes: Iterable[onnx.NodeProto], shapes: Mapping[str, Sequence[int | None]], where: str
) -> None:
    """Refuse what would be run on nothing.

    Args:
        nodes: to be run.
        shapes: of tensors, as far as they are known.
        where: the model's name in errors.
    Raises:
        ModelError: an input of a recurrent node, or of one that holds one, is empty.
    """
    for node in nodes:
        if not may_abort(node):
            continue
        for name in sorted(reads(node)) if not is_recurrent(node) else list(node.input[:1]):
            if 0 in shapes.get(name, ()):
                raise ModelError(
                    f"{where}: '{printable(name)}' is {list(shapes[name])}, and ONNX Runtime runs "
                    f"no {node.op_type} on an empty tensor; give it lengths of 1 and up"
                )
