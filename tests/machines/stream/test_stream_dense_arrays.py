"""Dense arrays that `stream` offers as opponents: in order, and the fastest of those that fit."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

import sparsesim as ss
from sparsesim.area.opponent import fastest, fits
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry
from sparsesim.area.work import DenseWork
from sparsesim.lowering import product
from sparsesim.machines.stream.area import dense_arrays as module
from sparsesim.machines.stream.area.dense_arrays import dense_arrays
from sparsesim.memory import ValueBits

WORK = (
    DenseWork("conv", product(1, 20, 100, 40), ValueBits(8, 8, 8), times=2),
    DenseWork("fc", product(1, 30, 1, 300), ValueBits(8, 8, 8), times=1),
)
BUDGET = Resources(lut=2500, ff=1000, dsp=60, bram36=150)


@pytest.fixture
def rivalry() -> Rivalry:
    """Beside an array of `stream`, on an xc7."""
    accelerator = ss.Accelerator(machine="stream")
    return Rivalry(WORK, accelerator, ss.Device.named("xc7z020"), "xc7", BUDGET)


def test_they_come_by_rising_least_time(rivalry: Rivalry) -> None:
    found = list(islice(dense_arrays(rivalry), 300))
    assert {one.accelerator.array.dense_streams for one in found} == {"weight", "activation"}
    assert all(one.least_seconds <= two.least_seconds for one, two in pairwise(found))
    for one in found[::30]:
        assert one.accelerator.skipping == "none"
        assert one.cycles(None) / (one.clock_mhz * 1e6) >= one.least_seconds


def test_the_fastest_is_the_fastest_of_all(rivalry: Rivalry) -> None:
    everyone = [one for one in dense_arrays(rivalry) if fits(one.resources(), BUDGET)]
    quickest = min(one.cycles(None) for one in everyone)
    found = fastest(dense_arrays(rivalry), BUDGET, 10_000)
    assert found.is_proven and found.cycles == quickest


def test_what_is_left_out_does_not_fit(rivalry: Rivalry, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = {one.accelerator for one in dense_arrays(rivalry)}
    monkeypatch.setattr(module, "_that_may_fit", lambda sizes, template, rivalry: sizes)
    every = list(dense_arrays(rivalry))
    left_out = [one for one in every if one.accelerator not in offered]
    assert len(offered) + len(left_out) == len(every) and len(left_out) > 100
    assert not any(fits(one.resources(), BUDGET) for one in left_out)
    assert any(fits(one.resources(), BUDGET) for one in every)


def test_without_a_known_area_there_are_none() -> None:
    accelerator = ss.Accelerator(machine="stream")
    rivalry = Rivalry(WORK, accelerator, ss.Device.named("xc7z020"), "xc7", BUDGET)
    if not accelerator.rules.parts(accelerator, "xc7"):
        assert list(dense_arrays(rivalry)) == []


def test_lanes_share_blocks_where_these_are_too_few() -> None:
    """In a block that takes two products alone; what is offered is priced with them."""
    accelerator = ss.Accelerator(machine="stream")
    many = Resources(lut=60_000, ff=100_000, dsp=60, bram36=200)
    for family, device in (("xcup", "xczu3eg"), ("xc7", "xc7z020")):
        rivalry = Rivalry(WORK, accelerator, ss.Device.named(device), family, many)
        found = list(islice(dense_arrays(rivalry), 2_000))
        shares = {one.accelerator.array.lanes_per_dsp for one in found}
        assert shares == ({1, 2} if family == "xcup" else {1})
        for one in found[::50]:
            array = one.accelerator.array
            assert one.resources().dsp <= many.dsp
            if array.lanes_per_dsp == 2:  # else it need not
                assert array.multipliers + 4 * array.units > many.dsp
    wide = accelerator.with_(act_bits=12, weight_bits=12)
    rivalry = Rivalry(WORK, wide, ss.Device.named("xczu3eg"), "xcup", many)
    assert {one.accelerator.array.lanes_per_dsp for one in dense_arrays(rivalry)} == {1}
