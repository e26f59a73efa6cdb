"""broadcast_sender.v: looks pass in order, one a cycle, and wait for room and for sums to leave."""

from __future__ import annotations

from collections import deque

import cocotb
import pytest
from bench import Clock, generator, is_high, parameters


@cocotb.test()
async def looks_pass_as_soon_as_they_may(dut):
    """The rules of docs/machines/broadcast.md for the finder, a cycle at a time."""
    told, random, clock = parameters(), generator(), Clock(dut)
    ahead, delay = told["AHEAD"], min(4, told["AHEAD"] - 1)
    await clock.reset()
    waited = {1: 0, 2: 0, 3: 0}
    for number in range(6):
        to_find = deque(turns(random, 12))
        dut.start_i.value = 1
        await clock.edge()
        dut.start_i.value = 0
        on_way: deque[tuple[int, dict]] = deque()  # the cycle in which each comes
        here: deque[dict] = deque()
        open_turns, out, did, began, ended = 0, 0, 0, False, False
        for cycle in range(600):
            cleared = number > 0 or cycle > 10
            room = random.random() > (0.0, 0.3, 0.7)[number % 3]
            drained = open_turns > 0 and not began_now(here, open_turns) and random.random() < 0.1
            goes = cleared and out < ahead
            looks = goes and bool(to_find) and random.random() < 0.9
            come = on_way.popleft()[1] if on_way and on_way[0][0] == cycle else None
            dut.cleared_i.value, dut.room_i.value, dut.drained_i.value = cleared, room, drained
            dut.looks_i.value, dut.look_i.value = looks, come is not None
            for name in ("sends", "first", "last", "half", "final"):
                getattr(dut, f"{name}_i").value = come[name] if come else int(random.integers(2))
            head = here[0] if here else None
            waits_for_sums = bool(head and head["first"] and open_turns == 2)
            waits_for_room = bool(head and head["sends"] and not room)
            look = head is not None and not waits_for_sums and not waits_for_room
            await clock.edge()
            where = f"pass {number}, cycle {cycle}"
            assert is_high(dut.go_o) == goes, where
            assert is_high(dut.look_o) == look, where
            assert is_high(dut.push_o) == bool(look and head["sends"]), where
            assert is_high(dut.last_o) == bool(look and head["last"]), where
            assert is_high(dut.left_o) == ((began or look) and not ended), where
            assert int(dut.did_o.value) == did, where
            if look and head["last"]:
                assert int(dut.half_o.value) == head["half"], where
            did = 0
            if look and not head["sends"]:
                did = 1
            if waits_for_room or ended:
                did = 2
            if waits_for_sums:
                did = 3
            if did:
                waited[did] += 1
            out += looks - look
            if looks:
                on_way.append((cycle + delay, to_find.popleft()))
            if look:
                began, ended = True, ended or bool(head["final"])
                open_turns += head["first"]
                here.popleft()
            open_turns -= drained
            if come:
                here.append(come)
        assert ended and not here and not on_way
        while open_turns:
            dut.drained_i.value = 1
            await clock.edge()
            open_turns -= 1
        dut.drained_i.value = 0
    assert waited[1] and waited[2] and waited[3]


def began_now(here: deque[dict], open_turns: int) -> bool:
    """No turn's sums leave before it was looked through: the only open one still is."""
    return open_turns == 1 and bool(here) and not here[0]["first"]


def turns(random, count: int) -> list[dict[str, int]]:
    """Looks of so many turns."""
    found = []
    for turn in range(count):
        length = int(random.integers(1, 6))
        for number in range(length):
            found.append(
                {
                    "sends": int(random.random() < 0.6),
                    "first": int(number == 0),
                    "last": int(number == length - 1),
                    "half": turn % 2,
                    "final": int(turn == count - 1 and number == length - 1),
                }
            )
    return found


@pytest.mark.parametrize("parameters", [{"AHEAD": 8}, {"AHEAD": 2}, {"AHEAD": 7}])
def test_broadcast_sender(simulate, parameters):
    simulate("broadcast_sender", parameters)
