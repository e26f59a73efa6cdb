"""Sparsifiers: functions that make zeros in an array, one a file, found by name."""

from sparsesim.sparsity.sparsifiers.registry import (
    Sparsifier,
    find_sparsifier,
    sparsifier,
    sparsifier_names,
    summaries,
)

__all__ = ["Sparsifier", "find_sparsifier", "sparsifier", "sparsifier_names", "summaries"]
