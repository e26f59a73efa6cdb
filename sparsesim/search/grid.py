"""Grids of thresholds: which magnitudes the search tries for a layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.errors import SpecError

_LARGEST, _SMALLEST = 1.0, 1e-5


@dataclass(frozen=True)
class Grid:
    """Thresholds to try.

    Attributes:
        kind: `quantiles`: of the layer's own magnitudes other than zero, in equal steps of their
            share; or `halving`: 1, 1/2, 1/4, … down to 1e-5, the same for every layer, as the
            paper's authors tried.
        count: of quantiles, 1 or more.
    """

    kind: str = "quantiles"
    count: int = 20

    @classmethod
    def read(cls, text: str) -> Grid:
        """From `quantiles`, `quantiles:N` or `halving`.

        Raises:
            SpecError: anything else.
        """
        kind, colon, number = text.partition(":")
        if kind == "halving" and not colon:
            return cls("halving", 0)
        if kind == "quantiles" and not colon:
            return cls()
        if kind == "quantiles" and number.isdigit() and int(number) > 0:
            return cls("quantiles", int(number))
        raise SpecError(
            f"grid '{text}' is unknown; use quantiles, quantiles:N (N from 1) or halving"
        )

    def __str__(self) -> str:
        if self.kind == "quantiles":
            return f"{self.count} quantiles of each one's magnitudes"
        return f"halving from {_LARGEST:g} to {_SMALLEST:g}"

    def thresholds(self, magnitudes: np.ndarray) -> tuple[float, ...]:
        """The thresholds for a layer or block.

        Args:
            magnitudes: of its values, any shape, 0 and up.
        Returns:
            float32 values, ascending, each once; quantile i of n is the magnitude that i / (n + 1)
            of the values other than zero do not exceed. None where all values are zero.
        """
        if self.kind == "halving":
            steps = int(np.floor(np.log2(_LARGEST / _SMALLEST))) + 1
            return tuple(float(np.float32(_LARGEST / 2**i)) for i in reversed(range(steps)))
        found = magnitudes[magnitudes > 0].astype(np.float32)
        if not found.size:
            return ()
        shares = np.arange(1, self.count + 1) / (self.count + 1)
        values = np.quantile(found, shares, method="inverted_cdf")
        return tuple(float(value) for value in np.unique(values))
