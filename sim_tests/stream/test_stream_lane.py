"""stream_lane.v: products, sums that go on or start from what was loaded, results."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters, signed


class Model:
    """The registers of a lane; every one of a cycle is computed of those of the cycle before."""

    def __init__(self, told) -> None:
        self.bits = told["ACC_W"]
        self.value = self.held = self.product = self.start = self.sum = self.result = 0

    def clock(self, value, held, from_start, clear, load, start, capture) -> None:
        if capture:
            self.result = self.sum
        self.sum = self._narrow((self.start if from_start else self.sum) + self.product)
        if clear:
            self.start = 0
        elif load:
            self.start = start
        self.product = self.value * self.held
        self.value, self.held = value, held

    def _narrow(self, number: int) -> int:
        return signed(number & (1 << self.bits) - 1, self.bits)


class Bench:
    """Drives random operands and commands, and compares the result in each cycle."""

    def __init__(self, dut) -> None:
        self.dut, self.told = dut, parameters()
        self.clock, self.random = Clock(dut), generator()
        self.model = Model(self.told)
        self.known = False

    def number(self, bits: int, extreme: bool) -> int:
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        if extreme:
            return int(self.random.choice([low, -1, 0, high]))
        return int(self.random.integers(low, high, endpoint=True))

    async def cycle(self, extreme=False, **forced) -> None:
        told, dut = self.told, self.dut
        given = {
            "value": self.number(told["ENTRY_W"], extreme),
            "held": self.number(told["HELD_W"], extreme),
            "from_start": self.random.random() < 0.2,
            "clear": self.random.random() < 0.1,
            "load": self.random.random() < 0.2,
            "start": self.number(told["ACC_W"], extreme),
            "capture": self.random.random() < 0.3,
            **forced,
        }
        widths = {"value": told["ENTRY_W"], "held": told["HELD_W"], "start": told["ACC_W"]}
        for name, number in given.items():
            port = getattr(dut, f"{name}_i")
            port.value = int(number) & (1 << widths.get(name, 1)) - 1
        await self.clock.edge()
        if self.known:
            result = int(dut.result_o.value)
            assert signed(result, told["ACC_W"]) == self.model.result, self.clock.cycle
        self.model.clock(**given)

    async def settle(self) -> None:
        """Until every register is known."""
        await self.clock.edge()
        for _ in range(8):
            await self.cycle(from_start=True, clear=True, capture=True)
        self.known = True


@cocotb.test()
async def results_are_those_of_the_model(dut):
    bench = Bench(dut)
    await bench.settle()
    for _ in range(400):
        await bench.cycle()
    for _ in range(200):
        await bench.cycle(extreme=True, from_start=False, capture=True)


@cocotb.test()
async def the_headers_example_comes_out(dut):
    bench = Bench(dut)
    await bench.settle()
    idle = dict.fromkeys(("value", "held", "from_start", "clear", "load", "capture"), 0)
    await bench.cycle(**{**idle, "load": 1, "start": 10})
    await bench.cycle(**{**idle, "value": 3, "held": -2})
    await bench.cycle(**{**idle, "value": 5, "held": 4})
    await bench.cycle(**{**idle, "from_start": 1})
    await bench.cycle(**idle)
    await bench.cycle(**{**idle, "capture": 1})
    await bench.cycle(**idle)
    assert bench.model.result == 24


@pytest.mark.parametrize(
    "parameters",
    [{}, {"ENTRY_W": 8, "HELD_W": 9, "ACC_W": 64}, {"ENTRY_W": 16, "HELD_W": 16, "ACC_W": 8}],
)
def test_stream_lane(simulate, parameters):
    simulate("stream_lane", parameters)
