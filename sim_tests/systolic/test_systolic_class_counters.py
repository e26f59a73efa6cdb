"""systolic_class_counters.v: slots are those of steps, products and waits; a start clears them.

Products of whole passes are counted in test_systolic_array.py.
"""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, pack, parameters

NAMES = ("effectual", "ineffectual", "edges", "preload", "fill", "drain")
WAITS = ("weights", "skew", "drain")


async def counted(dut, clock, cycles: int) -> None:
    """Cycles of random events; the counts are theirs."""
    told, random = parameters(), generator(int(clock.cycle) + 1)
    rows, cols, selects = told["ROWS"], told["COLS"], told["SELECTS"]
    pes = rows * cols
    last_positions, last_filters, last_rows = (
        int(random.integers(1, end + 1)) for end in (rows, cols, rows)
    )
    words = [0] * 13
    words[4], words[11], words[12] = last_positions, last_filters, last_rows
    dut.pass_i.value = pack(words, 32)
    dut.start_i.value = 1
    await clock.edge()
    dut.start_i.value = 0
    wanted = dict.fromkeys(NAMES, 0)
    takes: list[bool] = []
    used = 0
    for cycle in range(cycles + rows + cols + 2):
        kind = int(random.integers(6)) if cycle < cycles else 5
        takes.append(kind < 3)
        flags = random.integers(0, 2, 3).tolist()
        is_first = kind == 0 or (kind < 3 and used == 0)
        dut.take_i.value, dut.first_i.value = int(takes[-1]), int(is_first)
        for name, flag in zip(("fold", "filters", "positions"), flags, strict=True):
            getattr(dut, f"last_{name}_i").value = flag
        for number, name in enumerate(WAITS):
            waits = kind == 3 + number and cycle < cycles
            getattr(dut, f"waits_{name}_i").value = int(waits)
            wanted[("preload", "fill", "drain")[number]] += waits * pes
        if is_first:
            fold, filters, positions = flags
            last = (positions, last_positions) if told["OUTPUT_STATIONARY"] else (fold, last_rows)
            used = (last[1] if last[0] else rows) * (last_filters if filters else cols)
        effectual = int(random.integers(1 << pes))
        dut.effectual_i.value = effectual
        if takes[-1]:
            wanted["ineffectual"] += used
            wanted["edges"] += pes - used
        for n in range(pes):
            met = cycle - 1 - selects - n // cols - n % cols
            if met >= 0 and takes[met] and effectual >> n & 1:
                wanted["effectual"] += 1
                wanted["ineffectual"] -= 1
        await clock.edge()
    await clock.edge()
    counters = int(dut.counters_o.value)
    came = {name: counters >> 48 * n & (1 << 48) - 1 for n, name in enumerate(NAMES)}
    wrapped = {name: value % (1 << 48) for name, value in wanted.items()}
    assert came == wrapped


@cocotb.test()
async def slots_are_counted_by_class(dut):
    clock = Clock(dut)
    await clock.reset()
    for cycles in (1, 30, 200):
        await counted(dut, clock, cycles)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ROWS": 3, "COLS": 4},
        {"ROWS": 2, "COLS": 3, "SELECTS": 1},
        {"ROWS": 3, "COLS": 2, "OUTPUT_STATIONARY": 1},
        {"ROWS": 1, "COLS": 1},
    ],
)
def test_systolic_class_counters(simulate, parameters):
    simulate("systolic_class_counters", parameters)
