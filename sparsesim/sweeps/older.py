"""Points that earlier versions kept, as this one has them."""

from __future__ import annotations

from typing import Any

from sparsesim.result.older import dense


def parameters_brought_up(found: dict[str, Any]) -> dict[str, Any]:
    """A point's parameters, its machine under the present key."""
    if "datapath" not in found:
        return found
    return {"machine" if key == "datapath" else key: value for key, value in found.items()}


def details_brought_up(found: dict[str, Any]) -> dict[str, Any]:
    """A point's details, the array of the dense one in a table of its own."""
    iso = found.get("iso")
    return found if iso is None else found | {"iso": dense(iso)}
