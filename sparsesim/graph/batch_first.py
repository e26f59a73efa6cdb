"""Tensors whose first axis is the batch by the definition of an operator that became others.

Attention has queries, keys and values with the batch in front; what it becomes says so no more.
They travel in the model's metadata, as true widths do (`widths`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import onnx

METADATA_KEY = "sparsesim.batch_first"


def batch_first(model: onnx.ModelProto) -> dict[str, str]:
    """Tensor -> the node that said so, in words; metadata that are no such list are passed over."""
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            try:
                listed = json.loads(entry.value)
            except ValueError:
                return {}
            if not isinstance(listed, dict):
                return {}
            return {name: said for name, said in listed.items() if isinstance(said, str)}
    return {}


def note_batch_first(model: onnx.ModelProto, tensors: Mapping[str, str]) -> None:
    """Let the model list these tensors besides its own, in place."""
    if not tensors:
        return
    listed = {**batch_first(model), **tensors}
    kept = [entry for entry in model.metadata_props if entry.key != METADATA_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(listed, sort_keys=True))
