"""Engines ask for points of the space, and for the same ones however they are measured."""

from __future__ import annotations

import sys

import pytest
from small_sweeps import SPACE, rows_of, small

from sparsesim.errors import SpecError
from sparsesim.sweeps.engines import engine_of
from sparsesim.sweeps.metrics import COSTLY
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.space import Left, Space
from sparsesim.sweeps.sweeping import sweep_into


def played(spec, measure):
    """Points that an engine asks for, batch by batch, where `measure` says what comes of them."""
    engine = engine_of(Space(spec), Left())
    batches = []
    while points := engine.ask():
        batches.append([point.key for point in points])
        engine.tell([(point, measure(point)) for point in points])
    return batches


def area_and_depth(point):
    """Two objectives that pull apart."""
    accelerator = point.accelerator
    return {
        "ms": 100 / (accelerator.rows * accelerator.cols),
        "lut": accelerator.rows + accelerator.cols,
    }


WIDE = {
    "rows": {"from": 1, "to": 16},
    "cols": {"from": 1, "to": 16},
    "skipping": ["none", "weight"],
}


@pytest.mark.parametrize("name", ["random", "tpe", "nsga2"])
def test_an_engine_asks_for_different_points_up_to_its_budget(name):
    spec = small(space=WIDE, engine=name, points=30, fit=False, conditions=["rows <= cols"])
    batches = played(spec, area_and_depth)
    keys = [key for batch in batches for key in batch]
    assert len(keys) == len(set(keys)) == 30
    assert set(keys) <= {point.key for point in Space(spec).points()}
    assert played(spec, area_and_depth) == batches
    assert played(spec.with_(seed=1), area_and_depth) != batches


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_an_engine_that_learns_ends_where_the_space_does(name):
    spec = small(engine=name, points=50)
    keys = {key for batch in played(spec, area_and_depth) for key in batch}
    assert len(keys) <= 16 and keys <= {point.key for point in Space(spec).points()}


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_failed_points_and_broken_constraints_are_no_obstacle(name):
    def some_fail(point):
        return {} if point.accelerator.rows % 3 == 0 else area_and_depth(point)

    spec = small(space=WIDE, engine=name, points=24, fit=False, constraints=["ms < 10"])
    assert sum(map(len, played(spec, some_fail))) == 24


@pytest.mark.parametrize("engine", ["random", "tpe", "nsga2"])
def test_engines_agree_on_shared_points(engine, grid, tmp_path):
    sweep_into(small(engine=engine, points=9), tmp_path / "out")
    rows = load_sweep_result(tmp_path / "out").rows
    assert len(rows) == 9
    for row in rows:
        known = grid[row.key]
        assert (row.hash, row.parameters, row.error) == (known.hash, known.parameters, known.error)
        metrics = {name: value for name, value in row.metrics.items() if name != COSTLY}
        assert metrics == {name: known.metrics[name] for name in metrics}


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """The points of the grid by their keys."""
    folder = tmp_path_factory.mktemp("grid") / "out"
    sweep_into(small(), folder)
    return {row.key: row for row in load_sweep_result(folder).rows}


def test_an_engine_that_learns_gives_the_same_on_many_processes_and_in_parts(tmp_path):
    spec = small(engine="tpe", points=10)

    done = sweep_into(spec, tmp_path / "one")
    assert (done.points, done.measured, done.is_whole) == (10, 10, True)
    sweep_into(spec, tmp_path / "two", workers=2)
    assert rows_of(tmp_path / "two") == rows_of(tmp_path / "one")
    stopped = sweep_into(spec.with_(seconds=1e-9), tmp_path / "parts")
    assert not stopped.is_whole and stopped.missing == 10
    assert load_sweep_result(tmp_path / "parts").missing == 10
    sweep_into(small(space=SPACE | {"rows": [4]}), tmp_path / "parts")  # some are there by now
    done = sweep_into(spec, tmp_path / "parts")
    assert 0 < done.kept < 10 and done.is_whole
    assert rows_of(tmp_path / "parts") == rows_of(tmp_path / "one")


def test_without_its_library_an_engine_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SpecError) as caught:
        engine_of(Space(small(engine="tpe")), Left())
    assert str(caught.value) == "engine 'tpe' needs Optuna; pip install 'sparsesim[sweep]'"
