"""QONNX's rounding modes, in NumPy for constants and in ONNX nodes for what is computed."""

from __future__ import annotations

import numpy as np
import onnx

from sparsesim.graph.qonnx.lowering import Lowering

# Mode -> (the operator behind an offset of the magnitude, the offset); no offset: of the value.
_MODES: dict[str, tuple[str, float | None]] = {
    "ROUND": ("Round", None),
    "HALF_EVEN": ("Round", None),
    "CEIL": ("Ceil", None),
    "FLOOR": ("Floor", None),
    "UP": ("Ceil", 0.0),
    "DOWN": ("Floor", 0.0),
    "ROUND_TO_ZERO": ("Floor", 0.0),
    "HALF_UP": ("Floor", 0.5),
    "HALF_DOWN": ("Ceil", -0.5),
}
_NUMPY = {"Round": np.rint, "Ceil": np.ceil, "Floor": np.floor}


def mode_of(work: Lowering, node: onnx.NodeProto, default: str) -> str:
    """The node's mode; ModelError where there is none of that name."""
    found = next((a.s.decode() for a in node.attribute if a.name == "rounding_mode"), default)
    mode = found.upper()
    if mode not in _MODES:
        raise work.error(node, f"its rounding mode '{found}' is unknown; use {', '.join(_MODES)}")
    return mode


def is_half_even(mode: str) -> bool:
    """Whether a mode is that of QuantizeLinear."""
    return _MODES[mode] == _MODES["HALF_EVEN"]


def rounded(values: np.ndarray, mode: str) -> np.ndarray:
    """Values rounded to whole numbers, of their own type."""
    operator, offset = _MODES[mode]
    if offset is None:
        return _NUMPY[operator](values)
    magnitudes = _NUMPY[operator](np.abs(values) + values.dtype.type(offset))
    return np.sign(values) * magnitudes


def add_rounding(work: Lowering, tensor: str, mode: str, of: str) -> str:
    """Nodes that round a tensor; returns what they give."""
    operator, offset = _MODES[mode]
    if offset is None:
        return work.add(operator, [tensor], "rounded", of)
    magnitude = work.add("Abs", [tensor], "magnitude", of)
    if offset:
        half = work.hold(np.float32(offset), "half", of)
        magnitude = work.add("Add", [magnitude, half], "moved", of)
    whole = work.add(operator, [magnitude], "whole", of)
    sign = work.add("Sign", [tensor], "sign", of)
    return work.add("Mul", [sign, whole], "rounded", of)
