"""The engine `best` finds what the whole grid has, in fewer points."""

from __future__ import annotations

import numpy as np
import pytest
from small_sweeps import ROOT, rows_of, small

from sparsesim.errors import SpecError
from sparsesim.estimator import estimate
from sparsesim.sweeps.engines.best import MOST, Best
from sparsesim.sweeps.promise import promise, work_of
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.space import Left, Space
from sparsesim.sweeps.sweeping import sweep_into
from sparsesim.sweeps.traces import Traces, settled
from sparsesim.trace.store import load_trace

BUFFERS = {"activation_buffer_kib": 16, "weight_buffer_kib": 32, "output_buffer_kib": 8}
TOY = f"{ROOT / 'tests' / 'machines' / 'toy.py'}:Toy"
TWO = {
    "machine": ["inner_join", TOY],
    **BUFFERS,
    "inner_join": {
        "rows": [2, 4, 6, 8, 12],
        "cols": [2, 4, 8],
        "window": [4, 8],
        "feed_latency": 3,
        "skipping": ["none", "two_sided"],
    },
    TOY: {"multipliers": [16, 32, 64], "width": [4, 16], "skipping": "nonzero_weights"},
}


def two(**changes):
    """A space of two machines, of which a third of a device is allowed."""
    sweep = {"devices": ["xc7z020"], "conditions": ["share <= 0.34"], "objectives": ["ms"]}
    return small(**({"space": TWO} | sweep | changes))


def best_of(folder):
    """The best point of each machine and scheme."""
    found = {}
    for row in load_sweep_result(folder).measured:
        key = row.parameters["machine"], row.parameters["skipping"]
        if key not in found or row.metrics["ms"] < found[key].metrics["ms"]:
            found[key] = row
    return found


def test_it_finds_the_best_of_the_grid_in_fewer_points(tmp_path):
    sweep_into(two(), tmp_path / "grid")
    done = sweep_into(two(engine="best"), tmp_path / "best")
    grid, best = best_of(tmp_path / "grid"), best_of(tmp_path / "best")
    assert list(best) and {key: row.key for key, row in best.items()} == {
        key: row.key for key, row in grid.items()
    }
    assert done.left.points == len(load_sweep_result(tmp_path / "grid").rows)
    assert done.measured < done.left.points / 2


def test_it_turns_to_the_common_keys_for_the_best_array(tmp_path):
    own = {key: values for key, values in TWO["inner_join"].items() if key != "skipping"}
    space = own | BUFFERS | {"weight_buffer_kib": [1, 4, 32], "output_buffer_kib": [1, 8, 32]}
    space |= {"rows": [4, 6], "cols": [4], "window": 8}
    spec = two(space=space, objectives=["images_per_s"], engine="best")
    sweep_into(spec, tmp_path / "best")
    sweep_into(spec.with_(engine="grid"), tmp_path / "grid")
    best, grid = best_of(tmp_path / "best"), best_of(tmp_path / "grid")
    (found,), (least,) = ([row.metrics["ms"] for row in one.values()] for one in (best, grid))
    assert found <= 1.02 * least  # one key after the other: not all combinations of them
    rows = load_sweep_result(tmp_path / "best").rows
    tried = {row.parameters["weight_buffer_kib"] for row in rows}
    assert tried == {1, 4, 32}


def test_what_was_measured_is_not_measured_again(tmp_path):
    spec = two(engine="best")
    first = sweep_into(spec.with_(points=7), tmp_path / "points")
    assert (first.measured, first.is_whole) == (7, True)
    second = sweep_into(spec, tmp_path / "points")
    third = sweep_into(spec, tmp_path / "points")
    assert (second.kept, third.measured) == (7, 0)
    sweep_into(spec, tmp_path / "at_once")
    assert rows_of(tmp_path / "points") == rows_of(tmp_path / "at_once")


def test_shapes_whose_times_no_effect_explains(tmp_path):
    """Each shape has a factor of its own: what was learnt of rows and lanes misleads, and a last
    step among the neighbours of the best finds it."""
    own = {"rows": list(range(1, 17)), "lanes": [4, 6, 8, 10, 12, 16, 20, 24], "stash": [16, 64]}
    own |= {"units": [1, 2, 4, 8], "skipping": "weight"}
    conditions = ["rows * lanes <= 160", "units <= rows"]
    space = {"machine": ["stream"], **BUFFERS, "stream": own}
    space = Space(settled(two(space=space, conditions=conditions)))
    trace = load_trace(Traces(space.spec, tmp_path).execute(space.workloads[0]))
    work, device = work_of(trace, space.machines[0].start), space.devices["xc7z020"]

    def promised(point):
        on = point.accelerator
        return promise(work, on, on.rules.scheme(on.skipping), device).about

    arrays = [(point.accelerator.array, promised(point)) for point in space.points()]
    for seed in range(30):
        factors = np.random.default_rng(seed).uniform(1, 1.5, (17, 25))
        engine = Best(space, Left(), lambda workload: work)
        told = []
        while points := engine.ask():
            shapes = [
                (point.accelerator.array.rows, point.accelerator.array.lanes) for point in points
            ]
            found = [
                promised(point) * factors[shape]
                for point, shape in zip(points, shapes, strict=True)
            ]
            engine.tell((point, {"ms": ms}) for point, ms in zip(points, found, strict=True))
            told += found
        assert min(told) == min(about * factors[array.rows, array.lanes] for array, about in arrays)


