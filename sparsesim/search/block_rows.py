"""What a search gives for each block: its zeros and its cycles, beside those of before."""

from __future__ import annotations

from sparsesim.search.cost import Cycles
from sparsesim.search.result import BlockRow
from sparsesim.sparsity import SparsityTable
from sparsesim.trace.zeros import ActivationTable


def block_rows(
    weights: SparsityTable,
    activations: ActivationTable,
    activations_before: ActivationTable,
    cycles: Cycles,
    cycles_before: Cycles,
) -> tuple[BlockRow, ...]:
    """A row a block.

    Args:
        weights: of the graph with all thresholds.
        activations, activations_before: with them and without, over the same images.
        cycles, cycles_before: likewise.
    """
    rows = zip(weights.blocks, activations.blocks, activations_before.blocks, strict=True)
    return tuple(
        BlockRow(
            weight.name,
            weight.elements,
            weight.zeros,
            on.sparsity,
            off.sparsity,
            dict(cycles.blocks.get(weight.name, {})),
            dict(cycles_before.blocks.get(weight.name, {})),
        )
        for weight, on, off in rows
    )
