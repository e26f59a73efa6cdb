"""Warnings where ONNX Runtime's 8-bit products saturate on the processor that executed."""

from __future__ import annotations

from sparsesim.trace.saturation import Saturation

_LONGEST = 40  # letters of a name


def saturation_warnings(found: Saturation | None) -> list[str]:
    """A line for the layers that ONNX Runtime alone gets wrong, and one for nodes on the host."""
    told = []
    if found is not None and found.layers:
        told.append(
            f"{_counted(found.layers, 'layer')} by 8-bit products that ONNX Runtime adds in 16 "
            f"bits on this processor, where they saturate: {_apart(found.difference)}; our "
            "layers are exact"
        )
    if found is not None and found.host:
        told.append(host_warning(found.host))
    return told


def host_warning(nodes: tuple[str, ...]) -> str:
    """What is to be said of nodes on the host, each `name (operator)`, whose products saturate."""
    return (
        f"{_counted(nodes, 'host operator')} by 8-bit products that ONNX Runtime adds in 16 bits "
        "on this processor, where they saturate: what they give and all that follows from it is "
        "inexact"
    )


def _counted(names: tuple[str, ...], kind: str) -> str:
    first = names[0] if len(names[0]) <= _LONGEST else f"{names[0][: _LONGEST - 1]}\u2026"
    if len(names) == 1:
        return f"1 {kind} ({first}) multiplies"
    return f"{len(names)} {kind}s (first {first}) multiply"


def _apart(difference: float | None) -> str:
    if difference is None:
        return "ONNX Runtime does not run the model as it is, so by how much is not known"
    if not difference:
        return "its outputs of the model as loaded are exact on the first run all the same"
    percent = 100 * difference
    said = f"{percent:,.0f}" if percent >= 10 else f"{percent:.2g}"
    return (
        f"its outputs of the model as loaded are off by up to {said} % of their range on the "
        "first run"
    )
