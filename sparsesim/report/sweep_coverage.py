"""The share of MACs on the array, of a sweep's networks and points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparsesim.figures import mac_share
from sparsesim.sweeps.result import SweepResult


def coverage_of(metrics: Mapping[str, Any]) -> str:
    """A point's, in words: `at most` where it is a bound; `-` where it was not measured."""
    share = metrics.get("mac_coverage")
    return "-" if share is None else mac_share(share, bool(metrics.get("mac_coverage_is_bound")))


def coverages(result: SweepResult) -> dict[str, str]:
    """Network -> its coverage in words; no accelerator moves anything in it."""
    found: dict[str, str] = {}
    for row in result.measured:
        found.setdefault(row.parameters["network"], coverage_of(row.metrics))
        if len(found) == len(result.spec.networks):
            break
    return found


def coverage_line(result: SweepResult) -> str:
    """All of them on one line; empty where nothing was measured."""
    words = coverages(result)
    if len(set(words.values())) == 1:
        return f"MAC coverage {next(iter(words.values()))}"
    said = ", ".join(f"{network} {share}" for network, share in words.items())
    return f"MAC coverage: {said}" if said else ""
