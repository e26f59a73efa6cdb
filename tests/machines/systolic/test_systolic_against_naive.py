"""The systolic array's cycles and sums: random passes against the clocked oracle."""

from __future__ import annotations

import os

import numpy as np
import pytest
from naive_systolic import NaiveResult, naive_systolic_cycles

import sparsesim as ss
from sparsesim.machines.systolic.parameters import SystolicArray

CASES = round(1500 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def random_array(random: np.random.Generator) -> SystolicArray:
    cols = int(random.integers(1, 6))
    keeps_weights = bool(random.integers(3))
    return SystolicArray(
        rows=int(random.integers(1, 6)),
        cols=cols,
        dataflow="weight_stationary" if keeps_weights else "output_stationary",
        preload=("overlapped", "serial")[random.integers(2)],
        depth=int(random.choice([1, 2, 3, 5, 9, 20])),
        units=int(random.integers(1, cols + 1)),
        n_of_m=str(random.choice(["none", "1:2", "2:4", "1:4"])) if keeps_weights else "none",
    )


def values(random: np.random.Generator, lines: int, reduction: int) -> np.ndarray:
    density = np.clip(random.uniform(-0.5, 1.5, (lines, 1)), 0, 1)
    kept = random.uniform(size=(lines, reduction)) < density
    return np.where(kept, random.integers(-9, 10, kept.shape), 0).astype(np.int16)


def structured(weight: np.ndarray, array: SystolicArray) -> np.ndarray:
    """The same with n of every m left."""
    n, m = array.kept_of_block
    found = weight.copy()
    for first in range(0, weight.shape[1], m):
        found[:, first : first + m][:, n:] = 0
    return found


def random_case(seed: int):
    random = np.random.default_rng(seed)
    array, drains = random_array(random), bool(seed % 5)
    most = 3 if drains else 1
    positions = int(random.integers(1, min(most * array.tile_positions, 25) + 1))
    filters = int(random.integers(1, most * array.cols + 1))
    reduction = int(random.integers(1, 30))
    act, weight = values(random, positions, reduction), values(random, filters, reduction)
    scheme = ("none", "structured")[random.integers(2)]
    if scheme == "structured" and random.integers(3):
        weight = structured(weight, array)
    return array, act, weight, scheme, drains


@pytest.mark.parametrize("part", range(5))
def test_counts_and_sums_are_those_of_the_clocked_machine(part: int, record_property):
    record_property("random cases", CASES // 5)
    for seed in range(part * (CASES // 5), (part + 1) * (CASES // 5)):
        array, act, weight, scheme, drains = random_case(seed)
        naive: NaiveResult = naive_systolic_cycles(
            act, weight, array, scheme == "structured", drains
        )
        accelerator = ss.Accelerator(machine="systolic", skipping=scheme, array=array)
        found = ss.array_cycles(act != 0, weight != 0, accelerator, drains=drains)
        assert found.cycles == naive.cycles, (seed, array)
        assert found.classes == naive.classes, (seed, array)
        made = weight.astype(int) @ act.T.astype(int)
        if drains:
            assert len(naive.sums) == made.size, seed
        assert all(value == made[at] for at, value in naive.sums.items()), seed