def test_the_common_keys_of_one_array_are_tried_with_others(tmp_path):
    """With the middle buffer one shape is the best, with the largest another; nothing is gained by
    the largest of the other buffers, so the answer has the least of them."""
    own = {"rows": [2, 3], "lanes": [20, 32], "units": 2, "skipping": "weight"}
    buffers = {"weight_buffer_kib": [4, 16, 64], "activation_buffer_kib": [4, 16, 64]}
    space = {"machine": ["stream"], **buffers, "output_buffer_kib": 8, "stream": own}
    space = Space(settled(two(space=space, conditions=[])))
    work = work_of(
        load_trace(Traces(space.spec, tmp_path).execute(space.workloads[0])),
        space.machines[0].start,
    )
    ms = {(2, 32): (9, 1000, 800), (3, 20): (9, 980, 920), (2, 20): (9, 1500, 1500)}
    engine, told = Best(space, Left(), lambda workload: work), {}
    while points := engine.ask():
        for point in points:
            on = point.accelerator
            by_buffer = ms.get((on.array.rows, on.array.lanes), (9, 1200, 1100))
            at = buffers["weight_buffer_kib"].index(on.weight_buffer_kib)
            runs = at > 0 and on.activation_buffer_kib > 4
            told[point] = by_buffer[at] if runs else None
        engine.tell((point, {"ms": told[point]}) for point in points)
    best = min((one for one in told if told[one]), key=lambda one: told[one])
    assert told[best] == 800
    last = [one.accelerator.activation_buffer_kib for one in told if told[one] == 800]
    assert last[0] == 16 and set(last) <= {16, 64}


def test_conditions_leave_a_dense_array_its_own_formats(tmp_path):
    """The middle of the common values is cut for it: it takes the nearest that are allowed."""
    space = (
        TWO["inner_join"] | BUFFERS | {"activation_format": ["dense", "bitmask"], "rows": [4, 8]}
    )
    conditions = ["share <= 0.34", "(skipping == 'none') == (activation_format == 'dense')"]
    sweep_into(two(space=space, conditions=conditions, engine="best"), tmp_path / "best")
    found = best_of(tmp_path / "best")
    assert {k[1]: r.parameters["activation_format"] for k, r in found.items()} == {
        "none": "dense",
        "two_sided": "bitmask",
    }


def test_a_layer_that_no_middle_buffer_takes_gets_the_largest(tmp_path):
    space = TWO["inner_join"] | BUFFERS | {"weight_buffer_kib": [0.01, 0.02, 32], "rows": [4, 8]}
    sweep_into(two(space=space, engine="best"), tmp_path / "best")
    found = load_sweep_result(tmp_path / "best")
    assert {row.parameters["weight_buffer_kib"] for row in found.measured} == {32}
    assert {row.parameters["weight_buffer_kib"] for row in found.failed} >= {0.02}
    assert {row.parameters["skipping"] for row in found.measured} == {"none", "two_sided"}


def test_a_point_that_breaks_a_constraint_is_no_answer(tmp_path):
    spec = two(engine="best", constraints=["cycles > 1e12"])
    assert sweep_into(spec, tmp_path / "best").measured <= 3 * MOST
    assert not len(load_sweep_result(tmp_path / "best").answers)


@pytest.mark.parametrize("batch", [1, 2])
def test_no_array_takes_less_than_was_promised(tmp_path, batch):
    spec = settled(two(conditions=[], space=TWO | {"batch": batch}))
    space = Space(spec.with_(networks=[spec.networks[0].with_(images=[3])]))
    traces = Traces(space.spec, tmp_path)
    trace = load_trace(traces.execute(space.workloads[0]))
    work = work_of(trace, space.start)
    for point in list(space.points())[::7]:
        on, device = point.accelerator, space.devices[point.device]
        result = estimate(trace, on, device)
        for scheme in on.rules.schemes:
            found = promise(work, on, scheme, device)
            assert 0 < found.least <= result.totals.cycles[scheme.name].total
            assert found.least <= found.about * (1 + 1e-9)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rowz": 4}, "space.inner_join: unknown parameter 'rowz'; did you mean 'rows'?"),
        ({"multipliers": 4}, "space.inner_join: unknown parameter 'multipliers'"),
        ({"clock_mhz": 100}, "space.inner_join.clock_mhz: clock = 'table' sets it"),
        (4, "space.inner_join: is no table of axes; write its keys below it"),
    ],
)
def test_a_machines_own_table_has_its_keys_alone(table, message):
    with pytest.raises(SpecError) as error:
        small(space={"machine": ["inner_join", TOY], "inner_join": table})
    assert str(error.value).startswith(message)


def test_a_value_of_a_machines_own_table_must_be_one(tmp_path):
    with pytest.raises(SpecError) as error:
        Space(small(space={"machine": ["inner_join"], "inner_join": {"rows": [4, 0]}}))
    assert str(error.value) == "rows 0 is out of range; use 1 to 1024"


def test_a_machines_own_table_comes_before_the_space():
    space = {"machine": ["inner_join", TOY], "batch": [1, 2], TOY: {"batch": 4, "width": [4, 8]}}
    points = [point.parameters for point in Space(small(space=space)).points()]
    assert sorted((p["batch"], p.get("width", 0)) for p in points) == [
        (1, 0),
        (2, 0),
        (4, 4),
        (4, 8),
    ]
