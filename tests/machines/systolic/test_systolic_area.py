"""The area of systolic's parts, its clock, and its dense arrays beside another accelerator."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import sparsesim as ss
from sparsesim import area
from sparsesim.area.clock import ASSUMED_MHZ, ASSUMED_NS
from sparsesim.area.dense import total_cycles
from sparsesim.area.opponent import fastest, fits
from sparsesim.area.rivalry import Rivalry
from sparsesim.area.runs import read_runs, write_runs
from sparsesim.area.work import dense_work
from sparsesim.machines import machine_named
from sparsesim.machines.systolic.area import array, pe
from sparsesim.machines.systolic.area.dense_arrays import dense_arrays
from sparsesim.spec import Accelerator, Device
from sparsesim.synth.families import FAMILIES

DATAFLOWS = ("weight_stationary", "output_stationary")


@pytest.mark.parametrize("model", [pe.MODEL, array.MODEL], ids=lambda model: model.name)
def test_a_table_reads_as_it_was_written(model, tmp_path):
    write_runs(model.runs, tmp_path / "runs.csv")
    assert read_runs(tmp_path / "runs.csv", model.design) == model.runs
    assert (tmp_path / "runs.csv").read_bytes() == model.table.read_bytes()
    designs = [run.design for run in model.runs]
    assert len(set(designs)) == len(designs) >= 12


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("what", ["lut", "ff"])
def test_arrays_held_out_are_met(family, dataflow, what):
    error = array.MODEL.held_out_error((family, dataflow), what)
    assert error.points >= 10
    # A few small arrays of very different shapes: each held out is unlike the others.
    assert error.median <= (0.10 if what == "lut" else 0.20), error
    assert error.worst <= (0.40 if what == "lut" else 0.60), error


def test_block_ram_of_columns_is_exact():
    for run in array.MODEL.runs:
        assert run.bram36 == array.bram36(run.design), run.design
        assert run.dsp == 0


@pytest.mark.parametrize("family", ["xc7", "xcup"])
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_plain_pe_is_a_multiplier_block_without_luts(family, dataflow):
    found = {
        run.lut
        for run in pe.MODEL.runs
        if (run.design.family, run.design.dataflow, run.design.block) == (family, dataflow, 1)
    }
    assert found == {0}
    assert {run.dsp for run in pe.MODEL.runs} == {1}


def test_an_accelerator_is_the_sum_of_its_parts():
    accelerator = Accelerator(machine="systolic", rows=3, cols=5, units=2)
    parts = accelerator.rules.parts(accelerator, "xc7")
    assert [(part.words, part.times) for part in parts] == [
        ("PE", 15),
        ("operands' skew, sums' memories, drains, control", 1),
        ("post-processing, a unit", 2),
        ("weight decoder, a column", 5),
        ("activation decoder, a row", 3),
        ("output encoder, a unit", 2),
        ("on-chip buffers, computed", 1),
    ]
    found = area.estimate(accelerator, "xc7")
    assert found.lut == round(sum(part.times * part.resources.lut for part in parts))
    dense = accelerator.with_(activation_format="dense", weight_format="dense")
    assert not any("coder" in part.words for part in dense.rules.parts(dense, "xc7"))


def test_its_clock_is_placed_on_ecp5_and_assumed_elsewhere():
    for dataflow in DATAFLOWS:
        one = Accelerator(machine="systolic", dataflow=dataflow)
        assert one.rules.clock(one, "ecp5").is_placed
        assert not one.rules.clock(one, "xc7").is_placed
    start = Accelerator(machine="systolic")
    placed, assumed = (start.rules.clock(start, family) for family in ("ecp5", "xcup"))
    # As much above the anchor's 200 MHz as its period is below the anchor's.
    assert assumed.mhz == round(ASSUMED_MHZ * ASSUMED_NS / placed.placed_ns, 1) == 235.4


@pytest.fixture(scope="module")
def rivalry(root) -> Rivalry:
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:1]
    trace = ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)
    accelerator = Accelerator(rows=6, cols=5, window=8)
    budget = area.estimate(accelerator, "xc7")
    work = tuple(dense_work(trace, accelerator, (1,)))
    return Rivalry(work, accelerator, Device.named("xc7z020"), "xc7", budget)


def test_dense_arrays_come_by_rising_least_time_and_fit(rivalry):
    found = list(islice(dense_arrays(rivalry), 60))
    least = [one.least_seconds for one in found]
    assert least == sorted(least)
    for one in found:
        assert fits(one.resources(), rivalry.budget)
        own = one.accelerator
        assert (own.machine, own.skipping, own.weight_format) == ("systolic", "none", "dense")
        priced = area.estimate(own, "xc7")
        assert one.resources().rounded() == priced
    for one in found[::6]:
        cycles = one.cycles(None)
        assert one.least_seconds <= cycles / (one.clock_mhz * 1e6) * (1 + 1e-9)


def test_no_array_of_a_grid_is_faster_than_what_is_found(rivalry):
    """Also none with rows or columns that are not tried."""
    best = fastest(machine_named("systolic").dense_arrays(rivalry), rivalry.budget, 200)
    assert best.is_proven
    some = next(iter(dense_arrays(rivalry)))
    random = np.random.default_rng(0)
    for _ in range(150):
        cols = int(random.integers(1, 30))
        keys = {
            "rows": int(random.integers(1, 31)),
            "cols": cols,
            "units": int(random.integers(1, min(cols, 6) + 1)),
            "depth": int(random.choice([64, 128, 512])),
            "dataflow": DATAFLOWS[random.integers(2)],
        }
        one = some.accelerator.with_(**keys)
        if not fits(area.estimate(one, "xc7"), rivalry.budget):
            continue
        alike = next(
            a for a in dense_arrays(rivalry) if a.accelerator.array.dataflow == one.dataflow
        )
        cycles = total_cycles(rivalry.work, one, rivalry.device)
        assert cycles / (alike.clock_mhz * 1e6) >= best.seconds * (1 - 1e-9), keys
