"""What ONNX Runtime does not survive: a recurrent node whose tensors are empty ends the process.

It is refused before. What becomes empty only inside a host step can't be seen from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.recurrent import is_recurrent
from sparsesim.graph.walk import within


def refuse_empty(nodes: Iterable[onnx.NodeProto], feed: Mapping[str, Any], where: str) -> None:
    """Refuse to run recurrent nodes in ONNX Runtime on an empty tensor.

    Args:
        nodes: that it would run, with their bodies.
        feed: tensors by name.
        where: the model's name in errors.
    Raises:
        ModelError: one of the tensors is empty and a node is recurrent.
    """
    empty = [
        name for name, value in feed.items() if isinstance(value, np.ndarray) and not value.size
    ]
    if not empty:
        return
    found = next((one for node in nodes for one in within(node) if is_recurrent(one)), None)
    if found is not None:
        shape = list(feed[empty[0]].shape)
        raise ModelError(
            f"{where}: '{printable(empty[0])}' is {shape}, and ONNX Runtime runs no "
            f"{found.op_type} on an empty tensor; give it lengths of 1 and up"
        )
