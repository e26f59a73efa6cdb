"""A part of a pass as a pass of its own: its operands, and what the model says of it.

It knows the cut into tiles and steps of K; it compares nothing and runs no Verilog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.cosim.check import Expected
from sparsesim.cosim.operands import PassOperands
from sparsesim.errors import SpecError
from sparsesim.machines.tiling import Tiling
from sparsesim.machines.timeline import Tile, Timeline
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


def tiling_of(accelerator: Accelerator) -> Tiling:
    """How the accelerator's passes may be cut."""
    return accelerator.rules.tiling(accelerator.array)


def first_tile(operands: PassOperands, tiling: Tiling) -> Tile:
    """The layer's number of the pass's tile (0, 0): passes are cut between tiles."""
    return operands.first_filter // tiling.filters, operands.first_position // tiling.positions


def tile_of(operands: PassOperands, tiling: Tiling, tile: Tile) -> PassOperands:
    """One tile of a pass, by the layer's number of it, as a pass."""
    m, p = first_tile(operands, tiling)
    filter_ = (tile[0] - m) * tiling.filters
    position = (tile[1] - p) * tiling.positions
    filters = slice(filter_, filter_ + tiling.filters)
    return replace(
        operands,
        first_filter=operands.first_filter + filter_,
        first_position=operands.first_position + position,
        activations=operands.activations[position : position + tiling.positions],
        weights=operands.weights[filters],
        epilogue=_of_filters(operands.epilogue, filters),
    )


def leading_steps(operands: PassOperands, tiling: Tiling, steps: int) -> PassOperands:
    """The first steps of K of a pass, as a pass that drains as it does."""
    elements = steps * tiling.elements
    return replace(
        operands,
        activations=operands.activations[:, :elements],
        weights=operands.weights[:, :elements],
    )


def timeline_of(operands: PassOperands, accelerator: Accelerator) -> Timeline:
    """When what ends in a pass that nothing went before, by the model.

    Raises:
        SpecError: the machine does not say.
    """
    rules = accelerator.rules
    found = rules.timeline(
        operands.activations,
        operands.weights,
        rules.scheme(accelerator.skipping),
        accelerator.array,
        operands.drains,
    )
    if found is None:
        raise SpecError(f"machine '{accelerator.machine}' has Verilog, but no timeline")
    return found


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
        computed.overflow[0] & accelerator.sum_order.flags,
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
