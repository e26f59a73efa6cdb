"""Whether the accelerator fits its device, and its clock its PE: shares by hand."""

from __future__ import annotations

import json
import statistics

import numpy as np
import pytest

import sparsesim as ss
from sparsesim import area
from sparsesim.estimator.on_device import device_warnings, on_device
from sparsesim.machines.inner_join.area.clock import clock as pe_clock
from sparsesim.machines.inner_join.area.clock import read_clocks

# LUT, FF, DSP of the data sheets; block RAM in blocks of 36 Kb.
THERE = {
    "xc7z020": ("xc7", 53_200, 106_400, 220, 140),
    "xczu3eg": ("xcup", 70_560, 141_120, 360, 216),
    "xczu9eg": ("xcup", 274_080, 548_160, 2_520, 912),
    "lfe5u-85f": ("ecp5", 83_640, 83_640, 156, 104),
}


@pytest.fixture(scope="module")
def trace(root) -> ss.Trace:
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:1]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


@pytest.mark.parametrize("name", THERE)
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (4, 4), (8, 8), (16, 16), (64, 64)])
def test_shares_are_what_it_takes_over_what_there_is(name, rows, cols):
    accelerator, device = ss.Accelerator(rows=rows, cols=cols), ss.Device.named(name)
    family, *there = THERE[name]
    found = on_device(accelerator, device)
    used = area.estimate(accelerator, family)
    taken = [used.lut, used.ff, used.dsp, used.bram36]
    assert found.family == family
    assert list(found.used.model_dump().values()) == taken
    assert list(found.available.model_dump().values()) == there
    assert list(found.shares.values()) == [a / b for a, b in zip(taken, there, strict=True)]
    assert found.fits == all(a <= b for a, b in zip(taken, there, strict=True))


def test_the_default_does_not_fit_a_small_zynq(trace):
    result = ss.estimate(trace, device="xc7z020")
    assert not result.on_device.fits
    assert result.on_device.shares["lut"] == pytest.approx(2.31, abs=0.01)
    # 256 PEs and four multipliers a column in post-processing: 320 of 220
    assert result.warnings[0] == "does not fit xc7z020: LUT 231.4 %, DSP 145.5 %"
    assert result.on_device.used.dsp == 16 * 16 + 16 * 4


@pytest.mark.parametrize("name", ["xc7z020-two_sided-middle", "lfe5u-85f-weight-large"])
def test_a_preset_fits_the_device_that_it_brings(trace, name):
    result = ss.estimate(trace, name)
    assert result.device["name"] == "-".join(name.split("-")[:-2])
    assert result.on_device.fits
    assert result.warnings == ()


def test_a_device_without_synthesis_says_so(trace):
    odd = ss.Device.named("xc7z020").with_(name="odd", family="Stratix")
    result = ss.estimate(trace, device=odd, iso_resource=True)
    assert result.on_device is None
    assert result.iso_resource is None
    assert result.warnings == (
        "not known whether it fits, nor compared at equal resources: odd: family 'Stratix' has no "
        "synthesis; use one of Zynq-7000, Artix-7, Kintex-7, Virtex-7, Spartan-7, "
        "Zynq UltraScale+, Virtex UltraScale+, Kintex UltraScale+, Artix UltraScale+, ECP5",
    )
    assert json.loads(result.model_dump_json())["on_device"] is None


def test_what_a_device_has_none_of():
    bare = ss.Device.named("xc7z020").with_(name="bare", dsp=0)
    one = ss.Accelerator(rows=1, cols=1)
    found = on_device(one, bare)
    assert found.shares["dsp"] is None
    assert not found.fits
    assert device_warnings(found, one, bare) == ("does not fit bare: DSP 5 of 0",)


def placed_mhz(scheme: str, window: int, lanes: int) -> float:
    return statistics.median(
        row.clock_mhz
        for row in read_clocks()
        if (row.part, row.skipping, row.window, row.lanes) == ("pe", scheme, window, lanes)
    )


@pytest.mark.parametrize(
    ("scheme", "window", "lanes"),
    [("two_sided", 16, 1), ("two_sided", 4, 1), ("weight", 16, 1), ("none", 1, 1)],
)
def test_a_clock_above_the_placed_pe_is_said(scheme, window, lanes):
    most = round(placed_mhz(scheme, window, lanes), 1)
    device = ss.Device.named("lfe5u-85f")
    slow = ss.Accelerator(
        rows=1, cols=1, skipping=scheme, window=window, lanes=lanes, clock_mhz=most
    )
    fast = slow.with_(clock_mhz=most + 0.1)
    assert device_warnings(on_device(slow, device), slow, device) == ()
    assert device_warnings(on_device(fast, device), fast, device) == (
        f"clock_mhz {most + 0.1:g} is above what its PE reaches: {most:g} MHz (its PE alone, "
        "placed, on ECP5)",
    )


def test_a_pe_that_was_never_placed_is_fitted():
    clock = pe_clock(ss.Accelerator(skipping="weight", window=24), "ecp5")
    assert clock.source == "its PE alone, fitted to placements of others, on ECP5"
    assert placed_mhz("weight", 16, 1) > clock.mhz > 100


@pytest.mark.parametrize(("window", "lanes"), [(16, 1), (8, 1), (4, 1), (8, 2), (16, 4)])
def test_on_amd_the_scale_is_the_default_pe(window, lanes):
    accelerator = ss.Accelerator(window=window, lanes=lanes)
    clock = pe_clock(accelerator, "xc7")
    scale = placed_mhz("two_sided", window, lanes) / placed_mhz("two_sided", 16, 1)
    assert clock.mhz == pytest.approx(200 * scale, abs=0.051)
    assert not clock.is_placed
    assert clock.source == "assumed: 200 MHz for inner_join's default PE, others scaled as on ECP5"
