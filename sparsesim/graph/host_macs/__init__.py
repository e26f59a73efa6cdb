"""MACs of an operator that runs on the host: one family a file, by domain and operator."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from sparsesim.graph.host_macs import (
    attention,
    einsum,
    experts,
    linear_models,
    products,
    recurrent,
    without,
)
from sparsesim.graph.host_macs.known import Known as Known
from sparsesim.graph.host_macs.known import UnknownError
from sparsesim.graph.walk import bodies

UNKNOWN = -1
"""Stands for MACs that are not known."""

NCHWC = "com.microsoft.nchwc"
"""The domain of what ONNX Runtime makes of a model for one kind of processor."""

_STANDARD, _ML, _MICROSOFT = "", "ai.onnx.ml", "com.microsoft"
_COUNTS: dict[str, dict[str, Callable[[onnx.NodeProto, Known], int | None]]] = {
    _STANDARD: {
        **products.STANDARD,
        **recurrent.STANDARD,
        **einsum.STANDARD,
        **attention.STANDARD,
    },
    _ML: {**linear_models.ML},
    _MICROSOFT: {
        **products.MICROSOFT,
        **recurrent.MICROSOFT,
        **attention.MICROSOFT,
        **experts.MICROSOFT,
    },
    NCHWC: {**products.NCHWC},
}


def macs_of(node: onnx.NodeProto, known: Known) -> int | None:
    """MACs of a node; None where it makes none, `UNKNOWN` where they are not known.

    Those of ONNX's and ONNX Runtime's operators are known, once shapes are. An operator of any
    other domain may multiply or not: unknown. So are those inside an If, Loop or Scan.
    """
    held = list(bodies(node))
    if held:
        inside = (macs_of(inner, Known({})) for body in held for inner in body.node)
        return UNKNOWN if any(macs is not None for macs in inside) else None
    count = _COUNTS.get(node.domain, {}).get(node.op_type)
    if count is None:
        return None if _is_known_without(node.domain, node.op_type) else UNKNOWN
    try:
        return count(node, known)
    except (UnknownError, ArithmeticError, LookupError, TypeError, ValueError):
        return UNKNOWN  # shapes that are not known, or that no such operator has


def _is_known_without(domain: str, operator: str) -> bool:
    if domain == _STANDARD:
        return operator not in without.STANDARD_BUT_UNKNOWN
    if domain == _ML:
        return True
    return operator in {_MICROSOFT: without.MICROSOFT, NCHWC: without.NCHWC}.get(domain, ())


def tensors_of(node: onnx.NodeProto) -> tuple[str, ...]:
    """Tensors whose shapes, or values, a node's count reads; none where it has no count."""
    if node.op_type not in _COUNTS.get(node.domain, {}):
        return ()
    names = [*node.input]
    if node.op_type in {**products.STANDARD, **products.MICROSOFT, **products.NCHWC}:
        names.append(node.output[0])
    return tuple(name for name in names if name)
