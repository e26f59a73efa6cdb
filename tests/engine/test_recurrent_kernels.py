"""Kernels of recurrent nodes: their functions and sums; their steps are those of cells.py."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.engine.recurrent import hidden, kernels
from sparsesim.engine.recurrent.sequences import in_blocks
from sparsesim.engine.run import Engine

F = np.float32
NEVER = F(np.inf)
VALUES = np.concatenate(
    [
        np.linspace(-120, 120, 60_001),
        np.linspace(-0.7, 0.7, 10_001),
        np.logspace(-44, 3, 2_001),
        -np.logspace(-44, 3, 2_001),
        [0.0, np.inf, -np.inf],
    ]
).astype(F)
CASES = [
    ("LSTM", {}),
    ("LSTM", {"peepholes": True, "input_forget": 1}),
    ("GRU", {"linear_before_reset": 0}),
    ("GRU", {"linear_before_reset": 1}),
    ("RNN", {}),
    ("RNN", {"activations": ["Relu"]}),
]


def applied(code: int, values, clip=NEVER) -> np.ndarray:
    made = np.array(values, F)
    kernels.apply(code, F(clip), made)
    return made


@pytest.mark.parametrize(
    ("code", "function"),
    [(0, lambda x: np.exp(-np.logaddexp(0, -x))), (1, np.tanh)],
)
def test_functions_are_right_to_two_units_in_the_last_place(code, function):
    with np.errstate(over="ignore"):
        exact = function(VALUES.astype(np.float64))
    made = applied(code, VALUES)
    assert np.all(np.abs(made - exact) <= 2.5 * np.spacing(np.abs(exact).astype(F)))
    # What becomes zero counts: only what is less than half the least number of float32.
    np.testing.assert_array_equal(made == 0, exact.astype(F) == 0)


def test_relu():
    np.testing.assert_array_equal(applied(2, VALUES), np.maximum(VALUES, 0))


@pytest.mark.parametrize("code", [0, 1, 2])
def test_nan_stays(code):
    assert np.isnan(applied(code, [np.nan])).all() and np.isnan(applied(code, [np.nan], 1)).all()


def test_clipping():
    np.testing.assert_array_equal(applied(2, [-3, 0.5, 2, np.inf], 1), [0, 0.5, 1, 1])
    np.testing.assert_array_equal(applied(1, [-9, 9], 0.5), applied(1, [-0.5, 0.5]))
    np.testing.assert_array_equal(applied(0, [-9, 9], 0), [0.5, 0.5])


def fused(a, b, c) -> np.float32:
    """a * b + c, rounded once: of two neighbours the nearer, the even one of equals."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    near = F(float(exact))
    around = [np.nextafter(near, F(-np.inf)), near, np.nextafter(near, F(np.inf))]
    return min(
        around, key=lambda f: (abs(Fraction(float(f)) - exact), int(np.array(f).view("u4")) % 2)
    )


@pytest.mark.parametrize("hidden_size", [0, 1, 3, 4, 7, 10])
def test_sums_are_fused_in_the_order_of_k(hidden_size):
    random = np.random.default_rng(hidden_size)
    matrix = random.standard_normal((hidden_size, 70)).astype(F)
    state = random.standard_normal(hidden_size).astype(F)
    sums = np.full(128, np.nan, F)
    kernels.multiply(in_blocks(matrix.T), state, sums)
    assert not sums[70:].any()
    for row, found in enumerate(sums[:70]):
        total = F(0)
        for k in range(hidden_size):
            total = fused(matrix[k, row], state[k], total)
        assert found == total


@pytest.mark.parametrize(("op", "more"), CASES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"batch": 3, "lengths": [0, 5, 2], "initial": True},
        {"batch": 2, "clip": 0.3, "bias": False},
        {"hidden": 1, "steps": 1},
    ],
)
def test_both_ways_make_the_same(op, more, direction, given, monkeypatch):
    """Outputs, gates and entering states: by sequence, and step by step."""
    directions = 2 if direction == "bidirectional" else 1
    if "activations" in more:
        more = {"activations": more["activations"] * directions}
    case = recurrent(np.random.default_rng(1), op, direction=direction, **more, **given)
    x = np.random.default_rng(2).standard_normal(case.shape).astype(F)
    made = []
    for way in (hidden.sequences, lambda layer, weight: None):
        monkeypatch.setattr(hidden, "sequences", way)
        taken: list[str] = []
        for name in ("by_sequence", "by_step"):
            whole = getattr(hidden._Run, name)
            monkeypatch.setattr(
                hidden._Run,
                name,
                lambda run, *a, whole=whole, name=name, taken=taken: (
                    taken.append(name),
                    whole(run, *a),
                )[1],
            )
        trace = ss.execute(ss.load(case.model), {"x": x}, keep_values=True, batch_axis="none")
        made.append((set(taken), trace.images[0]))
        monkeypatch.undo()
    (kernel, one), (steps, other) = made
    assert (kernel, steps) == ({"by_sequence"}, {"by_step"})
    for mine, theirs in zip(one.outputs, other.outputs, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert one.values.keys() == other.values.keys()
    for name in one.values:
        np.testing.assert_allclose(one.values[name], other.values[name], atol=2e-6)
    assert one.bits.keys() == other.bits.keys()


def test_other_functions_and_types_go_step_by_step(monkeypatch):
    monkeypatch.delattr(hidden._Run, "by_sequence")
    random = np.random.default_rng(3)
    case = recurrent(random, "RNN", activations=["Softsign"])
    Engine(ss.load(case.model)).run({"x": np.zeros(case.shape, F)})
    case = recurrent(random, "GRU")
    with pytest.raises(AttributeError):
        Engine(ss.load(case.model)).run({"x": np.zeros(case.shape, F)})
