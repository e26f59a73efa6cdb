"""Ends of work window by window: the worked example, and random passes against two other models."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import pytest
from naive_array import naive_array_cycles

import sparsesim as ss
from sparsesim.machines.inner_join.timeline import tile_order
from sparsesim.machines.timeline import Timeline

CASES = round(200 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
SCHEMES = ("none", "activation", "weight", "two_sided")


def random_operands(
    random: np.random.Generator, machine: ss.Accelerator, drains: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Activations and weights of one tile, or of up to nine where the pass drains."""
    most = 3 if drains else 1
    positions = int(random.integers(1, most * machine.cols + 1))
    filters = int(random.integers(1, most * machine.rows + 1))
    reduction = int(random.integers(1, 40))

    def values(lines: int) -> np.ndarray:
        density = np.clip(random.uniform(-0.5, 1.5, (lines, 1)), 0, 1)
        kept = random.uniform(size=(lines, reduction)) < density
        return np.where(kept, random.choice([-3, 2], kept.shape), 0).astype(np.int16)

    return values(positions), values(filters)


def random_case(seed: int) -> tuple[ss.Accelerator, np.ndarray, np.ndarray, bool]:
    random = np.random.default_rng(seed)
    machine = ss.Accelerator(
        rows=int(random.integers(1, 5)),
        cols=int(random.integers(1, 5)),
        window=int(random.choice([1, 3, 4, 8, 64])),
        lanes=int(random.choice([1, 1, 2, 5])),
        queue_depth=int(random.choice([1, 2, 4, 16])),
        feed_latency=int(random.choice([1, 2, 4])),
        skipping=SCHEMES[seed % 4],
        loop_order=("filters_inner", "positions_inner")[seed // 4 % 2],
    )
    drains = bool(seed % 5)
    return machine, *random_operands(random, machine, drains), drains


def timeline(
    act: np.ndarray, weight: np.ndarray, machine: ss.Accelerator, drains: bool = True
) -> Timeline:
    """As co-simulation asks for it."""
    rules = machine.rules
    found = rules.timeline(act, weight, rules.scheme(machine.skipping), machine.array, drains)
    assert found is not None
    return found


# docs/model.md: one PE, two windows of four, dense: pushed at 0 and 1, worked on in cycles 1 to 4
# and 5 to 8, drained in cycle 8 + 3.
def test_the_worked_example():
    machine = ss.Accelerator(rows=1, cols=1, window=4, skipping="none")
    ones = np.ones((1, 8), np.int16)
    found = timeline(ones, ones, machine)
    assert found.ends.tolist() == [[[[4]], [[8]]]]
    assert (found.cycles, found.rest) == (12, 12)
    assert (found.place, found.step, found.tiles) == ("PE", "window", ((0, 0),))


def test_tiles_come_in_loop_order():
    machine = ss.Accelerator(rows=2, cols=2)
    assert tile_order(3, 4, machine.array) == ((0, 0), (1, 0), (0, 1), (1, 1))
    swapped = machine.with_(loop_order="positions_inner")
    assert tile_order(3, 4, swapped.array) == ((0, 0), (0, 1), (1, 0), (1, 1))


@pytest.mark.parametrize("part", range(4))
def test_ends_are_the_naive_machines_and_cycles_are_both_models(part, record_property):
    record_property("random cases", CASES // 4)
    for seed in range(part * (CASES // 4), (part + 1) * (CASES // 4)):
        machine, act, weight, drains = random_case(seed)
        found = timeline(act, weight, machine, drains)
        naive = naive_array_cycles(act != 0, weight != 0, SimpleNamespace(**machine.flat()), drains)
        assert found.cycles == naive.cycles, seed
        counted = ss.array_cycles(act != 0, weight != 0, machine, drains)
        assert found.cycles == counted.cycles, seed
        for (i, j), spans in naive.spans.items():
            ends = found.ends[:, :, i, j].reshape(-1)
            # What lies behind the pass's end, the naive machine leaves out.
            assert ends[: len(spans)].tolist() == [last for _, last in spans], seed
            assert (ends[len(spans) :] >= naive.cycles).all(), seed
