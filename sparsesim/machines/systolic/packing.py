"""Operands of a pass as the Verilog's ports take them, step by step.

Not which weights are held: that is `structure.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.systolic.parameters import SystolicArray

Words = NDArray[np.uint32]


def pack(values: NDArray[Any], bits: int) -> Words:
    """Values side by side, the first in the lowest bits.

    Args:
        values: integers, (..., values of a word), each taken modulo 2^bits.
        bits: of a value, 1 to 16.
    Returns:
        uint32, (..., words of 32 bits), the lowest first.
    """
    lanes = np.ascontiguousarray(values, dtype="<i2").view(np.uint8)
    lanes = lanes.reshape(*values.shape, 2)
    flat = np.unpackbits(lanes, axis=-1, count=bits, bitorder="little")
    flat = flat.reshape(*values.shape[:-1], values.shape[-1] * bits)
    short = -flat.shape[-1] % 32
    flat = np.pad(flat, [(0, 0)] * (flat.ndim - 1) + [(0, short)])
    return np.packbits(flat, axis=-1, bitorder="little").view("<u4").astype(np.uint32, copy=False)


def shape_words(
    filters: int, positions: int, elements: int, drains: bool, array: SystolicArray
) -> list[int]:
    """The words of a pass's shape, as systolic_pass_shape.v has them.

    Args:
        filters, positions: of the pass.
        elements: of K that take a row each, or a step.
        drains: whether it ends its tiles.
        array: its parameters.
    """
    of_tile = array.tile_positions
    folds = -(-elements // array.rows) if array.keeps_weights else 1
    last_filters, last_positions = (filters - 1) % array.cols + 1, (positions - 1) % of_tile + 1
    shares, last_shares = -(-array.cols // array.units), -(-last_filters // array.units)
    return [
        folds,
        -(-filters // array.cols),
        -(-positions // of_tile),
        elements,
        last_positions,
        last_shares,
        last_filters - (last_shares - 1) * array.units,
        of_tile * last_shares,
        last_positions * shares,
        last_positions * last_shares,
        int(drains),
        last_filters,
        elements - (folds - 1) * array.rows if array.keeps_weights else array.rows,
    ]


def pack_weights(
    held: NDArray[np.int16], choices: NDArray[np.int16], array: SystolicArray, bits: int
) -> Words:
    """Weights and choices of a step of taking them: a row of PEs, a fold's last row first; or an
    element.

    Args:
        held, choices: (filters, elements of K that take a row each, or a step).
        array: its parameters.
        bits: of a weight.
    Returns:
        uint32, (filter tiles, steps, words of the weights, then of the choices).
    """
    lanes = _tiles(held, array.cols), _tiles(choices, array.cols)
    if array.keeps_weights:
        lanes = _folds_reversed(lanes[0], array.rows), _folds_reversed(lanes[1], array.rows)
    of_choice = choice_bits(array)
    parts = pack(lanes[0].swapaxes(1, 2), bits), pack(lanes[1].swapaxes(1, 2), of_choice)
    return np.concatenate(parts, axis=-1)


def pack_activations(blocks: NDArray[np.int16], array: SystolicArray, bits: int) -> Words:
    """Activations of a step: of a position, a fold's rows; or of an element, a tile's positions.

    Args:
        blocks: (positions, elements of K that take a row each, or a step, activations of a block).
        array: its parameters.
        bits: of an activation.
    Returns:
        uint32, (folds, positions, words); or (position tiles, elements, words).
    """
    positions, elements, length = blocks.shape
    if not array.keeps_weights:
        return pack(_tiles(blocks[..., 0], array.rows).swapaxes(1, 2), bits)
    folds = -(-elements // array.rows)
    padded = np.zeros((positions, folds * array.rows, length), np.int16)
    padded[:, :elements] = blocks
    return pack(padded.reshape(positions, folds, -1).swapaxes(0, 1), bits)


def choice_bits(array: SystolicArray) -> int:
    """Width of a choice, as the Verilog has it."""
    return max(1, (array.kept_of_block[1] - 1).bit_length())


def _tiles(lines: NDArray[np.int16], of: int) -> NDArray[np.int16]:
    """(lines, K) as (tiles, lines of a tile, K), zeros behind the last."""
    tiles = -(-len(lines) // of)
    padded = np.zeros((tiles * of, lines.shape[1]), np.int16)
    padded[: len(lines)] = lines
    return padded.reshape(tiles, of, -1)


def _folds_reversed(tiles: NDArray[np.int16], rows: int) -> NDArray[np.int16]:
    """(tiles, lines, K) with K in whole folds, the last element of each first."""
    *of, elements = tiles.shape
    folds = -(-elements // rows)
    padded = np.zeros((*of, folds * rows), np.int16)
    padded[..., :elements] = tiles
    return padded.reshape(*of, folds, rows)[..., ::-1].reshape(*of, -1)
