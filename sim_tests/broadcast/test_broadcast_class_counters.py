"""broadcast_class_counters.v: each event is counted once, and what is left is fill_drain."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, mask, parameters, unpack


@cocotb.test()
async def events_are_counted_by_class(dut):
    random, clock, pes = generator(), Clock(dut), parameters()["PES"]
    for number in range(4):
        dut.start_i.value, dut.left_i.value = 1, 0
        for name in ("works", "no_entry", "absent", "effectual", "padding", "did"):
            getattr(dut, f"{name}_i").value = 0
        await clock.cycles(3)
        dut.start_i.value = 0
        counts = [0] * 7
        for _ in range(50):
            works = random.random(pes) < (0.0, 0.5, 1.0)[number % 3]
            left, did = bool(random.random() < 0.5), int(random.integers(4))
            flags = {name: random.random(pes) < 0.3 for name in ("effectual", "padding")}
            none = works & (random.random(pes) < 0.4)
            absent = works & ~none & (random.random(pes) < 0.4)
            dut.left_i.value, dut.did_i.value = int(left), did
            dut.works_i.value, dut.no_entry_i.value = mask(works), mask(none)
            dut.absent_i.value = mask(absent)
            dut.effectual_i.value = mask(flags["effectual"])
            dut.padding_i.value = mask(flags["padding"])
            counts[0] += int(flags["effectual"].sum())
            counts[1] += int(flags["padding"].sum())
            counts[2] += int(none.sum())
            counts[6] += int(absent.sum())
            if did and (left or works.any()):
                counts[2 + did] += int((~works).sum())
            await clock.edge()
        for name in ("works", "no_entry", "absent", "effectual", "padding", "did", "left"):
            getattr(dut, f"{name}_i").value = 0
        cycles = sum(counts) // pes + 7
        dut.cycles_i.value = cycles
        await clock.cycles(3)
        found = unpack(int(dut.counters_o.value), 48, 8)
        assert found[:7] == counts
        assert found[7] == cycles * pes - sum(counts)


@pytest.mark.parametrize("parameters", [{"PES": 2}, {"PES": 1}, {"PES": 13}])
def test_broadcast_class_counters(simulate, parameters):
    simulate("broadcast_class_counters", parameters)
