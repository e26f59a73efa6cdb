"""Cycles and classes of passes on the array of streams, by docs/machines/stream.md.

The events run in `kernels.py`. Here stands what they are run on: which operand is streamed, which
passes are equal and so counted once, and how cycles of rows become classes of multipliers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsesim.machines.columns import GROUP, M0, M1, P0, P1
from sparsesim.machines.counted import Counted, Ints
from sparsesim.machines.pairs import Pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.stream import columns as at
from sparsesim.machines.stream.dealing import Vectors
from sparsesim.machines.stream.parameters import StreamArray, streams


def count(
    activations: Vectors,
    weights: Vectors,
    passes: Passes,
    pairs: Pairs,
    scheme: Scheme,
    array: StreamArray,
) -> Counted:
    """Counts of passes; see `Machine.count`. It releases the GIL.

    Args:
        activations, weights: of `prepare`.
        passes: a pass that is not all of K is one tile of `lanes` filters and positions at most.
        pairs: `count_pairs` of the same passes.
        scheme: whatever the accelerator's own is.
        array: its parameters.
    """
    weights_streamed = streams(scheme, array) == "weight"
    streamed, held = passes.filters, passes.positions
    if not weights_streamed:
        streamed, held = held, streamed
    sums = _sums(activations, weights, passes, scheme.is_dense, weights_streamed, array)
    multiplied = pairs.left(scheme.skips)
    tiles = -(-held // array.lanes)
    worked, fillers = sums[:, at.WORKED], sums[:, at.FILLERS]
    idle_rows = array.rows - np.minimum(array.rows, streamed)
    slots = np.stack(
        [
            pairs.effectual,
            multiplied - pairs.effectual,
            fillers * held,
            worked * (tiles * array.lanes - held) + idle_rows * array.lanes * sums[:, at.CYCLES],
            *(sums[:, at.LOAD_WAIT :] * array.lanes).T,
        ],
        axis=1,
    )
    elements, chunks = passes.elements, _chunks(passes, streamed, array)
    read_streamed, read_held = tiles * streamed * elements, chunks * held * elements
    if weights_streamed:
        read_streamed, read_held = read_held, read_streamed
    return Counted(
        cycles=sums[:, at.CYCLES].copy(),
        slots=slots,
        multiplied=multiplied,
        read_activations=read_streamed,
        read_weights=read_held,
        paces={
            "drain": _of_busiest_unit(streamed, array) * held * passes.drains,
            "load": tiles * chunks * elements,
        },
    )


def _chunks(passes: Passes, streamed: Ints, array: StreamArray) -> Ints:
    """Chunks of each pass."""
    stays = (passes.elements <= array.depth) & (passes.k0 == 0) & (passes.drains == 1)
    return np.where(stays, 1, -(-streamed // (array.rows * array.stash)))


def _of_busiest_unit(streamed: Ints, array: StreamArray) -> Ints:
    """At least so many vectors leave through one unit."""
    return -(-streamed // array.units)


def _sums(
    activations: Vectors,
    weights: Vectors,
    passes: Passes,
    every: bool,
    weights_streamed: bool,
    array: StreamArray,
) -> NDArray[np.int64]:
    from sparsesim.machines.stream.kernels import count_passes

    groups, positions = activations.words.shape[:2]
    steps = groups // len(weights.words)
    table = passes.over_steps(steps, positions).table
    distinct, back = _distinct(table, every, weights_streamed)
    operand = weights if weights_streamed else activations
    shape = (len(weights.words), -1, operand.words.shape[2])
    sizes = (
        array.rows,
        array.lanes,
        array.depth,
        array.stash,
        array.units,
        array.feed_latency,
        weights_streamed,
        every,
    )
    sums = np.empty((len(distinct), at.COUNTED), dtype=np.int64)
    count_passes(
        operand.words.reshape(shape),
        operand.before.reshape(shape),
        distinct,
        np.array(sizes, dtype=np.int64),
        sums,
    )
    return sums[back]


def _distinct(
    passes: NDArray[np.int64], every: bool, weights_streamed: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Passes that differ in what is streamed or how much is held, and for each pass its own."""
    if len(passes) == 1:
        return passes, np.zeros(1, dtype=np.int64)
    keys = passes.copy()
    for first, end, alike in ((M0, M1, not weights_streamed), (P0, P1, weights_streamed)):
        if every or alike:
            keys[:, end] -= keys[:, first]
            keys[:, first] = 0
    if every:
        keys[:, GROUP] = 0
    firsts: dict[bytes, int] = {}
    for index, key in enumerate(keys):
        firsts.setdefault(key.tobytes(), index)
    number = {key: index for index, key in enumerate(firsts)}
    back = np.array([number[key.tobytes()] for key in keys])
    return np.ascontiguousarray(passes[list(firsts.values())]), back
