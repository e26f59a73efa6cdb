"""When each sum of a pass ended its blocks: against the plain clocked machine, item by item."""

from __future__ import annotations

import os

import numpy as np
import pytest
from naive_stream import naive_stream_cycles
from test_stream_against_naive import DENSITIES, drawn_array

import sparsesim as ss
from sparsesim.machines import machine_named

CASES = round(120 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
STREAM = machine_named("stream")


@pytest.mark.parametrize("part", range(4))
def test_items_end_as_in_the_clocked_machine(part: int, record_property) -> None:
    record_property("random cases", CASES // 4)
    for seed in range(part, CASES, 4):
        items_end(seed, STREAM.scheme_names[seed % 3])


def items_end(seed: int, scheme: str) -> None:
    random = np.random.default_rng([seed, 3])
    array, drains = drawn_array(random), bool(seed % 5)
    most = 40 if drains else array.lanes
    filters, positions = random.integers(1, most + 1, 2)
    reduction = int(random.integers(1, random.choice([4, 20, 70, 200])))
    act = random.random((positions, reduction)) < random.choice(DENSITIES)
    weight = random.random((filters, reduction)) < random.choice(DENSITIES)
    values = act.astype(np.int16), weight.astype(np.int16)
    found = STREAM.timeline(*values, STREAM.scheme(scheme), array, drains)
    expected = naive_stream_cycles(act, weight, array, scheme, drains)
    assert found.cycles == expected.cycles
    tiling = STREAM.tiling(array)
    assert sorted(found.tiles) == sorted(set(found.tiles))
    assert len(found.tiles) == tiling.tiles(filters, positions)
    assert found.ends.shape == (
        *(len(found.tiles), -(-reduction // array.depth)),
        *(tiling.filters, tiling.positions),
    )
    # Every item's last entry stands at each of its sums, so as often as its tile holds vectors.
    ends = found.ends[found.ends >= 0]
    assert len(ends) == filters * positions * found.ends.shape[1]
    assert set(ends.tolist()) == {last for lasts in expected.lasts for last in lasts}
    for (m, p), tile in zip(found.tiles, found.ends, strict=True):
        there = np.zeros(tile.shape[1:], dtype=bool)
        there[: filters - m * tiling.filters, : positions - p * tiling.positions] = True
        assert ((tile >= 0) == there).all()


def test_a_sum_is_found_by_its_filter_and_position() -> None:
    """Two filters of one and three weights, streamed to two rows; positions are held.

    Loaded in cycles 0 to 2, so rows start in 3 and end in 3 and 5.
    """
    array = ss.Accelerator(machine="stream", rows=2, lanes=2, units=2).array
    weight = np.array([[0, 1, 0], [1, 1, 1]], np.int16)
    line = STREAM.timeline(np.ones((1, 3), np.int16), weight, STREAM.scheme("weight"), array)
    assert (line.place, line.step, line.tiles) == ("sum", "block", ((0, 0),))
    assert line.place_of(1, 0) == (1, 0)
    # The filter of three is dealt first, to row 0; it makes no difference to who ends when.
    assert line.ends[0, 0].tolist() == [[3, -1], [5, -1]]
