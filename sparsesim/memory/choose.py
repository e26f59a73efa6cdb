"""Which blocks and which order of passes move the fewest bits: the candidates A and B.

Not how large a block can be: that is `search`. All groups of a layer are chosen for at once, since
a depthwise layer has hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.tiling import Tiling
from sparsesim.memory.blocks import Ints
from sparsesim.memory.layer import Layer
from sparsesim.memory.moves import Moves, joined, sliced_moves, whole_moves
from sparsesim.memory.search import Buffers, cut_reduction, largest_blocks

_ORDERS = {"auto": (0, 1), "filters_outer": (0,), "positions_outer": (1,)}


@dataclass(frozen=True, eq=False)
class Choice:
    """How each group of a layer is cut; arrays of shape (groups,).

    Attributes:
        filters, positions, elements: int64, of a pass; the last ones are short.
        positions_first: bool, candidate B was taken.
        positions_outer: bool, the outer loop of the passes.
        reduction_cut: bool, not even one tile fits with all of K.
    """

    filters: Ints
    positions: Ints
    elements: Ints
    positions_first: np.ndarray
    positions_outer: np.ndarray
    reduction_cut: np.ndarray

    @classmethod
    def of_nothing(cls, groups: int) -> Choice:
        """The cut of groups without outputs: into no passes."""
        none, no = np.zeros(groups, np.int64), np.zeros(groups, bool)
        return cls(none, none, none, no, no, no)


def choose_blocks(
    layer: Layer,
    resident: NDArray[np.bool_],
    tiling: Tiling,
    buffers: Buffers,
    pass_order: str,
) -> tuple[Choice, Moves]:
    """The cut of each group that moves the fewest DRAM bits, and what its blocks move.

    With K cut, too, `auto` takes the order with the fewest bits. They are the same unless all of K
    is one slice, as happens where a box of pixels is larger than its lowered operands.

    Args:
        layer: its operands; it has an output.
        resident: bool, (groups,), the weight stays over the steps.
        tiling: steps in which it may be cut.
        buffers: bits that a pass can use.
        pass_order: `auto`, `filters_outer` or `positions_outer`.
    Raises:
        SpecError: a tile's outputs or its least slice of K don't fit, or K may not be cut.
    """
    geometry, orders = layer.geometry, _ORDERS[pass_order]
    groups = np.arange(geometry.groups)
    filters = np.full(len(groups), min(tiling.filters, geometry.filters))
    positions = np.full(len(groups), min(tiling.positions, geometry.positions))
    elements = np.full(len(groups), geometry.reduction)
    positions_first, positions_outer = np.zeros((2, len(groups)), bool)

    candidates = _candidates(layer, tiling, buffers)
    reduction_cut = np.any(np.array(candidates) == 0, axis=(0, 1))
    whole = np.flatnonzero(~reduction_cut)
    if len(whole):
        sizes = [(m[whole], p[whole]) for m, p in candidates]
        tried = [whole_moves(layer, whole, *size) for size in sizes]
        moved = [_moved(layer, moves, resident[whole], whole) for moves in tried]
        taken, outer = _fewest_bits(moved, orders)
        some_filters, some_positions = zip(*sizes, strict=True)
        filters[whole] = np.choose(taken, some_filters)
        positions[whole] = np.choose(taken, some_positions)
        positions_first[whole], positions_outer[whole] = taken == 1, outer == 1
    if reduction_cut.any():
        parts = []
        for group in groups:
            one = groups[group : group + 1]
            if not reduction_cut[group]:
                parts.append(whole_moves(layer, one, filters[one], positions[one]))
                continue
            cut = cut_reduction(layer, int(group), tiling, buffers)
            parts.append(sliced_moves(layer, one, filters[one], positions[one], cut))
            elements[group] = cut.elements
            moved = [_moved(layer, parts[-1], resident[one], one)]
            _, (outer,) = _fewest_bits(moved, orders)
            positions_outer[group] = outer == 1
        moves = joined(parts)
    elif np.all(taken == taken[0]):
        moves = tried[taken[0]]
    else:
        moves = whole_moves(layer, groups, filters, positions)
    choice = Choice(filters, positions, elements, positions_first, positions_outer, reduction_cut)
    return choice, moves


def _candidates(layer: Layer, tiling: Tiling, buffers: Buffers) -> list[tuple[Ints, Ints]]:
    """Filters and positions of candidates A and B for each group, of A only where B is the same.

    A 0 says that not even a tile fits.
    """
    geometry = layer.geometry
    groups = np.arange(geometry.groups)

    def most_filters(positions: Ints) -> Ints:
        most = buffers.output // (positions * layer.output.value_bits)
        cut = layer.weight_blocks
        return largest_blocks(
            groups, geometry.filters, tiling.filters, most, buffers.weight, layer.weight, cut
        )

    def most_positions(filters: Ints) -> Ints:
        most = buffers.output // (filters * layer.output.value_bits)
        cut = layer.activation_blocks
        return largest_blocks(
            groups,
            geometry.positions,
            tiling.positions,
            most,
            buffers.activation,
            layer.activation,
            cut,
        )

    filters = most_filters(np.full(len(groups), min(tiling.positions, geometry.positions)))
    positions = most_positions(np.full(len(groups), min(tiling.filters, geometry.filters)))
    if np.all(filters * positions * layer.output.value_bits <= buffers.output):
        return [(filters, positions)]
    return [
        (filters, most_positions(np.maximum(filters, 1))),
        (most_filters(np.maximum(positions, 1)), positions),
    ]


def _moved(layer: Layer, moves: Moves, resident: NDArray[np.bool_], groups: Ints) -> Ints:
    """Bits that each group moves, filters outer first: int64, shape (2, groups)."""
    return moves.moved_bits(np.where(resident, groups % layer.geometry.steps == 0, -1))


def _fewest_bits(moved: Sequence[Ints], orders: tuple[int, ...]) -> tuple[Ints, Ints]:
    """The candidate and the order of each group that move the fewest bits, the first of equals."""
    best = np.concatenate([candidate[list(orders)] for candidate in moved]).argmin(axis=0)
    return best // len(orders), np.array(orders)[best % len(orders)]
