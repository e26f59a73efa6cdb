"""The systolic array: SCALE-Sim's closed forms, its parameters, weights that are n of every m."""

from __future__ import annotations

import os

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError
from sparsesim.machines.product_shape import Densities, ProductShape
from sparsesim.machines.systolic import Systolic
from sparsesim.machines.systolic.parameters import SystolicArray
from sparsesim.sparsity import find_sparsifier
from sparsesim.sweeps.spec import SweepSpec

CASES = round(200 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def scalesim(m: int, n: int, k: int, array: SystolicArray) -> int:
    """Cycles of SCALE-Sim 3.0.0, in its letters: M positions, N filters."""
    rows, cols = array.rows, array.cols
    if array.dataflow == "weight_stationary":
        return -(-k // rows) * -(-n // cols) * (2 * rows + cols + m - 2) - 1
    return -(-m // rows) * -(-n // cols) * (rows + cols + k - 2) - 1


def cycles(m: int, n: int, k: int, array: SystolicArray) -> int:
    accelerator = ss.Accelerator(machine="systolic", array=array)
    return ss.array_cycles(np.ones((m, k), bool), np.ones((n, k), bool), accelerator).cycles


@pytest.mark.parametrize("dataflow", ["weight_stationary", "output_stationary"])
def test_serial_arrays_with_a_unit_a_column_are_those_of_scalesim(dataflow, record_property):
    record_property("random cases", CASES)
    random = np.random.default_rng(3)
    for _ in range(CASES):
        m, n, k, rows, cols = (int(random.integers(1, most)) for most in (90, 70, 150, 20, 20))
        array = SystolicArray(
            rows=rows, cols=cols, units=cols, dataflow=dataflow, preload="serial", depth=4096
        )
        interval = 2 * rows + cols + m - 2 if array.keeps_weights else rows + cols + k - 2
        if interval < array.least_interval:
            continue  # smaller than what sums go round in
        more = cycles(m, n, k, array) - scalesim(m, n, k, array)
        missing = -m % rows
        assert more == (6 if array.keeps_weights else max(1, 3 - missing)), (m, n, k, array)


def test_overlapped_folds_take_their_steps_or_a_cycle_a_row():
    # 8 folds of 100 steps; of 3 steps, in which no 16 rows of weights come.
    array = SystolicArray(rows=16, cols=16, units=16)
    for positions, fold in ((100, 100), (3, 16)):
        one, eight = cycles(positions, 16, 16, array), cycles(positions, 16, 128, array)
        assert eight - one == 7 * fold


def test_a_position_less_than_a_multiple_leaves_rows_alone():
    array = SystolicArray(rows=4, cols=4, units=4, dataflow="output_stationary")
    counted = ss.array_cycles(
        np.ones((5, 8), bool),
        np.ones((4, 8), bool),
        ss.Accelerator(machine="systolic", array=array),
    )
    assert counted.classes["edges"] == 3 * 4 * 8


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"units": 8, "cols": 4}, "units 8 does not go with cols 4; use cols or less"),
        (
            {"n_of_m": "2:4", "dataflow": "output_stationary"},
            "n_of_m '2:4' does not go with output_stationary; use 'none'",
        ),
        (
            {"n_of_m": "3:4"},
            "n_of_m '3:4' is unknown; did you mean '2:4'?",
        ),
        ({"rows": 0}, "rows 0 is out of range; use 1 to 1024"),
        ({"depth": 5000}, "depth 5000 is out of range; use 1 to 4096"),
        (
            {"dataflow": "input_stationary"},
            "dataflow 'input_stationary' is unknown; did you mean 'output_stationary'?",
        ),
    ],
)
def test_what_it_refuses(keys, says):
    with pytest.raises(SpecError) as error:
        ss.Accelerator(machine="systolic", **keys)
    assert str(error.value) == says


@pytest.mark.parametrize(("n", "m"), [(1, 2), (1, 4), (2, 4), (1, 8), (2, 8), (4, 8)])
def test_what_the_sparsifier_makes_is_held(n, m):
    random = np.random.default_rng(n * m)
    weight = find_sparsifier("n_m").apply(random.normal(size=(6, 45)), n=n, m=m)
    array = SystolicArray(rows=3, cols=5, units=5, n_of_m=f"{n}:{m}")
    act = np.ones((9, 45), bool)
    found, dense = (
        ss.array_cycles(
            act, weight != 0, ss.Accelerator(machine="systolic", array=array, skipping=scheme)
        )
        for scheme in ("structured", "none")
    )
    held = 45 // m * n + min(45 % m, n)
    assert found.cycles - dense.cycles == 2 * (-(-held // 3) - 15) * 9
    assert found.classes["effectual"] == dense.classes["effectual"]
    multiplied = found.classes["effectual"] + found.classes["ineffectual"]
    assert multiplied == held * 6 * 9


def test_without_blocks_structured_is_dense():
    array = SystolicArray(rows=3, cols=5, units=5)
    act, weight = np.ones((9, 45), bool), np.zeros((6, 45), bool)
    found, dense = (
        ss.array_cycles(act, weight, ss.Accelerator(machine="systolic", array=array, skipping=s))
        for s in ("structured", "none")
    )
    assert found == dense


def test_what_mean_densities_say():
    # 3 * 2 tiles of 130 positions: 780; half of K is 20, on 16 rows 2 folds: 520.
    runs = {ProductShape(groups=1, filters=20, positions=130, reduction=40): 1}
    rules, array = Systolic(), SystolicArray(n_of_m="2:4", units=16)
    for scheme, density, expected in (
        ("none", 0.4, 780.0),
        ("structured", 0.4, 520.0),
        ("structured", 0.6, 780.0),
    ):
        densities = Densities(activation=0.5, weight=density)
        found = rules.expected_cycles(runs, densities, rules.scheme(scheme), array)
        assert found == expected


def test_its_space_is_small_and_its_conditions_are_read():
    budget = Resources(lut=53_200, ff=106_400, dsp=220, bram36=140)
    found = Systolic().space(budget, "xc7")
    spec = SweepSpec(
        networks=[{"model": "lenet.onnx", "inputs": "random"}],
        space={
            "machine": "systolic",
            "skipping": ["none", "structured"],
            **{key: list(values) for key, values in found.axes.items()},
        },
        conditions=list(found.conditions),
    )
    assert spec.conditions == found.conditions
    tiny = Systolic().space(Resources(lut=100, ff=100, dsp=1, bram36=1), "xc7")
    assert tiny.axes["rows"] == (1,)


def test_it_says_what_it_is():
    rules, array = Systolic(), SystolicArray(n_of_m="2:4", units=1)
    assert rules.describe(array) == (
        "16x16 systolic, weight-stationary, preload overlapped, 2:4 weights, 1 unit"
    )
    assert rules.words(array, "dense") == "16x16 dense weight-stationary systolic PEs"
