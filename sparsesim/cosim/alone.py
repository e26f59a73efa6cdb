"""A part of a pass as a pass of its own: its operands, and what the model says of it.

It knows the cut into tiles and windows; it compares nothing and runs no Verilog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.cosim.check import Expected
from sparsesim.cosim.operands import PassOperands
from sparsesim.cosim.timeline import Tile
from sparsesim.rtl.simulator import Epilogue
from sparsesim.spec import Accelerator


def joined(parts: Sequence[PassOperands]) -> PassOperands:
    """One pass instead of several that followed each other on one tile, K having been cut."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return last
    return replace(
        last,
        first_element=first.first_element,
        activations=np.concatenate([part.activations for part in parts], axis=1),
        weights=np.concatenate([part.weights for part in parts], axis=1),
    )


def first_tile(operands: PassOperands, accelerator: Accelerator) -> Tile:
    """The layer's number of the pass's tile (0, 0): passes are cut between tiles."""
    return (
        operands.first_filter // accelerator.rows,
        operands.first_position // accelerator.cols,
    )


def tile_of(operands: PassOperands, accelerator: Accelerator, tile: Tile) -> PassOperands:
    """One tile of a pass, by the layer's number of it, as a pass."""
    m, p = first_tile(operands, accelerator)
    filter_ = (tile[0] - m) * accelerator.rows
    position = (tile[1] - p) * accelerator.cols
    filters = slice(filter_, filter_ + accelerator.rows)
    return replace(
        operands,
        first_filter=operands.first_filter + filter_,
        first_position=operands.first_position + position,
        activations=operands.activations[position : position + accelerator.cols],
        weights=operands.weights[filters],
        epilogue=_of_filters(operands.epilogue, filters),
    )


def leading_windows(operands: PassOperands, accelerator: Accelerator, windows: int) -> PassOperands:
    """The first windows of a pass, as a pass that drains as it does."""
    pairs = windows * accelerator.window
    return replace(
        operands,
        activations=operands.activations[:, :pairs],
        weights=operands.weights[:, :pairs],
    )


def model_of(operands: PassOperands, accelerator: Accelerator) -> Expected:
    """What the model says of a pass that nothing went before.

    Args:
        operands: of the pass; sums are of them alone.
        accelerator: the machine.
    """
    from sparsesim.estimator.array_cycles import array_cycles
    from sparsesim.fixed_point.product import LayerProduct
    from sparsesim.fixed_point.sums import exact_sums
    from sparsesim.lowering import product

    activations, weights = operands.activations, operands.weights
    count = array_cycles(activations != 0, weights != 0, accelerator, operands.drains)
    geometry = product(1, len(weights), *activations.shape)
    alone = LayerProduct(operands.layer, geometry, activations[None], weights[None], None, "")
    computed = exact_sums(alone, accelerator)
    assert computed.sums is not None
    return Expected(
        count.cycles,
        tuple(count.classes.values()),
        computed.sums[0],
        computed.overflow[0],
        _values(computed.sums[0], operands.epilogue),
    )


def _values(sums: NDArray[np.int64], epilogue: Epilogue | None) -> NDArray[np.int16] | None:
    from sparsesim.fixed_point.requantise import requantise

    if epilogue is None:
        return None
    numbers = (epilogue.relu, epilogue.threshold, epilogue.zero_point, epilogue.low, epilogue.high)
    return requantise(sums, epilogue.bias, epilogue.multiplier, epilogue.shift, *numbers)


def _of_filters(epilogue: Epilogue | None, filters: slice) -> Epilogue | None:
    if epilogue is None:
        return None
    return replace(
        epilogue,
        bias=epilogue.bias[filters],
        multiplier=epilogue.multiplier[filters],
        shift=epilogue.shift[filters],
    )
