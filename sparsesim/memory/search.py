"""How large the blocks of a pass can be: the searches behind the candidates A and B.

Nothing here supposes that a larger block takes more bits, or that formats are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from sparsesim.errors import SpecError
from sparsesim.machines.tiling import Tiling
from sparsesim.memory.blocks import Blocks, Ints, Packing, Runs
from sparsesim.memory.layer import Layer

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

Cut = Callable[[Ints, Ints, Ints], Blocks]
"""The blocks [starts, ends) of groups: (groups, starts, ends) -> blocks."""

_HALF_KIB_BITS = 4096  # half of a buffer is in use while the other half is loaded or stored
_MORE_AT_ONCE = 8  # times as many sizes are tried at once where none of the last ones fitted


@dataclass(frozen=True)
class Buffers:
    """Bits of each buffer that a pass can use: one half."""

    activation: int
    weight: int
    output: int

    @classmethod
    def of(cls, accelerator: Accelerator) -> Self:
        """Those of an accelerator."""
        return cls(
            int(accelerator.activation_buffer_kib * _HALF_KIB_BITS),
            int(accelerator.weight_buffer_kib * _HALF_KIB_BITS),
            int(accelerator.output_buffer_kib * _HALF_KIB_BITS),
        )


@dataclass(frozen=True, eq=False)
class Slices:
    """A K cut of one group.

    Attributes:
        elements: of K in a pass, 1 or more.
        slices: how many such passes end a tile.
        weight_bits: int64, shape (2, filter tiles * slices), encoded and dense.
        activation_bits: int64, shape (2, position tiles * slices).
    """

    elements: int
    slices: int
    weight_bits: Ints
    activation_bits: Ints


def largest_blocks(
    groups: Ints, length: int, step: int, most: Ints, available: int, packing: Packing, cut: Cut
) -> Ints:
    """The largest block of each group with which every block along one axis fits its buffer.

    Args:
        groups: int64, which groups.
        length: filters or positions of a group; 1 or more.
        step: of the machine's tiling; a block is a multiple of it, or all.
        most: int64 for each group, the largest block that the output buffer allows.
        available: bits that each block may take.
        packing: how blocks are stored.
        cut: the blocks themselves.
    Returns:
        int64 for each group; 0 where no block fits.
    """
    from sparsesim.memory.passes.kernels import cut_trials  # Numba is slow to load

    chosen = np.zeros(len(groups), np.int64)
    tiles = np.where(most >= length, -(-length // step), most // step)  # of the next size to try
    at_once = 1
    unsettled = np.flatnonzero(tiles > 0)
    while len(unsettled):
        (owners, sizes), firsts, trial, starts, ends = cut_trials(
            length, step, tiles[unsettled], at_once
        )
        owners = unsettled[owners]
        block_groups = groups[owners[trial]]
        least = packing.least_bits(cut(block_groups, starts, ends))
        fits = np.maximum.reduceat(least, firsts[:-1]) <= available
        if not packing.counted:
            may_fit, fits = fits, np.zeros(len(sizes), bool)
            while may_fit.any():  # scan the largest size of each group that may fit
                now = np.flatnonzero(may_fit)
                now = now[np.unique(owners[now], return_index=True)[1]]
                in_scan = np.isin(trial, now)
                blocks = cut(block_groups[in_scan], starts[in_scan], ends[in_scan])
                firsts_in_scan = np.searchsorted(trial[in_scan], now)
                bits = np.maximum.reduceat(packing.encoded_bits(blocks), firsts_in_scan)
                fits[now] = bits <= available
                may_fit[now] = False
                may_fit &= ~np.isin(owners, owners[fits])
        chosen[owners[fits][::-1]] = sizes[fits][::-1]  # the largest of a group comes last
        tiles[unsettled] -= at_once
        at_once *= _MORE_AT_ONCE
        unsettled = unsettled[(chosen[unsettled] == 0) & (tiles[unsettled] > 0)]
    return chosen


def cut_reduction(layer: Layer, group: int, tiling: Tiling, buffers: Buffers) -> Slices:
    """Cut K of one group into slices of as many of the machine's steps as fit.

    Args:
        layer: its operands.
        group: which group.
        tiling: steps in which it may be cut.
        buffers: bits that a pass can use.
    Raises:
        SpecError: a tile's outputs or its least slice of K don't fit, or K may not be cut.
    """
    geometry = layer.geometry
    filters = min(tiling.filters, geometry.filters)
    positions = min(tiling.positions, geometry.positions)
    sums = filters * positions * layer.output.value_bits
    what = f"one tile of {filters} x {positions} outputs"
    _check_fits(layer.name, what, sums, "output", buffers.output)
    lowered = layer.lowered(group)
    weights = _Tiles(
        lambda *cut: layer.weight_slices(group, *cut),
        layer.weight,
        geometry.filters,
        tiling.filters,
        geometry.reduction,
        buffers.weight,
    )
    activations = _Tiles(
        lambda *cut: layer.activation_slices(lowered, *cut),
        layer.activation,
        geometry.positions,
        tiling.positions,
        geometry.reduction,
        buffers.activation,
    )
    for steps in range(-(-geometry.reduction // tiling.elements), 0, -1):
        pairs = min(steps * tiling.elements, geometry.reduction)
        if weights.fit(pairs) and activations.fit(pairs):
            slices = -(-geometry.reduction // pairs)
            if slices > 1 and not tiling.sums_stay:
                raise SpecError(
                    f"{layer.name}: {filters} filters and {positions} positions with all of K = "
                    f"{geometry.reduction} do not fit the buffers, and sums do not stay in the "
                    f"machine from one slice of K to the next; use larger buffers"
                )
            return Slices(pairs, slices, weights.both_bits(pairs), activations.both_bits(pairs))
    least = min(tiling.elements, geometry.reduction)
    what = f"a slice of {least} elements of {filters} filters"
    _check_fits(layer.name, what, weights.most_bits(least), "weight", buffers.weight)
    what = f"a slice of {least} elements of {positions} positions"
    _check_fits(layer.name, what, activations.most_bits(least), "activation", buffers.activation)
    raise AssertionError("the least slice of each operand fits, so a cut was found")


class _Tiles:
    """The tiles of one operand, to be cut into slices along K.

    It remembers which tile was too large last: that one is likely to be so again.
    """

    def __init__(
        self,
        blocks: Callable[[Ints, Ints, Ints], Runs],
        packing: Packing,
        length: int,
        step: int,
        reduction: int,
        available: int,
    ) -> None:
        firsts = np.arange(0, length, step)
        self._tiles = np.stack([firsts, np.minimum(firsts + step, length)])
        self._blocks, self._packing = blocks, packing
        self._reduction, self._available = reduction, available
        self._largest = 0

    def fit(self, pairs: int) -> bool:
        """Whether every slice of so many operand pairs of every tile fits."""
        suspect = self._cut(self._tiles[:, self._largest : self._largest + 1], pairs)
        if self._packing.least_bits(suspect).max() > self._available:
            return False
        if np.any(self._packing.encoded_bits(suspect) > self._available):
            return False
        bits = self._packing.encoded_bits(self._cut(self._tiles, pairs))
        bits = bits.reshape(self._tiles.shape[1], -1).max(axis=1)
        self._largest = int(bits.argmax())
        return bool(bits[self._largest] <= self._available)

    def both_bits(self, pairs: int) -> Ints:
        """Encoded and dense bits, int64, shape (2, tiles * slices)."""
        return self._packing.both_bits(self._cut(self._tiles, pairs))

    def most_bits(self, pairs: int) -> int:
        """Encoded bits of the largest slice."""
        return int(self._packing.encoded_bits(self._cut(self._tiles, pairs)).max())

    def _cut(self, tiles: Ints, pairs: int) -> Runs:
        starts = np.arange(0, self._reduction, pairs)
        ends = np.minimum(starts + pairs, self._reduction)
        count = tiles.shape[1]
        return self._blocks(
            np.repeat(tiles, len(starts), axis=1), np.tile(starts, count), np.tile(ends, count)
        )


def _check_fits(layer: str, what: str, needed: int, buffer: str, available: int) -> None:
    if needed > available:
        raise SpecError(
            f"{layer}: {what} needs {needed} bits of the {buffer} buffer; "
            f"half of {buffer}_buffer_kib is {available}; "
            f"{-(-needed // _HALF_KIB_BITS)} takes it"
        )
