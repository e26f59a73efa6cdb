"""stream_stash.v: sums by place and lane."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters


@cocotb.test()
async def sums_are_read_as_they_were_written(dut):
    told, clock, random = parameters(), Clock(dut), generator()
    lanes, places, bits = told["LANES"], 1 << told["PLACE_W"], told["ACC_W"]
    all_ = [(place, lane) for place in range(places) for lane in range(lanes)]
    memory: dict[tuple[int, int], int] = {}
    due: list[int | None] = [None, None]
    for n in range(4 * len(all_)):
        write = n < len(all_) or random.random() < 0.5
        at = all_[n] if n < len(all_) else all_[random.integers(len(all_))]
        number = int.from_bytes(random.bytes(8), "little") % (1 << bits)
        read = all_[random.integers(len(all_))]
        if write and read == at:
            read = all_[all_.index(at) - 1]
        if write and read == at:
            write = False
        dut.write_i.value, dut.sum_i.value = int(write), number
        dut.write_place_i.value, dut.write_lane_i.value = at
        dut.read_place_i.value, dut.read_lane_i.value = read
        await clock.edge()
        if due[0] is not None:
            assert int(dut.sum_o.value) == due[0], n
        due = [due[1], memory.get(read)]
        if write:
            memory[at] = number
    assert len(memory) == len(all_)


@pytest.mark.parametrize(
    "parameters", [{}, {"LANES": 6, "PLACE_W": 2, "ACC_W": 9}, {"LANES": 1, "PLACE_W": 1}]
)
def test_stream_stash(simulate, parameters):
    simulate("stream_stash", parameters)
