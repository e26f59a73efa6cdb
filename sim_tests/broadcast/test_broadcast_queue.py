"""broadcast_queue.v: what was written and pushed comes out in order; room and presence in time."""

from __future__ import annotations

from collections import deque

import cocotb
import pytest
from bench import Clock, generator, is_high, parameters

CYCLES = 600


@cocotb.test()
async def it_is_the_models_queue(dut):
    """Writes, pushes and pops at random, each as often as it may be."""
    told, random, clock = parameters(), generator(), Clock(dut)
    holds, ahead = told["QUEUE_DEPTH"] - 1, told["AHEAD"]
    await clock.reset()
    written: deque[int] = deque()  # and not pushed
    inside: deque[int] = deque()
    fullest = 0
    for cycle in range(CYCLES):
        busy = (0.9, 0.5, 0.2)[cycle * 3 // CYCLES]
        writes = len(written) < ahead and random.random() < 0.7
        pushes = bool(written) and len(inside) < holds and random.random() < 0.8
        pops = bool(inside) and random.random() > busy
        value = int(random.integers(1 << min(told["WIDTH"], 62)))
        dut.write_i.value, dut.data_i.value = writes, value
        dut.push_i.value, dut.pop_i.value = pushes, pops
        await clock.edge()
        assert is_high(dut.there_o) == bool(inside), f"cycle {cycle}"
        assert is_high(dut.room_o) == (len(inside) < holds), f"cycle {cycle}"
        if inside:
            assert int(dut.data_o.value) == inside[0], f"cycle {cycle}"
        if pops:
            inside.popleft()
        if pushes:
            inside.append(written.popleft())
        if writes:
            written.append(value)
        fullest = max(fullest, len(inside))
    assert fullest == holds


@cocotb.test()
async def a_reset_empties_it(dut):
    clock = Clock(dut)
    await clock.reset()
    for write, push in ((1, 0), (1, 1), (0, 0)):
        dut.write_i.value, dut.push_i.value, dut.data_i.value = write, push, 1
        await clock.edge()
    assert is_high(dut.there_o)
    dut.write_i.value = dut.push_i.value = 0
    await clock.reset()
    await clock.edge()
    assert not is_high(dut.there_o) and is_high(dut.room_o)


@pytest.mark.parametrize(
    "parameters",
    [
        {"QUEUE_DEPTH": 2, "AHEAD": 1, "WIDTH": 1},
        {"QUEUE_DEPTH": 8, "AHEAD": 8, "WIDTH": 20},
        {"QUEUE_DEPTH": 3, "AHEAD": 5, "WIDTH": 8},
        {"QUEUE_DEPTH": 64, "AHEAD": 8, "WIDTH": 12},
    ],
)
def test_broadcast_queue(simulate, parameters):
    simulate("broadcast_queue", parameters)
