"""broadcast_accelerator.v: values are the package's, of exact sums, each unit's in its order.

Its counts are those of test_broadcast_array.py; post-processing by itself is in
test_sparsesim_postprocess_unit.py.
"""

from __future__ import annotations

import cocotb
import numpy as np
import pytest
from bench import fields, signed
from broadcast_array_bench import ArrayBench, Found, exact, number_of

from sparsesim.fixed_point.requantise import requantise

LAYERS = [
    {"relu": False, "threshold": 0, "zero_point": 0, "low": -128, "high": 127},
    {"relu": True, "threshold": 9, "zero_point": 0, "low": 0, "high": 255},
    {"relu": False, "threshold": 20, "zero_point": 17, "low": 0, "high": 255},
]


class Bench(ArrayBench):
    """The array's bench, which takes values, too."""

    raw = False

    def _take(self, found: Found, positions: list[int]) -> None:
        array, dut = self.array, self.dut
        valid = number_of(dut.sum_valid_o) or 0
        bits = self.told["ACC_W"]
        for unit in range(array.units):
            if valid >> unit & 1:
                total = signed(fields(dut.sum_o, array.units)[unit].value, bits)
                found.sums[unit, sum(one == unit for one, _ in found.sums)] = total
        valid = number_of(dut.out_valid_o) or 0
        for unit in range(array.units):
            if valid >> unit & 1:
                found.values[unit].append(fields(dut.out_value_o, array.units)[unit].value)

    def order(self, filters: int, positions: int) -> list[list[tuple[int, int]]]:
        """Filters and positions of each unit's results, as they come."""
        array = self.array
        units: list[list[tuple[int, int]]] = [[] for _ in range(array.units)]
        for position in range(positions):
            for filter_ in range(filters):
                units[filter_ % array.pes % array.units].append((filter_, position))
        return units

    async def set_layer(self, layer: dict[str, int], filters: int):
        """Writes a layer's parameters, and random ones of its filters; gives these."""
        dut, bits = self.dut, self.told["VALUE_W"]
        for name, value in layer.items():
            getattr(dut, f"{name}_i").value = int(value) & (1 << bits + 1) - 1
        sum_bits = min(self.told["ACC_W"], self.told["ACT_W"] + self.told["WEIGHT_W"] + 2)
        bias = self.random.integers(-(1 << sum_bits - 2), 1 << sum_bits - 2, filters)
        multiplier = self.random.integers(1 << 31, 1 << 32, filters)
        shift = np.full(filters, 32 + max(sum_bits - bits, 0))
        dut.param_we_i.value = 1
        for number in range(filters):
            dut.param_index_i.value = number
            dut.param_bias_i.value = int(bias[number]) & 0xFFFFFFFF
            dut.param_multiplier_i.value = int(multiplier[number])
            dut.param_shift_i.value = int(shift[number])
            await self.clock.edge()
        dut.param_we_i.value = 0
        return bias.astype(np.int64), multiplier.astype(np.uint32), shift.astype(np.uint8)


async def values_are_the_packages(bench: Bench, layer: dict[str, int], raw: bool, **slow) -> None:
    """A pass whose units give all sums and values, in order."""
    act, weight = bench.drawn()
    filters = await bench.set_layer(layer, len(weight))
    bench.dut.raw_i.value = int(raw)
    found = await bench.run(act, weight, **slow)
    sums = exact(act, weight, bench.told["ACC_W"])
    values = requantise(sums, *filters, *layer.values())
    keep = (1 << bench.told["VALUE_W"]) - 1
    for unit, places in enumerate(bench.order(len(weight), len(act))):
        came = [total for (one, _), total in found.sums.items() if one == unit]
        assert came == [int(sums[place]) for place in places], f"unit {unit}"
        wanted = [] if raw else [int(values[place]) & keep for place in places]
        assert found.values[unit] == wanted, f"unit {unit}"


@cocotb.test()
async def values_of_each_unit_are_the_packages(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for layer in LAYERS:
        await values_are_the_packages(bench, layer, raw=False)
    await values_are_the_packages(bench, LAYERS[0], raw=True)


@cocotb.test()
async def stalled_outputs_lose_nothing(dut):
    bench = Bench(dut)
    await bench.clock.reset()
    for layer in LAYERS:
        await values_are_the_packages(bench, layer, raw=False, idle=0.2, stall=0.4)


@pytest.mark.parametrize(
    "parameters",
    [
        {"PES": 3, "PE_SUMS": 2, "UNITS": 2, "QUEUE_DEPTH": 3, "MAX_FILTERS": 16},
        {"PES": 4, "PE_SUMS": 8, "UNITS": 1, "ACC_W": 40, "VALUE_W": 12, "MAX_FILTERS": 64},
    ],
)
def test_broadcast_accelerator(simulate, parameters):
    simulate("broadcast_accelerator", parameters)
