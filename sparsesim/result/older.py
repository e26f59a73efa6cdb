"""Results that earlier versions wrote, as this one has them. It checks nothing: the model does."""

from __future__ import annotations

from typing import Any

FIRST = "sparsesim.result/1"

_ARRAY = ("rows", "cols", "window", "lanes")
_WINDOW = 16
_REACHED = {"pe_clock_mhz": "reached_mhz", "pe_clock_source": "reached_source"}


def brought_up(found: dict[str, Any], schema: str) -> dict[str, Any]:
    """A result of the first schema in the present one.

    Passes counted K in windows of their only machine, which stood among the accelerator's keys.

    Args:
        found: what the file holds.
        schema: the present one.
    """
    accelerator = found.get("accelerator")
    window = accelerator.get("window", _WINDOW) if isinstance(accelerator, dict) else _WINDOW
    made = found | {"schema": schema}
    if isinstance(found.get("layers"), list):
        made["layers"] = [_layer(layer, window) for layer in found["layers"]]
    if isinstance(found.get("iso_resource"), dict):
        made["iso_resource"] = dense(found["iso_resource"])
    if isinstance(found.get("on_device"), dict):
        made["on_device"] = {_REACHED.get(k, k): v for k, v in found["on_device"].items()}
    return made


def dense(found: dict[str, Any]) -> dict[str, Any]:
    """A dense array whose keys stood beside its clock, in a table of its own."""
    if "array" in found:
        return found
    array = {"window": 1, "lanes": 1} | {key: found[key] for key in _ARRAY if key in found}
    rest = {key: value for key, value in found.items() if key not in _ARRAY}
    return {"machine": "inner_join", "array": array} | rest


def _layer(layer: Any, window: int) -> Any:
    try:
        passes = dict(layer["passes"])
        elements = min(passes.pop("windows") * window, layer["reduction"])
    except (KeyError, TypeError):
        return layer
    return layer | {"passes": passes | {"elements": elements}}
