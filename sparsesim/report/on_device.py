"""Whether the accelerator fits its device, in words: of a result, for all reports."""

from __future__ import annotations

from sparsesim.result import resources
from sparsesim.result.model import Result


def shortage(result: Result) -> str | None:
    """`does not fit xc7z020: LUT 244.2 %`; None where it fits, or that is not known."""
    found = result.on_device
    if found is None:
        return None
    return resources.does_not_fit(found, str(result.device["name"]))


def shares_in_words(result: Result) -> str:
    """`LUT 244.2 %, FF 37.5 %, DSP 145.5 %, BRAM 40.0 % of xc7z020`."""
    name = result.device["name"]
    if result.on_device is None:
        return f"not known of {name}"
    return f"{resources.shares_in_words(result.on_device)} of {name}"


def scarcest(result: Result) -> tuple[str, str]:
    """(`LUT`, `244.3 %`): the resource that is scarcest, and how much of it is taken."""
    found = result.on_device
    if found is None:
        return "resources", "not known"
    name = max(resources.NAMES, key=lambda name: _scarcity(found.shares[name], found.used, name))
    return resources.NAMES[name], resources.share_in_words(found, name)


def other_warnings(result: Result) -> list[str]:
    """Warnings but for that it does not fit, which reports say in their first line."""
    return [warning for warning in result.warnings if warning != shortage(result)]


def _scarcity(share: float | None, used: object, name: str) -> float:
    if share is None:
        return float("inf") if getattr(used, name) else 0.0
    return share
