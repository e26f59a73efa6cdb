"""Tensors whose first axis is the batch by the definition of an operator that became others.

Attention has queries, keys and values with the batch in front; what it becomes says so no more.
They travel in the model's metadata, as true widths do (`widths`).
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from sparsesim.graph.notes import note, noted

METADATA_KEY = "sparsesim.batch_first"


def batch_first(model: onnx.ModelProto) -> dict[str, str]:
    """Tensor -> the node that said so, in words; metadata that are no such list are passed over."""
    listed = noted(model, METADATA_KEY)
    return {name: said for name, said in listed.items() if isinstance(said, str)}


def note_batch_first(model: onnx.ModelProto, tensors: Mapping[str, str]) -> None:
    """Let the model list these tensors besides its own, in place."""
    if tensors:
        note(model, METADATA_KEY, {**batch_first(model), **tensors})
