"""sparsesim_delay.v: what enters leaves CYCLES later, unchanged; with RESET it is cleared."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters

BEATS = 150  # beyond twice the longest delay


def words(count: int) -> list[int]:
    """Random words of the bus's width."""
    width = parameters()["WIDTH"]
    random = generator()
    return [
        int.from_bytes(random.bytes(width // 8 + 1), "little") % (1 << width) for _ in range(count)
    ]


@cocotb.test()
async def each_word_leaves_after_exactly_that_many_cycles(dut):
    delay_cycles = parameters()["CYCLES"]
    clock = Clock(dut)
    await clock.reset()
    sent = words(BEATS)
    for cycle, word in enumerate(sent):
        dut.d_i.value = word
        await clock.edge()
        assert clock.cycle == cycle
        if cycle >= delay_cycles:
            assert int(dut.q_o.value) == sent[cycle - delay_cycles], f"cycle {cycle}"


@cocotb.test()
async def reset_clears_valid_bits_and_lets_data_pass(dut):
    told = parameters()
    delay_cycles, has_reset = told["CYCLES"], told["RESET"]
    ones = (1 << told["WIDTH"]) - 1
    clock = Clock(dut)
    await clock.reset()
    dut.d_i.value = ones
    await clock.cycles(delay_cycles + 1)
    assert int(dut.q_o.value) == ones
    dut.rst_ni.value = 0
    await clock.cycles(2)
    passes = not has_reset or delay_cycles == 0
    assert int(dut.q_o.value) == (ones if passes else 0)
    await clock.cycles(delay_cycles)
    assert int(dut.q_o.value) == (ones if passes else 0)
    dut.rst_ni.value = 1
    for cycle in range(delay_cycles + 1):
        await clock.edge()
        assert int(dut.q_o.value) == (ones if passes or cycle == delay_cycles else 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"WIDTH": 8, "CYCLES": 0},
        {"WIDTH": 1, "CYCLES": 1, "RESET": 1},
        {"WIDTH": 33, "CYCLES": 3},
        {"WIDTH": 5, "CYCLES": 64, "RESET": 1},
    ],
)
def test_sparsesim_delay(simulate, parameters):
    simulate("sparsesim_delay", parameters)
