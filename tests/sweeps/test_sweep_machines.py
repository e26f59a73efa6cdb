"""Several machines in one sweep: each has the axes of its own keys, and conditions know it."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from small_sweeps import ROOT, rows_of, small

from sparsesim.errors import SpecError
from sparsesim.machines import found, machine_named, register_machine
from sparsesim.report.console import plain
from sparsesim.report.sweep import sweep_text
from sparsesim.report.sweep_html import sweep_html
from sparsesim.report.sweep_machines import short_names
from sparsesim.report.sweep_markdown import sweep_markdown
from sparsesim.report.sweep_tables import accelerator_toml
from sparsesim.spec import Accelerator
from sparsesim.sweeps.engines import engine_of
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import load_sweep_result, open_details
from sparsesim.sweeps.space import Left, Space
from sparsesim.sweeps.spec import SweepSpec, load_sweep
from sparsesim.sweeps.store import POINTS
from sparsesim.sweeps.sweeping import sweep_into

TOY = f"{ROOT / 'tests' / 'machines' / 'toy.py'}:Toy"
SPARSE = TOY.replace(":Toy", ":Sparse")
TWO = {
    "machine": ["inner_join", TOY],
    "rows": [4, 8],
    "multipliers": [4, 8, 16],
    "skipping": ["none", "two_sided", "nonzero_weights"],
    "batch": [1, 2],
}


def test_each_machine_has_the_axes_of_its_own_keys_and_the_schemes_that_it_has():
    space = Space(small(space=TWO))
    points = list(space.points())
    assert space.size == len(points) == len({point.key for point in points}) == 8 + 6
    own = [point.parameters for point in points if point.parameters["machine"] == TOY]
    assert len(own) == 6
    assert {one["skipping"] for one in own} == {"nonzero_weights"}
    assert all("rows" not in one and one["width"] == 4 for one in own)
    other = [point.parameters for point in points if point.parameters["machine"] == "inner_join"]
    assert {one["skipping"] for one in other} == {"none", "two_sided"}
    assert all("multipliers" not in one for one in other)
    assert [Point.of(point.parameters).key for point in points] == [one.key for one in points]


def test_a_start_of_one_machine_is_kept_on_it_alone():
    start = {"machine": TOY, "width": 7, "batch": 3}
    spec = small(accelerator=start, space={"machine": ["inner_join", TOY]})
    first, second = Space(spec).points()
    assert (first.accelerator.machine, first.accelerator.batch) == ("inner_join", 3)
    assert (second.accelerator.width, second.accelerator.skipping) == (7, "nonzero_weights")
    assert "rows" not in small(accelerator=start, space={}).keys


@pytest.mark.parametrize(
    ("condition", "inner_join", "toy"),
    [
        ("rows == cols", [16], True),
        ("rows > 4 and batch == 1", [8, 16], True),
        ("machine == 'inner_join' and rows == 8", [8], False),
        ("rows == 8 and machine == 'inner_join'", [8], False),
        ("rows == 8 or machine != 'inner_join'", [8], True),
        ("not (rows == 4 and machine == 'inner_join')", [8, 16], True),
        ("multipliers > 8", [4, 8, 16], False),
    ],
)
def test_a_key_that_a_machine_lacks_breaks_no_condition(condition, inner_join, toy):
    space = {"machine": ["inner_join", TOY], "rows": [4, 8, 16], "multipliers": 8}
    points = list(Space(small(space=space, conditions=[condition])).points())
    rows = [p.accelerator.rows for p in points if p.accelerator.machine == "inner_join"]
    assert rows == inner_join
    assert any(p.accelerator.machine == TOY for p in points) == toy


def test_a_comparison_of_what_is_lacking_is_neither_true_nor_false():
    def holds(text: str) -> bool:
        return Expression.read(text, ["a", "b", "gone"]).holds({"a": 1, "b": 2})

    assert holds("gone > 3") and holds("not gone > 3") and holds("a < gone < b")
    assert holds("gone > 3 and a == 1") and not holds("gone > 3 and a == 2")
    assert not holds("a == 2 and gone > 3") and holds("a == 2 or gone > 3")
    assert not holds("not (a == 1 or gone > 3)") and holds("a == 1 or gone > 3")
    assert not Expression.read("gone > 3 and a > 1", ["a", "gone"]).holds({"a": None})


@pytest.mark.parametrize(
    ("space", "line"),
    [
        ({"multipliers": [4]}, "space: unknown parameter 'multipliers'; use one of "),
        ({"machine": [TOY], "rows": [4]}, "space: unknown parameter 'rows'; use one of machine, "),
        ({"machine": ["inner_joint"]}, "machine 'inner_joint' is unknown; did you mean 'inner_joi"),
        ({"machine": "inner_join", "datapath": "inner_join"}, "space: 'datapath' is now 'machine'"),
        (TWO | {"skipping": "fast"}, "skipping 'fast' is unknown; use one of none, activation, "),
        (TWO | {"rows": [8, 2000]}, "rows 2000 is out of range; use 1 to 1024"),
        (TWO | {"skipping": "none"}, f"space.skipping: machine '{TOY}' takes none of its values"),
    ],
)
def test_wrong_spaces(space, line):
    with pytest.raises(SpecError) as caught:
        Space(small(space=space))
    assert str(caught.value).startswith(line)


def test_what_machine_was_called_is_understood(tmp_path):
    spec = small(space={"datapath": ["inner_join"], "rows": [4]})
    assert spec.space == {"machine": ["inner_join"], "rows": [4]}


def test_the_accelerators_file_lies_beside_the_sweeps(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "own.toml").write_text(f"machine = {json.dumps(TOY)}\nwidth = 5\n")
    (tmp_path / "there" / "s.toml").write_text(
        "accelerator = 'own.toml'\nconditions = ['width < multipliers']\n[[networks]]\n"
        "model = 'a.onnx'\ninputs = 'random'\n[space]\nmultipliers = [4, 8]\n"
    )
    monkeypatch.chdir(tmp_path)
    spec = load_sweep("there/s.toml")
    assert spec.accelerator == "there/own.toml"
    assert [p.accelerator.multipliers for p in Space(spec.with_(fit=False)).points()] == [8]


@pytest.mark.parametrize("engine", ["tpe", "nsga2"])
def test_engines_that_learn_choose_among_machines(engine):
    spec = small(space=TWO, engine=engine, points=10)
    asked, left = [], Left()
    guided = engine_of(Space(spec), left)
    while points := guided.ask():
        asked += points
        guided.tell((point, {"ms": 1.0, "lut": 5.0}) for point in points)
    assert len({point.key for point in asked}) == 10
    assert {point.accelerator.machine for point in asked} == {"inner_join", TOY}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A sweep of three machines, one of them without a dense mode."""
    space = TWO | {"machine": ["inner_join", TOY, SPARSE], "batch": 1}
    space["skipping"] = [*TWO["skipping"], "nonzero_pairs"]
    out = tmp_path_factory.mktemp("sweep") / "out"
    done = sweep_into(small(space=space, constraints=["rows >= 4", "ms < 1000"]), out)
    assert (done.measured, done.errors) == (4 + 3 + 3, {})
    return out


