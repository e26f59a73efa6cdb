"""The true width of constants that are stored wider, in a model's metadata.

A weight of 4-bit codes that was dequantised when the model was loaded is a float32 constant in the
model that is saved; its codes are what a memory would hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import onnx

KEY = "sparsesim.value_bits"


def with_value_bits(model: onnx.ModelProto, bits: Mapping[str, int]) -> onnx.ModelProto:
    """Note widths in a model, in place.

    Args:
        model: it may have notes already.
        bits: name of a constant -> bits of one value.
    Returns:
        the model.
    """
    if bits:
        noted = {**value_bits(model), **bits}
        entries = {entry.key: entry.value for entry in model.metadata_props}
        onnx.helper.set_model_props(model, {**entries, KEY: json.dumps(noted)})
    return model


def value_bits(model: onnx.ModelProto) -> dict[str, int]:
    """The widths that a model notes; empty where it notes none, or not in this form."""
    text = next((entry.value for entry in model.metadata_props if entry.key == KEY), "{}")
    try:
        noted = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(noted, dict):
        return {}
    return {name: bits for name, bits in noted.items() if type(bits) is int and 1 <= bits <= 64}
