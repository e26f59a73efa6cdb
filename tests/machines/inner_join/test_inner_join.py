"""The inner-join kernels against the machine's formulas, a window of the whole array at a time.

The state machine of `naive_array.py` checks the rules on small arrays. Here the recurrence, plainly
restated, checks what the fast kernels add: vectors filled up, several blocks of columns, lanes of
16 and of 32 bits, moved bases, repeated tiles that are skipped, groups and cuts of K.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sparsesim.errors import InputError
from sparsesim.estimator.array_cycles import array_cycles
from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.inner_join import CLASSES, SCHEMES, InnerJoin
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.spec.accelerator import Accelerator

NEVER = -(10**9)


def restated(
    act: NDArray[np.bool_],
    weight: NDArray[np.bool_],
    machine: InnerJoinArray,
    skipping: str,
    drains: bool = True,
) -> tuple[int, dict[str, int]]:
    """Cycles and classes of a pass, from the formulas of docs/model.md."""
    rows, cols, size, lanes = machine.rows, machine.cols, machine.window, machine.lanes
    depth, feed, latency = machine.queue_depth, machine.feed_latency, machine.pe_latency
    tiles = list(product(range(0, len(act), cols), range(0, len(weight), rows)))
    if machine.loop_order == "positions_inner":
        tiles = [(p, m) for m, p in product(range(0, len(weight), rows), range(0, len(act), cols))]
    push_w, push_a = np.full(rows, -1), np.full(cols, -1)
    last = np.full((rows, cols), NEVER)
    gate = np.full((rows, cols), NEVER)
    drained = np.full(cols, -1)
    history: list[NDArray[np.int64]] = []
    spans: list[tuple[NDArray[np.int64], ...]] = []
    effectual = ineffectual = unused = 0
    for p0, m0 in tiles:
        a = np.zeros((cols, act.shape[1]), dtype=np.int64)
        w = np.zeros((rows, act.shape[1]), dtype=np.int64)
        p1, m1 = min(p0 + cols, len(act)), min(m0 + rows, len(weight))
        a[: p1 - p0], w[: m1 - m0] = act[p0:p1], weight[m0:m1]
        active = np.zeros((rows, cols), dtype=bool)
        active[: m1 - m0, : p1 - p0] = True
        for k in range(0, act.shape[1], size):
            a_now, w_now = a[:, k : k + size], w[:, k : k + size]
            both = w_now @ a_now.T
            multiplied = {
                "none": np.full((rows, cols), a_now.shape[1]),
                "activation": np.broadcast_to(a_now.sum(axis=1), (rows, cols)),
                "weight": np.broadcast_to(w_now.sum(axis=1)[:, None], (rows, cols)),
                "two_sided": both,
            }[skipping]
            service = np.where(active, np.maximum(1, -(-multiplied // lanes)), 1)
            freed = history[-depth] if len(history) >= depth else np.full((rows, cols), NEVER)
            push_w = np.maximum(push_w + 1, freed.max(axis=1) + feed)
            push_a = np.maximum(push_a + 1, freed.max(axis=0) + feed)
            heads = np.maximum(push_w[:, None], push_a[None, :]) + feed
            ready = np.maximum(heads, last + 1)
            ends = k + size >= act.shape[1] and drains
            start = np.maximum(ready, gate) if ends else ready
            start = np.where(active, start, ready)
            before, last = last, start + service - 1
            history.append(last)
            spans.append((before, heads, start, last, active))
            effectual += int(both[active].sum())
            ineffectual += int((multiplied - both)[active].sum())
            unused += int((service * lanes - multiplied)[active].sum())
        if drains:
            for i in range(m1 - m0):
                here = np.arange(cols) < p1 - p0
                drained = np.where(here, np.maximum(drained + 1, last[i] + latency), drained)
                gate[i] = np.where(here, drained + 1, gate[i])
    cycles = int(drained.max() if drains else last.max()) + 1
    operand_wait = drain_wait = inactive = 0
    for before, heads, start, end, active in spans:
        first = before == NEVER
        idle_from = np.where(first, start, before + 1)
        waited = np.where(active, np.clip(heads, idle_from, start) - idle_from, 0)
        operand_wait += int(waited.sum())
        drain_wait += int(np.where(active, start - idle_from - waited, 0).sum())
        stop = np.minimum(end + 1, cycles)
        inactive += int(np.where(active, 0, stop - np.minimum(idle_from, cycles)).sum())
    edges = feed + np.maximum(0, cycles - 1 - last)
    counts = (operand_wait, drain_wait, inactive, int(edges.sum()))
    slots = (effectual, ineffectual, unused, *(count * lanes for count in counts))
    return cycles, dict(zip(CLASSES, slots, strict=True))


def masks(
    seed: int, positions: int, filters: int, reduction: int, density: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Random operands whose lines differ in density."""
    rng = np.random.default_rng(seed)
    act = rng.random((positions, reduction)) < density * rng.uniform(0.2, 1.8, (positions, 1))
    weight = rng.random((filters, reduction)) < density * rng.uniform(0.2, 1.8, (filters, 1))
    return act, weight


