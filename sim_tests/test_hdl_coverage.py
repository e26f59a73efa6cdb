"""hdl_coverage.py: Verilator's files are read, merged and shown; checked on a run and by hand."""

from __future__ import annotations

import os
from pathlib import Path

import hdl_coverage
import pytest
import simulation
from hdl_coverage import Point, is_stale, merged, missed, read_points, table

A = Point("/hdl/a.v", 3, 5, "line", "block")
A_ELSE = Point("/hdl/a.v", 4, 5, "branch", "else")
A_BIT = [Point("/hdl/a.v", 9, 2, "toggle", f"x_q[{bit}]:0->1") for bit in (0, 1)]
B = Point("/hdl/b.v", 1, 1, "line", "block")


def text(point: Point, count: int) -> str:
    """A line of Verilator's format."""
    pairs = {
        **{"f": point.file, "l": point.line, "n": point.column, "t": point.kind},
        **{"page": f"v_{point.kind}/a", "o": point.what, "h": "a.u_b"},
    }
    return "C '" + "".join(f"\x01{k}\x02{value}" for k, value in pairs.items()) + f"' {count}\n"


@pytest.fixture
def dat(tmp_path) -> Path:
    path = tmp_path / "run.dat"
    path.write_text("# SystemC::Coverage-3\n" + text(A, 7) + text(A_ELSE, 0) + text(A_BIT[0], 2))
    return path


def test_points_are_read(dat):
    assert read_points(dat) == {A: 7, A_ELSE: 0, A_BIT[0]: 2}


def test_what_is_no_point_is_refused(dat):
    dat.write_text(dat.read_text() + "D 12\n")
    with pytest.raises(ValueError) as caught:
        read_points(dat)
    assert str(caught.value) == f"{dat}:5: not a coverage point: D 12"


def test_a_point_is_reached_where_any_run_reached_it():
    counts = merged([{A: 1, A_ELSE: 0, A_BIT[0]: 0, A_BIT[1]: 0}, {A: 2, A_ELSE: 0, B: 1}])
    assert counts == {A: 3, A_ELSE: 0, A_BIT[0]: 0, A_BIT[1]: 0, B: 1}
    assert table(counts, ["a", "b", "c"]) == "\n".join(
        [
            "module  lines and branches     toggles",
            "a               1/2  50.0%  0/2   0.0%",
            "b               1/1 100.0%        none",
            "c                     none        none",
            "all             2/3  66.7%  0/2   0.0%",
        ]
    )
    assert missed(counts) == "a.v:4: branch else\na.v:9: toggle x_q[]:0->1 (2 bits)"


def test_runs_of_older_verilog_are_known(tmp_path, dat):
    verilog = tmp_path / "a.v"
    point = Point(str(verilog), 1, 1, "line", "block")
    assert is_stale(dat, [point])
    verilog.write_text("")
    os.utime(verilog, (1, 1))
    assert not is_stale(dat, [point])
    os.utime(dat, (0, 0))
    assert is_stale(dat, [point])


def test_a_run_counts_what_it_reached(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSESIM_COVERAGE", "1")
    monkeypatch.setattr(simulation, "COVERAGE_FOLDER", tmp_path)
    monkeypatch.syspath_prepend(Path(__file__).parent / "common")  # where the module's tests are
    simulation.run(
        "verilator", "sparsesim_delay", {"CYCLES": 1, "WIDTH": 2}, "test_sparsesim_delay", tmp_path
    )
    (dat,) = tmp_path.glob("*.dat")
    counts = {point: n for point, n in read_points(dat).items() if "unused" not in point.what}
    assert {Path(point.file).name for point in counts} == {"sparsesim_delay.v"}
    # By hand: one line (the clocked block), and two ways for each bit of clk_i, rst_ni, d_i, q_o,
    # stage (two words) and value_q: 1 + 1 + 2 + 2 + 4 + 2 = 12 bits.
    assert table(counts, ["sparsesim_delay"]).splitlines()[1].split() == [
        *("sparsesim_delay", "1/1", "100.0%", "24/24", "100.0%")
    ]
    assert hdl_coverage.missed(counts) == ""
