"""Depths of the queues behind the broadcast: against the clocked machine and estimates of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_broadcast import naive_broadcast
from tuning_models import integers, model, node, traced

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.machines.broadcast.parameters import DEPTHS
from sparsesim.machines.broadcast.queues import RULES, size_queues
from sparsesim.tuning.queues.sizing import ladder, smallest

DEVICE = ss.Device.named("xc7z020")


@st.composite
def cases(draw):
    """Masks of one pass, and a small machine."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    positions, filters, reduction = (draw(st.integers(1, most)) for most in (4, 12, 30))
    machine = ss.Accelerator(
        machine="broadcast",
        pes=draw(st.integers(1, 5)),
        pe_sums=draw(st.integers(1, 3)),
        entry_run_bits=draw(st.integers(1, 4)),
        units=1,
    )
    act = random.random((positions, reduction)) < random.random((positions, 1))
    weight = random.random((filters, reduction)) < random.random((filters, 1))
    return act, weight, machine


@settings(max_examples=100, deadline=None)
@given(cases())
def test_a_deeper_queue_never_costs_a_cycle(case):
    act, weight, machine = case
    cycles = [
        ss.array_cycles(act, weight, machine.with_(queue_depth=depth)).cycles
        for depth in (2, 3, 4, 7, 16, 64)
    ]
    assert cycles == sorted(cycles, reverse=True)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_queue_that_holds_a_pass_is_never_full(case):
    act, weight, machine = case
    deep = 1 + len(act) * -(-len(weight) // machine.array.tile_filters) * act.shape[1]
    found = []
    for depth in (deep, 100 * deep):
        array = machine.array.model_copy(update={"queue_depth": depth})  # deeper than can be built
        found.append(naive_broadcast(act, weight, array).cycles)
    array = machine.array.model_copy(update={"queue_depth": max(2, deep)})
    fast = ss.array_cycles(act, weight, machine.model_copy(update={"array": array})).cycles
    assert found == [fast, fast]


def small(seed: int) -> ss.Trace:
    """A convolution and a product; filters of unlike density; three images."""
    random = np.random.default_rng(seed)
    w1 = integers(random, (9, 5, 3, 3), 1.0)
    w1 *= random.random(w1.shape) < random.random((9, 1, 1, 1))
    constants = {"w1": w1, "w2": integers(random, (9 * 16, 12), 0.3)}
    nodes = [
        node("Conv", "x w1", "c", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("Flatten", "r", "f"),
        node("MatMul", "f w2", "y"),
    ]
    return traced(model(nodes, {"x": (1, 5, 4, 4)}, ["y"], constants), seed, 3)


@pytest.mark.parametrize("loss", [0.0, 0.01, 0.1])
def test_smallest_depths_against_an_estimate_of_each(loss):
    trace = small(3)
    machine = ss.Accelerator(machine="broadcast", pes=3, pe_sums=4)
    found = size_queues(trace, machine, DEVICE, loss=loss)
    depths = range(DEPTHS[0], DEPTHS[1] + 1)
    results = [ss.estimate(trace, machine.with_(queue_depth=d), DEVICE) for d in depths]
    totals = [result.totals.cycles["two_sided"].total for result in results]
    least = found.curve[-1].total_cycles
    assert found.depth == next(
        (d for d, total in zip(depths, totals, strict=True) if total <= least * (1 + loss)), None
    )
    by_depth = dict(zip(depths, totals, strict=True))
    for point in found.curve[:-1]:
        assert point.total_cycles == by_depth[point.depth]
    assert min(point.depth for point in found.curve[:-1]) == DEPTHS[0]
    assert len({point.total_cycles for point in found.curve}) > 2  # or this tests nothing
    for index, layer in enumerate(found.layers):
        cycles = [result.layers[index].cycles["two_sided"].compute for result in results]
        whole = layer.compute_cycles * (1 + loss)
        first = next((d for d, c in zip(depths, cycles, strict=True) if c <= whole), None)
        assert layer.compute_depth == first


def test_depths_that_are_tried_are_those_that_there_may_be():
    assert list(ladder(RULES)) == [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    for least in range(2, 66):
        assert smallest(lambda d, least=least: d >= least, RULES, 64) == (
            least if least <= 64 else None
        )


def test_another_machine_is_refused():
    with pytest.raises(SpecError) as caught:
        size_queues(small(4), ss.Accelerator(), DEVICE)
    assert str(caught.value) == ("machine 'inner_join' has no such queues; no depth is to be found")
