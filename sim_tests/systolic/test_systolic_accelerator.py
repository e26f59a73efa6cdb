"""systolic_accelerator.v: values are the package's of the exact sums, each from its unit in order.

The array's own passes are in test_systolic_array.py, post-processing by itself in
test_sparsesim_postprocess_unit.py.
"""

from __future__ import annotations

from typing import Any

import cocotb
import pytest
from systolic_array_bench import ArrayBench, Place, random_epilogue

from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.bench import part


class Bench(ArrayBench):
    """The array's bench, which watches values behind the sums."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut, results="sum", ready="out_ready_i")
        self._behind: set[int] = set()  # cycles from sums to their values

    async def set_layer(self, operands: PassOperands) -> None:
        """Store the parameters of the filters and of the layer."""
        dut, epilogue = self.dut, operands.epilogue
        dut.raw_i.value = int(epilogue is None)
        if epilogue is None:
            return
        wide = (1 << self.told["VALUE_W"] + 1) - 1
        for name in ("relu", "threshold", "zero_point", "low", "high"):
            getattr(dut, f"{name}_i").value = int(getattr(epilogue, name)) & wide
        dut.param_we_i.value = 1
        for number in range(len(epilogue.bias)):
            dut.param_index_i.value = number
            for name in ("bias", "multiplier", "shift"):
                port = getattr(dut, f"param_{name}_i")
                port.value = int(getattr(epilogue, name)[number]) & (1 << len(port)) - 1
            await self.clock.edge()
        dut.param_we_i.value = 0

    def _begin(self, operands: PassOperands, model: Any) -> None:
        super()._begin(operands, model)
        self._values = model.values
        is_told = operands.epilogue is not None
        self._outputs: list[list[Place]] = (
            self.places(operands) if is_told else [[] for _ in self._due]
        )
        self._came: list[list[int]] = [[] for _ in self._due]

    def _watch(self) -> None:
        before = [len(due) for due in self._due]
        super()._watch()
        for u, due in enumerate(self._due):
            if len(due) < before[u]:
                self._came[u].append(self.clock.cycle)
        valid, bits = int(self.dut.out_valid_o.value), self.told["VALUE_W"]
        for u, due in enumerate(self._outputs):
            if valid >> u & 1:
                assert due, f"unit {u}: a value too many"
                place = due.pop(0)
                came = part(self.dut.out_value_o, u * bits, bits)
                wanted = int(self._values[place.filter, place.position]) & (1 << bits) - 1
                assert came == wanted, f"unit {u}, {place}: {came}, not {wanted}"
                self._behind.add(self.clock.cycle - self._came[u].pop(0))
                assert len(self._behind) == 1

    def _end(self) -> None:
        super()._end()
        assert not any(self._outputs), "values did not come"


@cocotb.test()
async def values_are_the_models(dut):
    bench = Bench(dut)
    await bench.reset()
    for stalls in (0.0, 0.5):
        bench.stall = stalls
        for number in range(8):
            operands = bench.random_pass()
            filters = len(operands.weights)
            told = random_epilogue(bench.random, filters) if number % 4 else None
            operands = PassOperands(**{**operands.__dict__, "epilogue": told})
            await bench.set_layer(operands)
            await bench.passes(operands)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 3, "COLS": 4, "UNITS": 3, "DEPTH": 6, "COUNTERS_EN": 1, "MAX_FILTERS": 16},
        {"ROWS": 2, "COLS": 2, "UNITS": 1, "OUTPUT_STATIONARY": 1, "MAX_FILTERS": 8},
        {"ROWS": 2, "COLS": 3, "UNITS": 3, "DEPTH": 4, "BLOCK": 2, "MAX_FILTERS": 16},
    ],
)
def test_systolic_accelerator(simulate, parameters):
    simulate("systolic_accelerator", parameters)
