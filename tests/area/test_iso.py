"""The iso-resource baseline against the estimator itself, asked about every array that fits."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from numpy.random import default_rng

import sparsesim as ss
from sparsesim import area
from sparsesim.area.dense import dense_work, least_cycles, total_cycles
from sparsesim.area.iso import iso_resource
from sparsesim.spec.device import dram_bits_per_cycle

PLAIN = {
    "window": 1,
    "lanes": 1,
    "queue_depth": 2,
    "skipping": "none",
    "activation_format": "dense",
    "weight_format": "dense",
}


@pytest.fixture(scope="module")
def trace(root):
    """Two digits through the bundled model."""
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:2]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


@pytest.mark.parametrize("case", range(12))
def test_dense_cycles_are_the_estimators(trace, case):
    draw = default_rng(case)
    dense = ss.Accelerator(
        **PLAIN,
        rows=int(draw.integers(1, 40)),
        cols=int(draw.integers(1, 40)),
        feed_latency=1,
        loop_order=["filters_inner", "positions_inner"][case % 2],
        batch=[1, 2][case // 2 % 2],
        activation_buffer_kib=[128.0, 4.0][case // 4 % 2],
        clock_mhz=float(draw.integers(50, 500)),
    )
    device = ss.Device.named("xc7z020")
    result = ss.estimate(trace, dense, device)
    work = dense_work(trace, dense, result.per_image.images)
    exact = result.totals.cycles["none"].total
    assert total_cycles(work, dense, device) == exact
    assert total_cycles(work, dense, device, exact + 1) == exact
    assert total_cycles(work, dense, device, exact) is None
    bits_per_cycle = float(dram_bits_per_cycle(device, dense))
    least = least_cycles(work, np.array([dense.rows]), np.array([dense.cols]), bits_per_cycle)
    assert 0 < least[0] <= exact


@pytest.mark.parametrize(
    ("name", "family", "size"),
    [("xc7z020", "xc7", 4), ("xczu3eg", "xcup", 3), ("lfe5u-85f", "ecp5", 4)],
)
def test_no_array_that_fits_is_faster(trace, name, family, size):
    sparse = ss.Accelerator(rows=size, cols=size, window=8)
    device = ss.Device.named(name)
    result = ss.estimate(trace, sparse, device)
    found = iso_resource(trace, result, sparse, device, family)
    budget = area.estimate(sparse, family)
    assert found.budget.model_dump() == asdict(budget)
    best, fitting = None, 0
    for rows in range(1, 60):
        for cols in range(1, 60):
            dense = sparse.with_(**PLAIN, rows=rows, cols=cols, clock_mhz=found.clock_mhz)
            used = area.estimate(dense, family)
            most_dsp = budget.dsp + (rows // 2 * cols if family == "xcup" else 0)
            if used.lut > budget.lut or used.dsp > most_dsp or used.bram36 > budget.bram36:
                continue
            if used.dsp > budget.dsp:  # packed: its pairs' sums lie in LUTs
                pairs = used.dsp - budget.dsp
                if used.lut + pairs * _pair_luts() > budget.lut:
                    continue
            fitting += 1
            cycles = ss.estimate(trace, dense, device).totals.cycles["none"].total
            best = cycles if best is None else min(best, cycles)
    assert fitting > 10
    assert found.is_proven
    assert found.cycles == best
    assert found.seconds == best / (found.clock_mhz * 1e6)
    sparse_cycles = result.totals.cycles["two_sided"].total
    assert found.speedup == pytest.approx(
        found.seconds / (sparse_cycles / (sparse.clock_mhz * 1e6)), rel=1e-12
    )
    for what in ("lut", "dsp", "bram36"):
        assert getattr(found.used, what) <= getattr(budget, what)


def _pair_luts() -> float:
    from sparsesim.area.model import part_resources
    from sparsesim.area.table import Design

    return part_resources(Design("packed_sums", "xcup", acc_bits=32)).lut


def test_a_dense_pe_is_never_slower_in_its_clock(trace):
    sparse = ss.Accelerator()
    result = ss.estimate(trace, sparse)
    found = iso_resource(trace, result, sparse, ss.Device.named("xczu9eg"), "xcup")
    assert found.clock_mhz >= sparse.clock_mhz
    assert found.clock_source.endswith("the accelerator's, as the two PEs' clocks on ECP5")
    assert found.packed_pairs > 0


def test_nothing_where_not_even_a_pe_fits(trace, monkeypatch):
    sparse = ss.Accelerator()
    result = ss.estimate(trace, sparse)
    monkeypatch.setattr("sparsesim.area.iso.estimate", lambda *_: area.Resources(10, 10, 0, 1))
    assert iso_resource(trace, result, sparse, ss.Device.named("xczu9eg"), "xcup") is None