def check(
    act: NDArray[np.bool_], weight: NDArray[np.bool_], drains: bool = True, **machine: Any
) -> None:
    """All schemes and loop orders."""
    for skipping, order in product(SCHEMES, ("filters_inner", "positions_inner")):
        array = InnerJoinArray(loop_order=order, **machine)
        accelerator = Accelerator(skipping=skipping, array=array)
        found = array_cycles(act, weight, accelerator, drains=drains)
        cycles, classes = restated(act, weight, array, skipping, drains)
        assert found.cycles == cycles, (skipping, order)
        assert found.classes == classes, (skipping, order)
        slots = array.rows * array.cols * array.lanes * cycles
        assert sum(classes.values()) == slots
        assert found.effectual_macs == classes["effectual"]


@pytest.mark.parametrize(
    ("rows", "cols"), [(1, 1), (8, 8), (9, 7), (12, 12), (16, 16), (10, 33), (40, 70)]
)
def test_arrays_of_any_shape(rows: int, cols: int) -> None:
    act, weight = masks(rows + cols, 2 * cols + 1, 3 * rows - 1, 50, 0.5)
    check(act, weight, rows=rows, cols=cols)


@pytest.mark.parametrize(
    ("window", "lanes"), [(1, 1), (7, 2), (16, 3), (17, 1), (32, 5), (49, 7), (64, 64), (64, 1)]
)
def test_windows_of_one_to_four_parts(window: int, lanes: int) -> None:
    act, weight = masks(window, 9, 20, 150, 0.6)
    check(act, weight, rows=8, cols=8, window=window, lanes=lanes)


@pytest.mark.parametrize("queue_depth", [1, 3, 700, 4096])
@pytest.mark.parametrize("feed_latency", [1, 64])
def test_queues_and_feeders_of_any_length(queue_depth: int, feed_latency: int) -> None:
    act, weight = masks(queue_depth, 20, 12, 70, 0.4)
    machine = {"rows": 4, "cols": 6, "window": 4}
    check(act, weight, queue_depth=queue_depth, feed_latency=feed_latency, **machine)


def test_tall_arrays_are_bound_by_their_drains() -> None:
    act, weight = masks(3, 9, 400, 8, 0.5)
    check(act, weight, rows=100, cols=3, window=8)


@pytest.mark.parametrize("queue_depth", [4, 1000])
def test_a_long_pass_outlasts_its_lanes(queue_depth: int) -> None:
    # 3 * 2 tiles of 700 windows take more cycles than lanes of 16 bits hold.
    act, weight = masks(5, 20, 20, 11_200, 0.8)
    check(act, weight, rows=8, cols=8, queue_depth=queue_depth)


@pytest.mark.parametrize("reduction", [1, 16, 40, 90])
@pytest.mark.parametrize("queue_depth", [1, 2, 5])
def test_equal_tiles_are_skipped_exactly(reduction: int, queue_depth: int) -> None:
    # Most filters, then positions, repeat: long runs of equal tiles, the last ones ragged.
    act, weight = masks(reduction, 21, 110, reduction, 0.5)
    check(act, weight, rows=8, cols=8, queue_depth=queue_depth)
    act, weight = masks(reduction, 110, 21, reduction, 0.5)
    check(act, weight, rows=8, cols=8, queue_depth=queue_depth, feed_latency=3)


def test_a_pass_without_drains_ends_with_its_last_work() -> None:
    act, weight = masks(8, 5, 7, 100, 0.5)
    check(act, weight, drains=False, rows=8, cols=8)


