"""Sweeps against single estimates; broken, changed and resumed ones against unbroken ones."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from small_sweeps import DIGITS, LENET, ROOT, SPACE, rows_of, small

import sparsesim as ss
from sparsesim.errors import SparseSimError, SpecError, TraceError
from sparsesim.spec import Accelerator, Device
from sparsesim.sweeps.measure import Job, Task
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.pool import Pool
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.spec import load_sweep
from sparsesim.sweeps.store import POINTS, Store
from sparsesim.sweeps.sweeping import sweep_into


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    """The small sweep, in one process."""
    folder = tmp_path_factory.mktemp("sweep") / "out"
    done = sweep_into(small(), folder)
    assert (done.measured, done.kept, done.missing, done.errors) == (16, 0, 0, {})
    return folder


def test_a_point_is_what_estimate_says(unbroken):
    graph = ss.load(LENET)
    inputs = ss.open_inputs(DIGITS, ss.input_specs(graph), images=1)
    trace = ss.execute(graph, inputs)
    for row in load_sweep_result(unbroken).rows[::3]:
        accelerator = Point.of(row.parameters).accelerator
        result = ss.estimate(trace, accelerator, Device.named(row.parameters["device"]))
        scheme = accelerator.skipping
        assert row.metrics["cycles"] == result.totals.cycles[scheme].total
        assert row.metrics["ms"] == result.totals.cycles[scheme].total / accelerator.clock_mhz / 1e3
        assert row.metrics["speedup"] == result.speedup[scheme]
        moved = result.totals.schemes[scheme].dram_bits
        assert row.metrics["dram_bytes"] == (moved.activation + moved.weight + moved.output) / 8
        with closing(Store(unbroken / POINTS)) as store:
            layers = store.details(row.key)["layers"]
        assert [layer["total"] for layer in layers] == [
            layer.cycles[scheme].total for layer in result.layers
        ]


def test_the_front_is_compared_with_dense_arrays_of_equal_resources(unbroken, tmp_path):
    graph = ss.load(LENET)
    inputs = ss.open_inputs(DIGITS, ss.input_specs(graph), images=1)
    trace = ss.execute(graph, inputs)
    result = load_sweep_result(unbroken)
    front = result.front.metric("iso_speedup")
    assert np.isfinite(front).all()
    assert np.isnan(result.rows.metric("iso_speedup")).sum() == len(result.rows) - len(front)
    row = result.front[0]
    point = Point.of(row.parameters)
    assert point.key == row.key
    device = Device.named(row.parameters["device"])
    whole = ss.estimate(trace, point.accelerator, device, iso_resource=True)
    assert row.metrics["iso_speedup"] == whole.iso_resource.speedup
    with closing(Store(unbroken / POINTS)) as store:
        dense = store.details(row.key)["iso"]
    assert dense["ms"] == whole.iso_resource.seconds * 1e3

    asked = small(objectives=["iso_speedup"], space=SPACE | {"rows": [4]})
    done = sweep_into(asked, tmp_path / "all")
    again = sweep_into(small(space=SPACE | {"rows": [4]}), tmp_path / "all")
    assert np.isfinite(load_sweep_result(tmp_path / "all").rows.metric("iso_speedup")).all()
    assert (done.measured, again.measured) == (8, 0)


def test_again_measures_nothing(unbroken):
    before = rows_of(unbroken)
    done = sweep_into(small(), unbroken)
    assert (done.measured, done.kept, done.stale) == (0, 16, 0)
    assert rows_of(unbroken) == before


def test_several_processes_give_the_same(unbroken, tmp_path):
    sweep_into(small(), tmp_path / "two", workers=2)
    assert rows_of(tmp_path / "two") == rows_of(unbroken)


def test_a_changed_space_keeps_what_is_there(unbroken, tmp_path):
    folder = tmp_path / "grown"
    sweep_into(small(space=SPACE | {"rows": [4]}), folder)
    done = sweep_into(small(), folder)
    assert (done.measured, done.kept) == (8, 8)
    assert rows_of(folder) == rows_of(unbroken)
    done = sweep_into(small(space=SPACE | {"rows": [8]}), folder)
    assert (done.measured, done.kept) == (0, 8)
    assert len(load_sweep_result(folder).rows) == 8  # the others are kept, but not this sweep's
    with closing(sqlite3.connect(folder / POINTS)) as file:
        assert file.execute("SELECT COUNT(*) FROM points").fetchone() == (16,)


def test_points_of_other_code_are_measured_again(tmp_path, monkeypatch):
    space = {"rows": [4], "cols": [4, 8]}
    sweep_into(small(space=space), tmp_path / "out")
    before = rows_of(tmp_path / "out")
    monkeypatch.setattr("sparsesim.sweeps.traces.code_sha256", lambda: "other")
    done = sweep_into(small(space=space), tmp_path / "out")
    assert (done.measured, done.kept, done.stale) == (2, 0, 2)
    after = rows_of(tmp_path / "out")
    assert [row[0] for row in after] == [row[0] for row in before]
    assert [row[1] for row in after] != [row[1] for row in before]
    assert [row[2:] for row in after] == [row[2:] for row in before]


def test_a_failing_point_is_told_and_the_others_go_on(tmp_path):
    space = {"rows": [4], "cols": [4], "output_buffer_kib": [0.001, 64]}
    done = sweep_into(small(space=space), tmp_path / "out")
    assert done.measured == 2
    (error,) = done.errors.values()
    assert error.startswith("conv1: one tile of 4 x 4 outputs needs")
    result = load_sweep_result(tmp_path / "out")
    assert (len(result.measured), len(result.failed)) == (1, 1)
    again = sweep_into(small(space=space), tmp_path / "out")  # it is tried again
    assert (again.measured, again.kept) == (1, 1)


def test_constraints_and_objectives_choose_the_front(unbroken):
    result = load_sweep_result(unbroken)
    assert result.varying == ("rows", "cols", "queue_depth", "skipping", "clock_mhz")
    metrics = [(row.metrics["ms"], row.metrics["lut"]) for row in result.measured]
    best = {
        pair
        for pair in metrics
        if not any(a <= pair[0] and b <= pair[1] and (a, b) != pair for a, b in metrics)
    }
    assert {(row.metrics["ms"], row.metrics["lut"]) for row in result.front} == best
    assert result.front[0].metrics["ms"] == min(ms for ms, _ in metrics)


def test_time_that_runs_out_leaves_points_for_the_next_time(unbroken, tmp_path):
    done = sweep_into(small(seconds=1e-9), tmp_path / "out")
    assert (done.measured, done.missing) == (0, 16)
    assert load_sweep_result(tmp_path / "out").missing == 16
    sweep_into(small(), tmp_path / "out")
    assert rows_of(tmp_path / "out") == rows_of(unbroken)


def test_a_killed_sweep_goes_on_to_the_same_end(unbroken, tmp_path):
    spec = tmp_path / "small.toml"
    spec.write_text(
        f"[[networks]]\nmodel = '{LENET}'\ninputs = '{DIGITS}'\nimages = 1\n[space]\n"
        + "".join(f"{key} = {values}\n" for key, values in SPACE.items())
    )
    folder = tmp_path / "out"
    words = [sys.executable, "-m", "sparsesim", "sweep", str(spec), "-o", str(folder), "--workers"]
    for workers in ("1", "2"):
        running = subprocess.Popen(
            [*words, workers],
            env=os.environ | {"SWEEP_MARK": str(spec)},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        before = measured(folder)
        deadline = time.monotonic() + 120
        while measured(folder) <= before and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
    deadline = time.monotonic() + 20  # its processes end with it
    while (left := marked_processes(str(spec))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left
    assert 0 < measured(folder) <= 16
    sweep_into(small(), folder)
    assert rows_of(folder) == rows_of(unbroken)


def test_ctrl_c_says_how_to_go_on(tmp_path):
    spec = tmp_path / "s.toml"
    spec.write_text(
        f"fit = false\n[[networks]]\nmodel = '{LENET}'\ninputs = '{DIGITS}'\n[space]\n"
        "rows = { from = 1, to = 400 }\n"
    )
    words = [sys.executable, "-m", "sparsesim", "sweep", "s.toml", "-o", "out"]
    running = subprocess.Popen(
        words,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hearing_ctrl_c,
    )
    deadline = time.monotonic() + 120
    while measured(tmp_path / "out") == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does it: to all of them
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said == "interrupted; go on: sparsesim sweep s.toml -o out\n"
    assert 0 < measured(tmp_path / "out") < 400


def hearing_ctrl_c() -> None:
    """What a shell begins in the background ignores Ctrl-C, and these tests may be so begun."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def marked_processes(mark: str) -> list[str]:
    """Processes begun with this mark in their environment; none where there is no /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"SWEEP_MARK={mark}".encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def measured(folder: Path) -> int:
    """Points in the file, while another process writes it."""
    if not (folder / POINTS).is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{folder / POINTS}?mode=ro", uri=True)) as file:
            return int(file.execute("SELECT COUNT(*) FROM points").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are being made
        return 0


def test_points_are_made_some_at_a_time_and_reports_know_how_many_are_missing(
    unbroken, tmp_path, monkeypatch
):
    monkeypatch.setattr("sparsesim.sweeps.engines.listed._AT_ONCE", 5)
    folder, seen = tmp_path / "out", []

    def look(label: str, done: int, total: int) -> None:
        if label == "measuring":
            seen.append((done, total, load_sweep_result(folder).missing))

    sweep_into(small(), folder, progress=look)
    assert rows_of(folder) == rows_of(unbroken)
    assert seen and all(missing == 16 - done for done, _, missing in seen)
    stopped = sweep_into(small(seconds=1e-9), tmp_path / "stopped")
    assert (stopped.missing, load_sweep_result(tmp_path / "stopped").missing) == (16, 16)


def test_a_process_that_dies_costs_time_only(unbroken, tmp_path):
    killed = []

    def kill(label: str, done: int, total: int) -> None:
        if label == "measuring" and not killed:
            victim = multiprocessing.active_children()[0]
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    done = sweep_into(small(), tmp_path / "out", workers=2, progress=kill)
    assert killed and (done.measured, done.errors) == (16, {})
    assert rows_of(tmp_path / "out") == rows_of(unbroken)


class Poison:
    """Kills the process that unpacks it."""

    def __reduce__(self):
        return os._exit, (1,)


def test_a_point_that_kills_its_process_is_given_up(unbroken):
    (path,) = (unbroken / "traces").iterdir()
    good = Job("good", Accelerator(rows=4, cols=4), Device.named("xc7z020"), 0)
    bad = Job("bad", Poison(), Device.named("xc7z020"), 0)  # type: ignore[arg-type]
    tasks = iter([Task(path, (good,)), Task(path, (bad,)), Task(path, (good,))])
    with closing(Pool(1)) as pool:
        outcomes = [one for some in pool.run(tasks) for one in some]
    assert sorted((one.key, one.error) for one in outcomes) == [
        ("bad", "its process died 3 times"),
        ("good", ""),
        ("good", ""),
    ]


def test_two_sweeps_do_not_write_into_one_folder(tmp_path):
    from sparsesim.sweeps.sweeping import _alone

    (tmp_path / "out").mkdir()
    with _alone(tmp_path / "out"), pytest.raises(SparseSimError, match="another sweep writes here"):
        sweep_into(small(), tmp_path / "out")


def test_an_empty_space_says_what_emptied_it(tmp_path):
    with pytest.raises(SpecError) as caught:
        sweep_into(small(conditions=["rows > 100"]), tmp_path / "out")
    assert str(caught.value) == ("the space is empty: of 16 combinations 'rows > 100' cuts 16")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["text", "other", "version", "damaged"])
def test_a_file_that_is_none_stays_as_it_is(unbroken, tmp_path, what):
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / POINTS
    if what == "text":
        path.write_text("hello, this is no database at all")
    elif what == "other":
        with closing(sqlite3.connect(path)) as file:
            file.execute("CREATE TABLE t (x)")
    elif what == "version":
        path.write_bytes((unbroken / POINTS).read_bytes())
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 99")
    else:
        octets = bytearray((unbroken / POINTS).read_bytes())
        octets[4096:20480] = bytes(range(256)) * 64
        path.write_bytes(octets)
    before = path.read_bytes()
    with pytest.raises(TraceError, match="it was left as it is: move it away"):
        sweep_into(small(), folder)
    assert path.read_bytes() == before


def test_thresholds_are_an_axis_and_points_do_not_depend_on_where_files_lie(tmp_path, monkeypatch):
    text = (ROOT / "models_onnx" / "lenet_sweep.toml").read_text()
    text = text.replace("images = 10", "images = 1")
    keys = []
    for folder, where in ((tmp_path / "here", ""), (tmp_path / "there" / "deep", "deep/")):
        folder.mkdir(parents=True)
        for name in ("lenet.onnx", "mnist_test_300.npz", "lenet_thresholds.toml"):
            shutil.copy(ROOT / "models_onnx" / name, folder)
        (folder / "s.toml").write_text(text)
        monkeypatch.chdir(folder if not where else folder.parent)
        spec = load_sweep(f"{where}s.toml").with_(space={"rows": [4], "cols": [4]})
        sweep_into(spec, tmp_path / f"out{len(keys)}")
        rows = load_sweep_result(tmp_path / f"out{len(keys)}").rows
        assert [row.parameters["thresholds"] for row in rows] == ["none", "lenet_thresholds"]
        assert rows[1].metrics["cycles"] < rows[0].metrics["cycles"]
        assert rows[1].metrics["output_error"] > 0 and rows[0].metrics["output_error"] is None
        keys.append([(row.key, row.hash) for row in rows])
    assert keys[0] == keys[1]


def test_the_library_gives_a_data_frame(unbroken):
    frame = ss.sweep(small(), unbroken, workers=1)
    assert frame.shape[0] == 16
    result = load_sweep_result(unbroken)
    assert frame["cycles"].to_list() == [row.metrics["cycles"] for row in result.rows]
    assert frame.filter(frame["on_front"])["ms"].min() == frame["ms"].min()
    assert frame["on_front"].sum() == len(result.front)
