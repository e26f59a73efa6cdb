"""Sparsifiers: functions that make zeros in an array, one a file, found by name.

A zero that one makes is +0; what it keeps stays as it is, also a -0.
"""

from sparsesim.sparsity.registry import Registry

SPARSIFIERS = Registry(
    "sparsifier",
    __name__,
    ("block", "magnitude", "n_m", "quantile", "random", "relative", "top_k"),
    "sparsesim.sparsifiers",
)
sparsifier = SPARSIFIERS.register
find_sparsifier = SPARSIFIERS.find
sparsifier_names = SPARSIFIERS.names

__all__ = ["SPARSIFIERS", "find_sparsifier", "sparsifier", "sparsifier_names"]
