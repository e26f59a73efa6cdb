"""The area model of broadcast's parts, held against what synthesis counted; block RAM by hand."""

from __future__ import annotations

import pytest

from sparsesim.machines.broadcast.area import around, buffers, clock, parts, pe
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("model", [pe.MODEL, around.MODEL], ids=["pe", "array"])
def test_held_out_designs_are_near(model, family):
    for what in ("lut", "ff"):
        assert model.held_out_error(family, what).median < 0.06


@pytest.mark.parametrize("run", pe.MODEL.runs, ids=str)
def test_what_sums_and_queue_are_stored_in_is_exact(run):
    """But for a shift register or two: the activation on its way."""
    assert 0 <= run.lut_ram - pe.stored_luts(run.design) <= run.design.act_bits


@pytest.mark.parametrize("run", pe.MODEL.runs, ids=str)
def test_a_pe_has_one_multiplier(run):
    assert (run.dsp, run.bram36) == (1, 0.0)


def test_a_store_of_a_pe():
    """EIE's: 16 MiB over 64 PEs are 256 KiB in words of 12 bits, 174,763 of them, and a pointer of
    7 and 18 bits for each eight. No block holds more than its bits."""
    eie = Accelerator.named("eie")
    assert buffers.line_entries(eie) == 174_763
    assert parts.address_bits(eie) == 18
    assert buffers.store_bram36(eie) >= (174_763 * 12 + 21_846 * 25) / 36_864
    small = Accelerator(machine="broadcast", pes=64, weight_buffer_kib=48.0)
    # 512 words of 12 bits, 64 of 6 and 9: half a block each.
    assert buffers.store_bram36(small) == 1.0


def test_clocks_are_as_placed_or_between():
    assert 1e3 / clock.pe_period_ns(32, 32) == pytest.approx(148.9)
    slower = [clock.pe_period_ns(sums, 32) for sums in (8, 32, 64, 128, 256)]
    assert slower == sorted(slower)
    one = Accelerator(machine="broadcast", pe_sums=16)
    assert "fitted" in one.rules.clock(one, "ecp5").source
    assert not one.rules.clock(one, "xcup").is_placed
