"""Which blocks and which order of passes move the fewest bits: the candidates of DESIGN section 4.

Not how large a block can be: that is `search`. All groups of a layer are chosen for at once, since
a depthwise layer has hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsesim.memory.blocks import Ints
from sparsesim.memory.layer import Layer
from sparsesim.memory.loads import Loads, joined, sliced_loads, store_bits, whole_loads
from sparsesim.memory.search import Buffers, cut_reduction, largest_blocks

_ORDERS = {"auto": (0, 1), "filters_outer": (0,), "positions_outer": (1,)}


@dataclass(frozen=True, eq=False)
class Choice:
    """How each group of a layer is cut; arrays of shape (groups,).

    Attributes:
        filters, positions, windows: int64, of a pass; the last ones are short.
        positions_first: bool, candidate B was taken.
        positions_outer: bool, the outer loop of the passes.
        reduction_cut: bool, not even one tile fits with all of K.
    """

    filters: Ints
    positions: Ints
    windows: Ints
    positions_first: np.ndarray
    positions_outer: np.ndarray
    reduction_cut: np.ndarray

    @classmethod
    def of_nothing(cls, groups: int) -> Choice:
        """The cut of groups without outputs: into no passes."""
        none, no = np.zeros(groups, np.int64), np.zeros(groups, bool)
        return cls(none, none, none, no, no, no)


def choose_blocks(
    layer: Layer, rows: int, cols: int, window: int, buffers: Buffers, pass_order: str
) -> tuple[Choice, Loads]:
    """The cut of each group that moves the fewest DRAM bits, and what its blocks take.

    With K cut, too, `auto` takes the order with the fewest bits. They are the same unless all of K
    is one slice, as happens where a box of pixels is larger than its lowered operands.

    Args:
        layer: its operands; it has an output.
        rows, cols, window: filters and positions of a tile, operand pairs of a window.
        buffers: bits that a pass can use.
        pass_order: `auto`, `filters_outer` or `positions_outer`.
    Raises:
        SpecError: the outputs of a tile or one window of it don't fit.
    """
    geometry, orders = layer.geometry, _ORDERS[pass_order]
    groups = np.arange(geometry.groups)
    filters = np.full(len(groups), min(rows, geometry.filters))
    positions = np.full(len(groups), min(cols, geometry.positions))
    windows = np.full(len(groups), -(-geometry.reduction // window))
    positions_first, positions_outer = np.zeros((2, len(groups)), bool)

    most_filters = _most_filters(layer, groups, rows, positions, buffers)
    most_positions = _most_positions(layer, groups, cols, filters, buffers)
    reduction_cut = (most_filters == 0) | (most_positions == 0)
    whole = np.flatnonzero(~reduction_cut)
    if len(whole):
        first, second = most_filters[whole], most_positions[whole]
        beside_first = _most_positions(layer, whole, cols, first, buffers)
        beside_second = _most_filters(layer, whole, rows, second, buffers)
        candidates = ((first, beside_first), (beside_second, second))
        taken, outer = _fewest_bits(layer, whole, candidates, orders)
        filters[whole] = np.where(taken == 0, first, beside_second)
        positions[whole] = np.where(taken == 0, beside_first, second)
        positions_first[whole], positions_outer[whole] = taken == 1, outer == 1
    if len(whole) == len(groups):
        loads = whole_loads(layer, groups, filters, positions)
    else:
        parts = []
        for group in groups:
            if reduction_cut[group]:
                cut = cut_reduction(layer, int(group), rows, cols, window, buffers)
                windows[group] = cut.windows
                parts.append(sliced_loads(cut))
                moved = parts[-1].moved_bits()[:, 0]
                positions_outer[group] = min(orders, key=lambda order: moved[order]) == 1
            else:
                one = groups[group : group + 1]
                parts.append(whole_loads(layer, one, filters[one], positions[one]))
        loads = joined(parts)
    choice = Choice(filters, positions, windows, positions_first, positions_outer, reduction_cut)
    return choice, loads


def _most_filters(layer: Layer, groups: Ints, rows: int, positions: Ints, buffers: Buffers) -> Ints:
    """The most filters of a block beside so many positions, for each group; 0 where none fit."""

    def bits(*blocks: Ints) -> Ints:
        return layer.weight.encoded_bits(layer.weight_blocks(*blocks))

    most = buffers.output // (positions * layer.output.value_bits)
    return largest_blocks(groups, layer.geometry.filters, rows, most, buffers.weight, bits)


def _most_positions(layer: Layer, groups: Ints, cols: int, filters: Ints, buffers: Buffers) -> Ints:
    """The most positions of a block beside so many filters, for each group; 0 where none fit."""

    def bits(*blocks: Ints) -> Ints:
        return layer.activation.encoded_bits(layer.activation_blocks(*blocks))

    most = buffers.output // (filters * layer.output.value_bits)
    return largest_blocks(groups, layer.geometry.positions, cols, most, buffers.activation, bits)


def _fewest_bits(
    layer: Layer,
    groups: Ints,
    candidates: Sequence[tuple[Ints, Ints]],
    orders: tuple[int, ...],
) -> tuple[Ints, Ints]:
    """The candidate and the order of each group that load and store the fewest bits."""
    alike = all(np.array_equal(*sizes) for sizes in zip(*candidates, strict=True))
    moved = []
    for filters, positions in candidates[:1] if alike else candidates:
        loaded = whole_loads(layer, groups, filters, positions).moved_bits()
        if not alike:
            firsts, stored = store_bits(layer, groups, filters, positions)
            loaded += np.add.reduceat(stored[0], firsts)
        moved.append(loaded[list(orders)])
    best = np.concatenate(moved).argmin(axis=0)  # the first of equals
    return best // len(orders), np.array(orders)[best % len(orders)]
