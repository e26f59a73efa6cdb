"""stream_pair.v: two lanes of one multiplier are two lanes with one each, extremes among them."""

from __future__ import annotations

import cocotb
import pytest
from bench import signed
from test_stream_lane import Bench as LaneBench
from test_stream_lane import Model


class Bench(LaneBench):
    """Drives random operands and commands, and compares both results in each cycle."""

    def __init__(self, dut) -> None:
        super().__init__(dut)
        self.lanes = Model(self.told), Model(self.told)

    async def cycle(self, extreme=False, **forced) -> None:
        told, dut = self.told, self.dut
        held = [self.number(told["HELD_W"], extreme) for _ in range(2)]
        given = {
            "value": self.number(told["ENTRY_W"], extreme),
            "from_start": self.random.random() < 0.2,
            "clear": self.random.random() < 0.1,
            "start": self.number(told["ACC_W"], extreme),
            "capture": self.random.random() < 0.3,
            **forced,
        }
        held = given.pop("held", held)
        loads = given.pop("loads", self.random.random(2) < 0.2)
        widths = {"value": told["ENTRY_W"], "start": told["ACC_W"]}
        for name, number in given.items():
            port = getattr(dut, f"{name}_i")
            port.value = int(number) & (1 << widths.get(name, 1)) - 1
        bits = told["HELD_W"]
        dut.held_i.value = sum(
            (value & (1 << bits) - 1) << bits * n for n, value in enumerate(held)
        )
        dut.load_i.value = sum(int(load) << n for n, load in enumerate(loads))
        await self.clock.edge()
        if self.known:
            results, bits = int(dut.result_o.value), told["ACC_W"]
            for n, lane in enumerate(self.lanes):
                found = signed(results >> bits * n & (1 << bits) - 1, bits)
                assert found == lane.result, (n, self.clock.cycle)
        for lane, value, load in zip(self.lanes, held, loads, strict=True):
            lane.clock(held=value, load=load, **given)


@cocotb.test()
async def results_are_those_of_two_lanes(dut):
    bench = Bench(dut)
    await bench.settle()
    for _ in range(400):
        await bench.cycle()
    for _ in range(400):
        await bench.cycle(extreme=True, from_start=bench.random.random() < 0.5, capture=True)


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    await bench.settle()
    idle = dict.fromkeys(("value", "from_start", "clear", "capture"), 0)
    idle |= {"held": [0, 0], "loads": [0, 0]}
    await bench.cycle(**{**idle, "loads": [1, 0], "start": 10})
    await bench.cycle(**{**idle, "loads": [0, 1], "start": 20})
    await bench.cycle(**{**idle, "value": 3, "held": [-2, 5]})
    await bench.cycle(**idle)
    await bench.cycle(**{**idle, "from_start": 1})
    await bench.cycle(**{**idle, "capture": 1})
    await bench.cycle(**idle)
    assert [lane.result for lane in bench.lanes] == [4, 35]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"ENTRY_W": 8, "HELD_W": 9, "ACC_W": 64},
        {"ENTRY_W": 4, "HELD_W": 4, "ACC_W": 8},
        {"ENTRY_W": 16, "HELD_W": 5, "ACC_W": 24},
        {"ENTRY_W": 16, "HELD_W": 5, "ACC_W": 8},
    ],
)
def test_stream_pair(simulate, parameters):
    simulate("stream_pair", parameters)
