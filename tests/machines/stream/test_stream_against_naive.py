"""Cycles and classes of the kernel are those of the plain clocked machine."""

from __future__ import annotations

import os

import numpy as np
import pytest
from naive_stream import naive_stream_cycles

from sparsesim.lowering.bits import pack_lines
from sparsesim.machines import machine_named
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.stream import CLASSES
from sparsesim.machines.stream.parameters import StreamArray

CASES = round(400 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
PARTS = 8
DENSITIES = (0.0, 0.05, 0.3, 0.6, 1.0)
SCHEMES = ("none", "activation", "weight")


def drawn_array(random: np.random.Generator) -> StreamArray:
    rows = int(random.integers(1, random.choice([4, 9, 18])))
    stash = int(random.choice([1, 1, 2, 4, 8]))
    return StreamArray(
        rows=rows,
        lanes=int(random.integers(1, min(random.choice([4, 12, 18]), rows * stash) + 1)),
        depth=int(random.choice([16, 16, 32, 64])),
        stash=stash,
        units=int(random.integers(1, rows + 1)),
        feed_latency=int(random.choice([1, 2, 3, 7, 16])),
        dense_streams=str(random.choice(["weight", "activation"])),
    )


def counted(act, weight, table, scheme, array):
    """Cycles and classes of passes."""
    stream = machine_named("stream")
    act_words, weight_words = pack_lines(act[None]), pack_lines(weight[None])
    passes = Passes(np.array(table, dtype=np.int64))
    return stream.count(
        stream.prepare("activation", act_words, act.shape[1], array),
        stream.prepare("weight", weight_words, act.shape[1], array),
        passes,
        count_pairs(act_words, weight_words, passes),
        stream.scheme(scheme),
        array,
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_passes_of_all_of_k(part, record_property):
    record_property("random cases", CASES // PARTS)
    for seed in range(part, CASES, PARTS):
        a_pass_of_all_of_k(seed, SCHEMES[seed // PARTS % 3])


@pytest.mark.parametrize("part", range(PARTS))
def test_passes_of_a_part_of_k(part, record_property):
    record_property("random cases", CASES // PARTS)
    for seed in range(part, CASES, PARTS):
        passes_of_a_part_of_k(seed, SCHEMES[seed // PARTS % 3])


def a_pass_of_all_of_k(seed: int, scheme: str) -> None:
    random = np.random.default_rng([seed, 1])
    array = drawn_array(random)
    filters, positions = random.integers(1, random.choice([4, 17, 60], 2) + 1)
    reduction = int(random.integers(1, random.choice([4, 20, 70, 200]) + 1))
    act = random.random((positions, reduction)) < random.choice(DENSITIES)
    weight = random.random((filters, reduction)) < random.choice(DENSITIES)
    found = counted(act, weight, [(0, 0, filters, 0, positions, 0, reduction, 1)], scheme, array)
    expected = naive_stream_cycles(act, weight, array, scheme)
    assert found.cycles[0] == expected.cycles, (seed, array)
    slots = dict(zip(CLASSES, found.slots[0].tolist(), strict=True))
    assert slots == expected.classes, (seed, array)


def passes_of_a_part_of_k(seed: int, scheme: str) -> None:
    random = np.random.default_rng([seed, 2])
    array = drawn_array(random)
    filters, positions = random.integers(1, array.lanes + 1, 2)
    reduction = array.depth * int(random.integers(1, 5)) + int(random.integers(0, array.depth))
    step = array.depth * int(random.integers(1, 4))
    act = random.random((positions, reduction)) < random.choice(DENSITIES)
    weight = random.random((filters, reduction)) < random.choice(DENSITIES)
    table = [
        (0, 0, filters, 0, positions, k, min(k + step, reduction), k + step >= reduction)
        for k in range(0, reduction, step)
    ]
    found = counted(act, weight, table, scheme, array)
    for number, (_, _, _, _, _, k0, k1, drains) in enumerate(table):
        expected = naive_stream_cycles(
            act[:, k0:k1], weight[:, k0:k1], array, scheme, drains, begins=k0 == 0
        )
        assert found.cycles[number] == expected.cycles, (seed, array)
        slots = dict(zip(CLASSES, found.slots[number].tolist(), strict=True))
        assert slots == expected.classes, (seed, array)