def test_random_machines() -> None:
    rng = np.random.default_rng(11)
    for seed in range(40):
        # Few kinds of vectors: each is compiled by itself.
        machine = {
            "rows": int(rng.integers(1, 9)) + 8 * (seed % 2),
            "cols": int(rng.integers(1, 9)) + 8 * (seed % 2),
            "window": int(rng.integers(1, 17)),
            "lanes": int(rng.integers(1, 6)),
            "queue_depth": int(rng.integers(1, 9)),
            "feed_latency": int(rng.integers(1, 6)),
        }
        act, weight = masks(
            seed,
            int(rng.integers(1, 3 * machine["cols"] + 1)),
            int(rng.integers(1, 4 * machine["rows"] + 1)),
            int(rng.integers(1, 200)),
            float(rng.uniform(0.05, 1.0)),
        )
        check(act, weight, **machine)


def test_passes_are_cut_by_group_block_and_elements() -> None:
    groups, positions, filters, reduction = 3, 21, 19, 130
    array = InnerJoinArray(rows=4, cols=8, window=24)
    act, weight = masks(1, groups * positions, groups * filters, reduction, 0.5)
    act = act.reshape(groups, positions, reduction)
    weight = weight.reshape(groups, filters, reduction)
    table = [
        [0, 0, 19, 0, 21, 0, 130, 1],
        [1, 0, 19, 0, 21, 0, 130, 1],
        [2, 8, 19, 16, 21, 0, 130, 1],
        [2, 4, 8, 8, 16, 0, 48, 0],
        [2, 4, 8, 8, 16, 48, 120, 0],
        [2, 4, 8, 8, 16, 120, 130, 1],
        [1, 0, 19, 0, 21, 0, 130, 1],
    ]
    passes = Passes(np.array(table, dtype=np.int64))
    machine, words = InnerJoin(), [pack_lines(act), pack_lines(weight)]
    operands = [
        machine.prepare(role, one, reduction, array)
        for role, one in zip(("activation", "weight"), words, strict=True)
    ]
    pairs = count_pairs(*words, passes)
    for scheme in machine.schemes:
        found = machine.count(*operands, passes, pairs, scheme, array)
        for index, one in enumerate(passes):
            a = act[one.group, one.p0 : one.p1, one.k0 : one.k1]
            w = weight[one.group, one.m0 : one.m1, one.k0 : one.k1]
            cycles, classes = restated(a, w, array, scheme.name, bool(one.drains))
            assert found.cycles[index] == cycles
            assert found.slots[index].tolist() == list(classes.values())
            multiplied = classes["effectual"] + classes["ineffectual"]
            assert found.multiplied[index] == multiplied
            # Each tile reads its rows' and columns' windows once.
            rows, columns = -(-len(w) // 4), -(-len(a) // 8)
            assert found.read_activations[index] == rows * a.size
            assert found.read_weights[index] == columns * w.size
            assert found.paces["drain"][index] == len(w) * columns * one.drains


def test_pairs_count_operands_and_what_they_share() -> None:
    act, weight = masks(4, 300, 77, 200, 0.5)
    table = [[0, 0, 77, 0, 300, 0, 200, 1], [0, 3, 70, 9, 290, 30, 90, 0]]
    passes = Passes(np.array(table, dtype=np.int64))
    found = count_pairs(pack_lines(act[None]), pack_lines(weight[None]), passes)
    for index, (a, w) in enumerate([(act, weight), (act[9:290, 30:90], weight[3:70, 30:90])]):
        assert found.all[index] == len(a) * len(w) * a.shape[1]
        assert found.activation[index] == a.sum() * len(w)
        assert found.weight[index] == w.sum() * len(a)
        assert found.effectual[index] == (a.sum(axis=0) * w.sum(axis=0)).sum()


@pytest.mark.parametrize(
    ("act_shape", "weight_shape", "drains", "says"),
    [
        ((3,), (2, 5), True, "act_mask has shape (3,); use (positions, K), each 1 or more"),
        ((3, 5), (0, 5), True, "weight_mask has shape (0, 5); use (filters, K), each 1 or more"),
        ((3, 5), (2, 6), True, "act_mask has K = 5, weight_mask has K = 6; use one K"),
        ((3, 5), (17, 5), False, "drains = False takes one tile, but the masks make 2"),
    ],
)
def test_masks_that_make_no_pass(
    act_shape: tuple[int, ...], weight_shape: tuple[int, ...], drains: bool, says: str
) -> None:
    act, weight = np.ones(act_shape, dtype=bool), np.ones(weight_shape, dtype=bool)
    with pytest.raises(InputError) as error:
        array_cycles(act, weight, Accelerator(), drains=drains)
    assert str(error.value) == says