def test_other_processes_find_a_machine_by_its_file(tmp_path):
    spec = small(space={"machine": ["inner_join", TOY], "multipliers": [4, 8], "rows": 4})
    sweep_into(spec, tmp_path / "two", workers=2)
    sweep_into(spec, tmp_path / "one")
    assert rows_of(tmp_path / "two") == rows_of(tmp_path / "one")


def test_a_machine_of_this_process_alone_is_measured_here(tmp_path, monkeypatch):
    monkeypatch.setattr(found, "_made", dict(found._made))
    mine = type("Mine", (type(machine_named(TOY)),), {"name": "mine"})
    register_machine(mine())
    spec = small(space={"machine": "mine", "multipliers": [4, 8]})
    with pytest.raises(SpecError) as caught:
        sweep_into(spec, tmp_path / "out", workers=2)
    assert str(caught.value) == (
        "machine 'mine' is registered in this process alone; name its file (file.py:NAME), or "
        "measure in one process"
    )
    assert sweep_into(spec, tmp_path / "out").measured == 2


def test_points_of_several_machines_stand_in_one_table(folder):
    result = load_sweep_result(folder)
    assert result.varying[:2] == ("machine", "rows")
    by_machine = {row.parameters["machine"]: row for row in result.rows}
    assert "rows" not in by_machine[TOY].parameters and by_machine[TOY].metrics["speedup"] > 0
    assert by_machine[SPARSE].metrics["speedup"] is None
    assert len(result.answers) == 10
    columns = result.columns()
    assert columns["rows"][-1] is None and columns["multipliers"][0] is None
    with open_details(folder) as details:
        layers = details(by_machine[SPARSE].key)["layers"]
        assert {layer["none"] for layer in layers} == {None}
        assert {name for layer in layers for name in layer["classes"]} <= {
            "useful",
            "left_over",
            "starting",
        }
        assert all(abs(sum(la["classes"].values()) - la["compute"]) < 1e-6 for la in layers)


def test_reports_show_several_machines(folder):
    result = load_sweep_result(folder)
    assert sweep_text(result) is not None
    assert "toy.py:Toy" in sweep_markdown(result)
    with open_details(folder) as details:
        assert "toy.py:Sparse" in sweep_html(result, details)


