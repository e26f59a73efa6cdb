"""The fitted area model: what it was fitted to, how far it is off, and that it stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sparsesim import area
from sparsesim.area.clock import dense_clock, fitted_period_ns, pe_clock, pe_period_ns, read_clocks
from sparsesim.area.estimate import parts_of
from sparsesim.area.features import stored_luts
from sparsesim.area.model import held_out_error, part_resources
from sparsesim.area.table import Design, read_table, write_table
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES

PE = Design("pe", "xc7", "two_sided", 16, 1, 4, 0, 9, 8, 32)


def test_the_table_has_no_design_twice():
    designs = [run.design for run in read_table()]
    assert len(set(designs)) == len(designs) > 200


def test_the_table_reads_as_it_was_written(tmp_path):
    write_table(read_table(), tmp_path / "runs.csv")
    assert read_table(tmp_path / "runs.csv") == read_table()


@pytest.mark.parametrize("family", FAMILIES)
def test_memories_in_luts_are_exact(family):
    # Beyond the queues there are only shift registers: one or two bits that travel with a sum.
    deepest = 16 if family == "ecp5" else 64
    over = {
        run.lut_ram - stored_luts(run.design)
        for run in read_table()
        if run.design.part == "pe"
        and run.design.family == family
        and 1 < run.design.queue_depth <= deepest
    }
    assert min(over) >= 0 and max(over) <= 3


def test_a_pe_has_a_multiplier_a_lane():
    for run in read_table():
        if run.design.part == "pe":
            assert run.dsp == min(run.design.lanes, run.design.window), run.design


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("part", "skipping", "median", "worst"),
    [
        *(("pe", scheme, 0.05, 0.35) for scheme in SCHEMES),
        ("array", "", 0.10, 0.40),
        ("postprocess", "", 0.10, 0.40),
        ("decoder", "", 0.15, 0.60),
    ],
)
@pytest.mark.parametrize("what", ["lut", "ff"])
def test_points_held_out_are_met(family, part, skipping, what, median, worst):
    error = held_out_error(part, family, skipping, what)
    assert error.points >= 8
    assert error.median <= median, error
    assert error.worst <= worst, error


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("what", ["lut", "ff"])
def test_dense_pes_of_a_whole_window_are_met(family, what):
    error = held_out_error("pe", family, "none", what, is_dot=True)
    assert error.points >= 30
    assert error.median <= 0.02, error
    # ECP5's one run with queues of several memories, held out, is like no other.
    assert error.worst <= (0.30 if family == "ecp5" else 0.03), error


@pytest.mark.parametrize("family", FAMILIES)
def test_lanes_of_a_dense_pe_are_cheaper_together(family):
    def each(lanes: int) -> float:
        return (
            part_resources(Design("pe", family, "none", lanes, lanes, 4, 0, 9, 8, 32)).lut / lanes
        )

    assert each(2) > each(4) > each(8) > each(16)


def test_more_of_anything_costs_more():
    base = part_resources(PE)
    for change in ({"window": 32}, {"lanes": 2}, {"queue_depth": 64}, {"act_bits": 12}):
        values = {**vars(PE), **change}
        assert part_resources(Design(**values)).lut > base.lut, change
    assert part_resources(Design(**{**vars(PE), "skipping": "none"})).lut < base.lut


def test_an_accelerator_is_the_sum_of_its_parts():
    accelerator = Accelerator(rows=3, cols=5)
    parts = {(d.part, d.act_bits): times for d, times in parts_of(accelerator, "xc7")}
    assert parts == {
        ("pe", 9): 15,
        ("array", 9): 1,
        ("postprocess", 0): 5,
        ("decoder", 8): 3,
        ("decoder", 9): 5,
    }
    found = area.estimate(accelerator, "xc7")
    post = part_resources(Design("postprocess", "xc7", window=16, acc_bits=32))
    assert found.dsp == 15 + 5 * post.dsp
    assert found.lut > 15 * part_resources(PE).lut


def test_lanes_beyond_the_window_cost_nothing():
    few, many = Accelerator(window=4, lanes=4), Accelerator(window=4, lanes=200)
    assert area.estimate(few, "xcup") == area.estimate(many, "xcup")


def test_an_unknown_family():
    with pytest.raises(KeyError) as error:
        area.estimate(Accelerator(), "ecp3")
    assert error.value.args == ("no run of pe ecp3 two_sided in the table",)


def test_fitted_periods_are_near_the_placed_ones():
    for row in read_clocks():
        if row.part == "pe":
            period = fitted_period_ns(row.skipping, row.window, row.lanes)
            assert period == pytest.approx(1000 / row.clock_mhz, rel=0.3), row


def test_a_pe_that_was_placed_has_its_own_clock():
    clocks = [r.clock_mhz for r in read_clocks() if (r.skipping, r.window) == ("none", 1)]
    assert pe_period_ns("none", 1, 1) == 1000 / sorted(clocks)[len(clocks) // 2]


def test_the_dense_clock_says_where_it_is_from():
    sparse = Accelerator(clock_mhz=100.0)
    dense = Accelerator(skipping="none", window=1)
    mhz, words = dense_clock(sparse, dense, "ecp5")
    ratio = pe_period_ns("two_sided", 16, 1) / pe_period_ns("none", 1, 1)
    assert mhz == pytest.approx(100 * ratio)
    assert words == f"{ratio:.2f} x the accelerator's, as the two PEs' clocks"
    assert dense_clock(dense.with_(clock_mhz=100.0), dense, "xc7")[0] == 100.0


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("clock_mhz", [300.0, 397.0, 1e6])
def test_a_dense_clock_is_none_that_its_pe_never_reached(lanes, clock_mhz):
    dense = Accelerator(skipping="none", window=lanes, lanes=lanes)
    seeds = sorted(
        row.clock_mhz
        for row in read_clocks()
        if (row.part, row.skipping, row.window, row.lanes) == ("pe", "none", lanes, lanes)
    )
    mhz, words = dense_clock(Accelerator(clock_mhz=clock_mhz), dense, "ecp5")
    assert mhz == round(seeds[1], 1)
    assert words == "no more than its PE reaches (its PE alone, placed, on ECP5)"
    assert pe_clock(dense, "ecp5").mhz == mhz


def test_estimating_loads_nothing_heavy():
    code = (
        "import sys; from sparsesim import area; from sparsesim.spec import Accelerator; "
        "area.estimate(Accelerator(), 'xcup'); "
        "print([m for m in ('numba', 'onnx', 'onnxruntime', 'pyosys') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
