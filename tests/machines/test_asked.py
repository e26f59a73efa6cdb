"""What a machine counts is held against what it promises of it, whoever wrote it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy import Toy

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.machines import found, register_machine
from sparsesim.machines.counted import Counted
from sparsesim.machines.tiling import Tiling

ONES = np.ones((3, 5), bool)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


GOOD = {
    "cycles": ints(6),
    "slots": ints(12, 0, 4, 32)[None],
    "multiplied": ints(12),
    "read_activations": ints(30),
    "read_weights": ints(10),
    "paces": {"start": ints(4)},
}


class Odd(Toy):
    """The toy, which says of every pass what a test tells it to."""

    name = "odd"
    says: Any = None

    def count(self, *asked: Any) -> Any:
        return self.says


def counts(says: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(found, "_made", dict(found._made))
    register_machine(Odd())
    monkeypatch.setattr(Odd, "says", says)
    return ss.array_cycles(ONES, ONES[:2], ss.Accelerator(machine="odd"))


def test_counts_that_hold_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(Counted(**GOOD), monkeypatch).cycles == 6


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"cycles": [6]}, "cycles as list; give an array of int64"),
        ({"cycles": np.array([6.0])}, "cycles of float64; give int64"),
        ({"multiplied": ints(12, 12)}, "multiplied of shape (2,); of 1 passes it is (1,)"),
        ({"slots": ints(16, 0, 32)[None]}, "slots of shape (1, 3); of 1 passes it is (1, 4)"),
        ({"slots": ints(13, -1, 4, 32)[None]}, "slots below 0, -1"),
        ({"slots": ints(12, 1, 4, 32)[None]}, "classes that sum to 49 in pass 0; 8 slots in 6 "
         "cycles are 48"),
        ({"paces": {"star": ints(4)}}, "a pace of 'star', no bound of its classes; did you mean "
         "'start'?"),
        ({"paces": {"start": ints()}}, "paces['start'] of shape (0,); of 1 passes it is (1,)"),
    ],
)  # fmt: skip
def test_others_are_refused(
    changed: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SpecError) as error:
        counts(Counted(**(GOOD | changed)), monkeypatch)
    assert str(error.value) == f"machine 'odd': its count gives {says}"


def test_no_counts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        SpecError, match=r"^machine 'odd': its count gives NoneType; give a Counted$"
    ):
        counts(None, monkeypatch)


def test_a_tiling_has_steps_of_one_or_more() -> None:
    with pytest.raises(SpecError, match=r"^tiling: positions 0 is out of range; use 1 or more$"):
        Tiling(filters=1, positions=0, elements=1)
