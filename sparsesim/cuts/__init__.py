"""Cut points: where to split a network over devices, by the bytes that would have to be sent."""

from __future__ import annotations

from sparsesim.cuts.find import Cut, CutNode, cut_nodes, find_cuts
from sparsesim.cuts.measure import Measured, Sizes, measure
from sparsesim.cuts.rank import BlockCut, Cuts, RankedCut, Sent, Spread, rank_cuts

__all__ = [
    "BlockCut",
    "Cut",
    "CutNode",
    "Cuts",
    "Measured",
    "RankedCut",
    "Sent",
    "Sizes",
    "Spread",
    "cut_nodes",
    "find_cuts",
    "measure",
    "rank_cuts",
]
