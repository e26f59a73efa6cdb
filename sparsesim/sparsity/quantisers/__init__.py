"""Quantisers: functions that move an array's values to a grid, one a file, found by name.

Every zero that one gives is +0.
"""

from sparsesim.sparsity.registry import Registry

QUANTISERS = Registry(
    "quantiser",
    __name__,
    ("binary", "fixed_point", "float16", "logarithmic", "ternary"),
    "sparsesim.quantisers",
)
quantiser = QUANTISERS.register
find_quantiser = QUANTISERS.find
quantiser_names = QUANTISERS.names

__all__ = ["QUANTISERS", "find_quantiser", "quantiser", "quantiser_names"]
