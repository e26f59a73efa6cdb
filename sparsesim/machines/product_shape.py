"""The shape of a layer's products on one run: what is known of it without its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ProductShape:
    """W[filters x K] . A[K x positions], `groups` times."""

    groups: int
    filters: int
    positions: int
    reduction: int


Runs = Mapping[ProductShape, int]
"""How many runs of each shape: a short last batch has another one."""


@dataclass(frozen=True)
class Densities:
    """Mean densities of a layer's lowered operands, 0 to 1."""

    activation: float
    weight: float

    def of_pairs(self, skips: frozenset[str]) -> float:
        """Share of the pairs that are left where zeros of these operands are skipped, were zeros
        independent."""
        share = self.activation if "activation" in skips else 1.0
        return share * self.weight if "weight" in skips else share
