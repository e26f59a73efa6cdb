"""What a chart of a sweep is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Details = Callable[[str], Mapping[str, Any]]
"""Gives the details of a point by its key, `Store.details`."""


@dataclass(frozen=True)
class SweepChart:
    """A chart.

    Attributes:
        name: of its file and its element.
        section: where it stands on the page.
        title: a heading; empty where the section's says enough.
        spec: Vega-Lite, as wide as its container.
    """

    name: str
    section: str
    title: str
    spec: dict[str, Any]
