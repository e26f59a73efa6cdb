"""sparsesim_scale.v: the scaled sum is the package's, as a floor and a carry, and in time."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import Beat, Checker, Clock, Driver, Monitor, generator, parameters, signed
from scale_cases import LARGEST, sum_cases

from sparsesim.fixed_point.kernels import scaled


def latency(acc_bits: int) -> int:
    """Cycles from a sum to its scaled value."""
    return 9 + 2 * (acc_bits > 34) + 2 * (acc_bits > 51)


Case = tuple[int, int, int, int]  # sum, bias, multiplier, shift


class Bench:
    """Driver of sums, monitor of results, and the checker between them."""

    def __init__(self, dut, idle: float = 0.0) -> None:
        told = parameters()
        self.acc_bits, self.out_bits = told["ACC_W"], told["OUT_W"]
        self.latency = latency(self.acc_bits)
        self.clock = Clock(dut)
        self.checker = Checker("results")
        self.monitor = Monitor(
            self.clock,
            dut.valid_o,
            {
                "floor": dut.floor_o,
                "up": dut.up_o,
                "beyond": dut.beyond_o,
                "negative": dut.negative_o,
            },
            self._compare,
        )
        payload = {
            "sum": dut.sum_i,
            "bias": dut.bias_i,
            "multiplier": dut.multiplier_i,
            "shift": dut.shift_i,
        }
        self.driver = Driver(self.clock, dut.valid_i, None, payload, idle)

    def _compare(self, beat: Beat) -> None:
        """Floor and what comes on top count only where the floor fits."""
        result = 0 if beat["beyond"] else signed(beat["floor"], self.out_bits) + beat["up"]
        self.checker({"result": result, "beyond": beat["beyond"], "negative": beat["negative"]})

    def model(self, case: Case) -> dict[str, int]:
        """The package's result, and whether the floor of the exact one fits."""
        total, bias, multiplier, shift = case
        floor = (total + bias) * multiplier >> shift
        exact = scaled(np.int64(total), np.int64(bias), np.uint64(multiplier), np.int64(shift))
        beyond = not -(1 << self.out_bits - 1) <= floor < 1 << self.out_bits - 1
        result = 0 if beyond else int(exact)
        return {"result": result, "beyond": int(beyond), "negative": int(floor < 0)}

    async def scales(self, cases: list[Case]) -> None:
        """Send them; all results come, right and in time."""
        self.checker.expect([self.model(case) for case in cases])
        before = len(self.monitor.cycles)
        sent = await self.driver.send(
            {
                "sum": total & (1 << self.acc_bits) - 1,
                "bias": bias & LARGEST,
                "multiplier": multiplier,
                "shift": shift,
            }
            for total, bias, multiplier, shift in cases
        )
        await self.checker.done(self.clock, cycles=self.latency + 2)
        assert self.monitor.cycles[before:] == [cycle + self.latency for cycle in sent]

    def cases(self, count: int) -> list[Case]:
        """Any; results within range; halves exactly."""
        return sum_cases(generator(), self.acc_bits, self.out_bits, count)


@cocotb.test()
async def results_are_the_models_one_a_cycle(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    await bench.scales(bench.cases(3000))


@cocotb.test()
async def idle_cycles_change_nothing(dut):
    bench = Bench(dut, idle=0.5)
    await bench.clock.reset()
    await bench.scales(bench.cases(500))


@cocotb.test()
async def halves_go_to_the_even_neighbour(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    # 5 / 2 = 2.5 -> 2, 7 / 2 = 3.5 -> 4; just beside a half it is the nearer one.
    one = 1 << 31
    cases = [(3, 2, one, 32), (3, 4, one, 32), (-9, 4, one, 32), (-3, -4, one, 32)]
    cases.append((5, 0, one + 1, 32))
    for case, result in zip(cases, [2, 4, -2, -4, 3], strict=True):
        assert bench.model(case)["result"] == result
    await bench.scales(cases)


@cocotb.test()
async def the_widest_operands_are_beyond(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    most = (1 << bench.acc_bits - 1) - 1
    await bench.scales(
        [
            (total, bias, multiplier, shift)
            for total in (-most - 1, -most, most, most - 1, 0, 1, -1)
            for bias in (-(1 << 31), (1 << 31) - 1, 0)
            for multiplier in (1 << 31, LARGEST)
            for shift in range(64)
        ]
    )


@cocotb.test()
async def carries_run_through_all_pieces(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    random = generator(4)
    most = (1 << bench.acc_bits - 1) - 1
    ones = [(1 << bits) - 1 for bits in range(8, bench.acc_bits, 3)]
    sums = [sign * total for total in ones for sign in (1, -1)]
    await bench.scales(
        [
            (min(total, most), bias, multiplier, int(random.integers(64)))
            for total in sums
            for bias in (1, -1, 0xFFFF, 0x1FFFF, -0x20000, (1 << 31) - 1)
            for multiplier in (LARGEST, 0x1FFFF, 0xFFFE0000)
        ]
    )


@cocotb.test()
async def reset_drops_what_is_inside(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    inside = {"sum": 1, "bias": 0, "multiplier": 1 << 31, "shift": 31}
    await bench.driver.send([inside] * (bench.latency - 1))
    await bench.clock.reset()
    await bench.scales(bench.cases(40))


@pytest.mark.parametrize(
    "parameters",
    [{}, {"ACC_W": 64}, {"ACC_W": 36, "OUT_W": 18}, {"ACC_W": 8, "OUT_W": 4}, {"ACC_W": 34}],
)
def test_sparsesim_scale(simulate, parameters):
    simulate("sparsesim_scale", parameters)
