"""Sparsifying and quantising: functions of weights and activations as a rewrite of the graph."""

from __future__ import annotations

from sparsesim.sparsity.measure import Sparsity, SparsityTable, weight_sparsity
from sparsesim.sparsity.plan import check_rules, function_of, plan
from sparsesim.sparsity.quantisers import find_quantiser, quantiser, quantiser_names
from sparsesim.sparsity.rewrite import sparsify
from sparsesim.sparsity.sparsifiers import find_sparsifier, sparsifier, sparsifier_names
from sparsesim.spec.thresholds import Thresholds

__all__ = [
    "Sparsity",
    "SparsityTable",
    "Thresholds",
    "check_rules",
    "find_quantiser",
    "find_sparsifier",
    "function_of",
    "plan",
    "quantiser",
    "quantiser_names",
    "sparsifier",
    "sparsifier_names",
    "sparsify",
    "weight_sparsity",
]
