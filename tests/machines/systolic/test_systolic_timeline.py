"""Ends of folds against the clocked oracle."""

from __future__ import annotations

import os

import pytest
from naive_systolic import naive_systolic_cycles
from test_systolic_against_naive import random_case

from sparsesim.machines.systolic import Systolic

CASES = round(200 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


@pytest.mark.parametrize("part", range(2))
def test_ends_are_those_of_the_clocked_machine(part: int, record_property):
    record_property("random cases", CASES // 2)
    rules = Systolic()
    for seed in range(part * (CASES // 2), (part + 1) * (CASES // 2)):
        array, act, weight, name, drains = random_case(seed)
        found = rules.timeline(act, weight, rules.scheme(name), array, drains)
        naive = naive_systolic_cycles(act, weight, array, name == "structured", drains)
        assert found.cycles == naive.cycles, seed
        assert found.place == ("column" if array.keeps_weights else "PE")
        folds = {(*tile, fold) for *tile, fold, _, _ in naive.ends}
        assert found.ends.shape[:2] == (len(found.tiles), len(folds) // len(found.tiles)), seed
        for (m, p, fold, r, c), cycle in naive.ends.items():
            ends = found.ends[found.tiles.index((m, p)), fold]
            if not array.keeps_weights:
                assert ends[c, r] == cycle, seed
            elif r == array.rows - 1:
                assert ends[c] == cycle, seed
