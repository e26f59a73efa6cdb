"""Notes on a model's tensors that travel in its metadata: folding, rewriting and saving keep them.

A note is one entry, a JSON object by tensor. What it means is its reader's: see `widths` and
`batch_first`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import onnx


def noted(model: onnx.ModelProto, key: str) -> dict[str, Any]:
    """What is noted under a key, by tensor; nothing where that is no JSON object.

    Anybody may have written the metadata: the values may be of any kind.
    """
    said = next((entry.value for entry in model.metadata_props if entry.key == key), "{}")
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def note(model: onnx.ModelProto, key: str, by_tensor: Mapping[str, Any]) -> None:
    """Let a model say this under a key and nothing else, in place; an empty note is none."""
    kept = [entry for entry in model.metadata_props if entry.key != key]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    if by_tensor:
        model.metadata_props.add(key=key, value=json.dumps(dict(by_tensor), sort_keys=True))