def test_a_table_of_several_machines_tells_arrays_in_one_column_and_cuts_no_number(tmp_path):
    space = {
        "machine": ["inner_join", "systolic", "stream", "broadcast"],
        "rows": [4, 8],
        "cols": 8,
        "inner_join": {"window": [4, 8]},
        "systolic": {"n_of_m": ["none", "2:4"]},
        "stream": {"lanes": [8, 16]},
        "broadcast": {"pes": [8, 16], "units": [1, 4]},
    }
    sweep_into(small(space=space, objectives=["lut", "ms", "dsp"]), tmp_path / "out")
    text = plain(sweep_text(load_sweep_result(tmp_path / "out")))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in text and "pes -" not in text
    head = next(line for line in lines if "array" in line)
    assert head.split()[:4] == ["machine", "scheme", "array", "lut"]
    told = {line.split()[0]: line for line in lines if line.split()[:1]}
    assert "8x16" in told["stream"] or "4x8" in told["stream"]
    assert "n:m none" in told["systolic"]
    assert "PEs 8, units" in told["broadcast"] or "PEs 16, units" in told["broadcast"]


def test_an_accelerator_of_any_machine_leaves_a_sweep_as_a_file(folder, tmp_path):
    for row in load_sweep_result(folder).rows:
        (tmp_path / "one.toml").write_text(accelerator_toml(row, "out"))
        kept = Accelerator.from_toml(tmp_path / "one.toml")
        assert kept.flat() == Point.of(row.parameters).accelerator.flat()


def test_what_earlier_versions_kept_is_read(tmp_path):
    out = tmp_path / "out"
    sweep_into(small(space={"rows": [4, 8]}), out)
    now = load_sweep_result(out)
    keys = now.rows.keys()
    with open_details(out) as details:
        before = [details(key) for key in keys]
    with closing(sqlite3.connect(out / POINTS)) as file, file:
        for key, parameters, packed in file.execute("SELECT key, parameters, details FROM points"):
            old = {
                "datapath" if k == "machine" else k: v for k, v in json.loads(parameters).items()
            }
            kept = json.loads(zlib.decompress(packed))
            if kept["iso"]:
                del kept["iso"]["machine"]
                kept["iso"] |= kept["iso"].pop("array")
            file.execute(
                "UPDATE points SET parameters = ?, details = ? WHERE key = ?",
                (json.dumps(old), zlib.compress(json.dumps(kept).encode()), key),
            )
        about = json.loads(file.execute("SELECT value FROM sweep").fetchone()[0])
        about["spec"]["accelerator"] = "gone/array.toml"
        about["spec"]["space"]["datapath"] = "inner_join"
        file.execute("UPDATE sweep SET value = ?", (json.dumps(about),))
    again = load_sweep_result(out)
    assert again.spec.space == {"rows": [4, 8], "machine": "inner_join"}
    assert [row.parameters for row in again.rows] == [row.parameters for row in now.rows]
    assert again.varying == now.varying and again.front.keys() == now.front.keys()
    with open_details(out) as details:
        kept = [details(key) for key in keys]
    for one, other in zip(kept, before, strict=True):
        own = {k: other["iso"]["array"][k] for k in ("rows", "cols", "window", "lanes")}
        assert one["iso"]["array"].items() >= own.items()
        assert {k: v for k, v in one.items() if k != "iso"} == {
            k: v for k, v in other.items() if k != "iso"
        }
    assert isinstance(again.spec, SweepSpec)


def test_keys_that_do_not_go_together_are_left_out():
    """More units than rows; each value is right by itself, though not beside the defaults."""
    axes = {"machine": "stream", "rows": [2, 8], "units": [1, 8], "lanes": 4, "skipping": "weight"}
    left = Left()
    points = list(Space(small(space=axes, fit=False)).points(left))
    found = [(point.accelerator.rows, point.accelerator.units) for point in points]
    assert sorted(found) == [(2, 1), (8, 1), (8, 8)]
    assert left.broken == {"keys that go together": 1}
    with pytest.raises(SpecError) as error:
        Space(small(space=axes | {"rows": [2, 0]}))
    assert str(error.value) == "rows 0 is out of range; use 1 to 1024"


def test_a_narrow_table_calls_a_key_as_all_its_machines_do():
    """`rows` and `cols` are PEs of two machines, but `rows` is something else to the third."""
    named = [machine_named(name) for name in ("inner_join", "systolic", "stream")]
    assert short_names(tuple(named[:1]))["cols"] == "PEs"
    two = short_names(tuple(named[:2]))
    assert (two["rows"], two["cols"]) == ("PEs", "PEs")
    three = short_names(tuple(named))
    assert not {"rows", "cols", "lanes"} & three.keys()
    assert three["window"] == "win."
