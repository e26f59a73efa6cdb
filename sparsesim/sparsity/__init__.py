"""Sparsifying: thresholds and other sparsifiers as a rewrite of the graph."""

from __future__ import annotations

from sparsesim.sparsity.measure import Sparsity, SparsityTable, weight_sparsity
from sparsesim.sparsity.rewrite import sparsify
from sparsesim.sparsity.sparsifiers import find_sparsifier, sparsifier, sparsifier_names
from sparsesim.spec.thresholds import Thresholds

__all__ = [
    "Sparsity",
    "SparsityTable",
    "Thresholds",
    "find_sparsifier",
    "sparsifier",
    "sparsifier_names",
    "sparsify",
    "weight_sparsity",
]
