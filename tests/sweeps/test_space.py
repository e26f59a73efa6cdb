"""Axes, conditions and what they leave of a space."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_sweeps import DIGITS, LENET, SPACE, small

from sparsesim.errors import SpecError
from sparsesim.machines.inner_join.area.clock import pe_period_ns
from sparsesim.spec import Accelerator
from sparsesim.sweeps.axis import axis
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.space import Left, Space


def test_an_axis_is_a_value_a_list_or_a_range():
    assert axis("rows", 8) == (8,)
    assert axis("rows", [8, 4]) == (8, 4)
    assert axis("rows", {"from": 4, "to": 10, "step": 3}) == (4, 7, 10)
    assert axis("rows", {"from": 1, "to": 3}) == (1, 2, 3)
    assert axis("window", {"from": 4, "to": 40, "times": 2}) == (4, 8, 16, 32)
    tenths = axis("weight_buffer_kib", {"from": 0.1, "to": 0.5, "step": 0.1})
    assert tenths == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5)) and len(tenths) == 5


@pytest.mark.parametrize(
    ("given_", "line"),
    [
        ([], "rows: has no values"),
        ([8, 8], "rows: has 8 twice"),
        ({"from": 8, "to": 4}, "rows: has to = 4 below from = 8"),
        ({"from": 0, "to": 4, "times": 2}, "rows: has times, so from = 0 must be above 0"),
        (
            {"from": 1, "to": 4, "times": 2, "step": 1},
            "rows: has both 'step' and 'times'; give one of them",
        ),
        ({"from": 1, "to": 4, "step": 0}, "rows: step 0 is out of range; use more than 0"),
        ({"from": 1, "too": 4}, "rows: unknown key 'too'; did you mean 'to'?"),
        ({"from": 1, "to": 10**6}, "rows: a range of over 10,000 values; take a larger step"),
    ],
)
def test_wrong_axes(given_, line):
    with pytest.raises(SpecError) as caught:
        axis("rows", given_)
    assert str(caught.value) == line


def test_conditions_compare_and_combine():
    def holds(text: str, **values: object) -> bool:
        return Expression.read(text, values).holds(values)

    assert holds("rows == cols", rows=4, cols=4)
    assert not holds("rows < cols and cols <= 8", rows=4, cols=16)
    assert holds("skipping in ['none', 'weight'] or queue > 2", skipping="none", queue=1)
    assert holds("lut <= 0.5 * 1000", lut=500)
    assert not holds("lut <= 0.5 * 1000", lut=None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rows =", "condition 'rows =': is no expression; write as rows == cols"),
        ("row == 4", "condition 'row == 4': unknown 'row'; did you mean 'rows'?"),
        ("open('x')", "condition 'open('x')': may only compare, count and combine"),
        ("rows.real == 1", "condition 'rows.real == 1': may only compare, count and combine"),
    ],
)
def test_wrong_conditions(text, line):
    with pytest.raises(SpecError) as caught:
        Expression.read(text, ["rows", "cols"])
    assert str(caught.value) == line


def test_a_condition_that_fails_on_its_values_says_so():
    condition = Expression.read("rows / cols > 1", ["rows", "cols"])
    with pytest.raises(SpecError, match="condition 'rows / cols > 1': "):
        condition.holds({"rows": 1, "cols": 0})


def test_points_are_all_combinations_in_an_order_that_shares():
    space = Space(small())
    points = list(space.points())
    assert len(points) == space.size == len({point.key for point in points}) == 16
    cuts = [(point.accelerator.rows, point.accelerator.cols) for point in points]
    assert len(dict.fromkeys(cuts)) == 4
    assert [cuts[4 * i : 4 * i + 4].count(cuts[4 * i]) for i in range(4)] == [4] * 4


def test_conditions_and_devices_leave_points_out_and_say_which():
    changes = {"rows": [8, 32], "cols": [8, 32], "window": [16]}
    spec = small(space=changes, devices=["xc7z020", "xczu9eg"], conditions=["rows >= cols"])
    left = Left()
    points = list(Space(spec).points(left))
    assert left.all == 8 and left.points == len(points)
    assert left.broken["rows >= cols"] == 2
    assert left.all - left.points == sum(left.broken.values())
    assert any(what == "xc7z020 has 53,200 LUT" for what in left.broken)
    everything = Left()
    list(Space(spec.with_(fit=False, conditions=[])).points(everything))
    assert everything.points == 8
    cheap = Left()
    few = list(Space(spec.with_(conditions=["lut < 60000"])).points(cheap))
    assert few and all(Space(spec).resources(point)["lut"] < 60_000 for point in few)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 1000))
def test_samples_are_points_of_the_grid_and_differ(count, seed):
    space = Space(small(conditions=["rows <= cols"]))
    grid = {point.key for point in space.points()}
    drawn = [space.point(number).key for number in space.drawn(count, seed)]
    assert len(drawn) == len(set(drawn)) == min(count, len(grid))
    assert set(drawn) <= grid
    assert drawn == [space.point(number).key for number in space.drawn(count, seed)]


def test_a_clock_follows_the_table_of_placements():
    spec = small(space={"window": [8, 16], "skipping": ["none", "two_sided"]})
    start = Accelerator()
    for point in Space(spec).points():
        mine = point.accelerator
        ratio = pe_period_ns("two_sided", 16, 1) / pe_period_ns(mine.skipping, mine.window, 1)
        assert mine.clock_mhz == pytest.approx(start.clock_mhz * ratio, abs=0.05)
    placed = small(space={"rows": [2]}, devices=["lfe5u-85f"], fit=False)
    (point,) = Space(placed).points()
    assert point.accelerator.clock_mhz == round(1e3 / pe_period_ns("two_sided", 16, 1), 1)
    given_ = small(space={"clock_mhz": [100, 250]}, clock="given")
    assert [point.accelerator.clock_mhz for point in Space(given_).points()] == [100, 250]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"space": {"rowz": [1]}}, "space: unknown parameter 'rowz'; did you mean 'rows'?"),
        ({"space": {"rows": []}}, "space.rows: has no values"),
        ({"objectives": ["cycle"]}, "objectives: unknown 'cycle'; did you mean 'cycles'?"),
        (
            {"space": {"clock_mhz": [100]}},
            "space.clock_mhz: clock = 'table' sets it; write clock = 'given' to sweep it",
        ),
        ({"networks": []}, "networks [] is too short; give 1 or more"),
        ({"engin": "grid"}, "unknown key 'engin'; did you mean 'engine'?"),
        ({"conditions": ["row > 1"]}, "condition 'row > 1': unknown 'row'; did you mean 'rows'?"),
        (
            {
                "networks": [
                    {"model": "a.onnx", "inputs": "random"},
                    {"model": "b/a.onnx", "inputs": "random"},
                ]
            },
            "networks: has 'a' twice",
        ),
        (
            {"networks": [{"model": str(LENET), "inputs": str(DIGITS), "images": [0]}]},
            "networks.images 0 is out of range; use 1 and up",
        ),
    ],
)
def test_wrong_specifications(changes, line):
    with pytest.raises(SpecError) as caught:
        small(**changes)
    assert str(caught.value) == line


def test_a_value_that_a_key_does_not_take_is_refused_before_anything_runs():
    with pytest.raises(SpecError, match="window 80 is out of range; use 1 to 64"):
        Space(small(space=SPACE | {"window": [16, 80]}))
    with pytest.raises(SpecError, match="unknown device"):
        Space(small(devices=["xc0"]))
