"""Inputs: from what a user names (`--inputs PATH`) to a stream of arrays that a model takes.

Not the model's side: what it expects comes in as `InputSpec`. Everything here is loaded on first
use, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsesim.inputs.feed import Feed, Inputs, InputSpec
    from sparsesim.inputs.opening import open_inputs
    from sparsesim.inputs.preprocess import Preprocess, preset_names

__all__ = ["Feed", "InputSpec", "Inputs", "Preprocess", "open_inputs", "preset_names"]

_HOME = {
    "Feed": "feed",
    "InputSpec": "feed",
    "Inputs": "feed",
    "Preprocess": "preprocess",
    "open_inputs": "opening",
    "preset_names": "preprocess",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
