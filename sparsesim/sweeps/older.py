"""Points that earlier versions kept, as this one has them."""

from __future__ import annotations

from typing import Any

_ONLY_MACHINE = "inner_join"  # of those versions
_ARRAY = ("rows", "cols", "window", "lanes")


def parameters_brought_up(found: dict[str, Any]) -> dict[str, Any]:
    """A point's parameters, its machine under the present key."""
    if "datapath" not in found:
        return found
    return {"machine" if key == "datapath" else key: value for key, value in found.items()}


def details_brought_up(found: dict[str, Any]) -> dict[str, Any]:
    """A point's details, the array of the dense one in a table of its own."""
    dense = found.get("iso")
    if dense is None or "machine" in dense:
        return found
    array = {key: dense[key] for key in _ARRAY if key in dense}
    rest = {key: value for key, value in dense.items() if key not in _ARRAY}
    return found | {"iso": {"machine": _ONLY_MACHINE, "array": array, **rest}}
