"""The area model of a part: LUTs, flip-flops, DSPs and block RAM, from runs of its synthesis.

LUTs and flip-flops are fitted, with a weight for each feature; what memories take is known exactly.
DSPs and block RAM aren't fitted: a design has what it states, or those of the nearest run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from sparsesim.area.fit import fit_relative
from sparsesim.area.resources import Resources
from sparsesim.area.runs import Run, read_runs

Features = Mapping[str, float]
"""Quantities that LUTs and flip-flops of a part grow with, read off its Verilog, by name."""

FOLDS = 5


class Design(Protocol):
    """What was synthesised, or is to be priced: parameters of a part."""

    @property
    def family(self) -> str:
        """One of `sparsesim.synth.families.FAMILIES`."""


D = TypeVar("D", bound=Design)


@dataclass(frozen=True)
class Error:
    """How far the model is off on points that it was not fitted to.

    Attributes:
        points: how many, each held out once.
        median, worst: of |predicted - counted| / counted.
    """

    points: int
    median: float
    worst: float


def _family(design: Design) -> Hashable:
    return design.family


def _none(_: Any) -> int:
    return 0


@dataclass(frozen=True, eq=False)
class PartModel(Generic[D]):
    """A part, its features and its table.

    Attributes:
        name: of the part, for errors.
        design: the dataclass of its designs, whose fields are columns of the table.
        table: of synthesis runs.
        features: of a design; of all designs of a kind the same names.
        kind: what is fitted together; the family, unless it says more.
        stored_luts, stored_ffs: LUTs and flip-flops used as memory, exact, and not fitted.
        dsp: multiplier blocks, exact; None: those of the nearest run.
        bram36: blocks of RAM, exact; None: those of the nearest run.
        near: the number by which runs are near a design; the first of equally near ones is taken.
    """

    name: str
    design: type[D]
    table: Path
    features: Callable[[D], Features]
    kind: Callable[[D], Hashable] = _family
    stored_luts: Callable[[D], int] = _none
    stored_ffs: Callable[[D], int] = _none
    dsp: Callable[[D], int] | None = None
    near: Callable[[D], float] = _none
    bram36: Callable[[D], float] | None = None

    @cached_property
    def runs(self) -> tuple[Run[D], ...]:
        """All runs of the table."""
        return read_runs(self.table, self.design)

    def resources(self, design: D) -> Resources:
        """What one of it takes.

        Raises:
            KeyError: a kind of which the table has no run.
        """
        kind = self.kind(design)
        lut, ff = _fitted(self, kind)
        at = self.near(design)
        nearest = min(_runs(self, kind), key=lambda run: abs(self.near(run.design) - at))
        dsp = nearest.dsp if self.dsp is None else self.dsp(design)
        bram36 = nearest.bram36 if self.bram36 is None else self.bram36(design)
        return Resources(lut(design), ff(design), dsp, bram36)

    def held_out_error(self, kind: Hashable, what: str = "lut") -> Error:
        """The error by cross-validation: every point is predicted without a fifth of them.

        Args:
            kind: of the designs.
            what: `lut` or `ff`.
        """
        runs = _runs(self, kind)
        errors = []
        for fold in range(FOLDS):
            predict = _fit(self, [run for i, run in enumerate(runs) if i % FOLDS != fold], what)
            for run in runs[fold::FOLDS]:
                counted = getattr(run, what)
                errors.append(abs(predict(run.design) - counted) / max(1, counted))
        return Error(len(errors), float(np.median(errors)), max(errors))


@cache
def _runs(model: PartModel[D], kind: Hashable) -> tuple[Run[D], ...]:
    found = tuple(run for run in model.runs if model.kind(run.design) == kind)
    if not found:
        words = " ".join(kind) if isinstance(kind, tuple) else kind
        raise KeyError(f"no run of {model.name} {words} in its table")
    return found


@cache
def _fitted(
    model: PartModel[D], kind: Hashable
) -> tuple[Callable[[D], float], Callable[[D], float]]:
    runs = _runs(model, kind)
    return _fit(model, runs, "lut"), _fit(model, runs, "ff")


def _fit(model: PartModel[D], runs: Sequence[Run[D]], what: str) -> Callable[[D], float]:
    known = model.stored_luts if what == "lut" else model.stored_ffs
    points = [model.features(run.design) for run in runs]
    names = list(points[0])
    features = np.array([[point[name] for name in names] for point in points], dtype=float)
    counted = np.array([getattr(run, what) for run in runs], dtype=float)
    rest = counted - np.array([known(run.design) for run in runs], dtype=float)
    # Relative to the whole count, which is what the model is asked for.
    scale = np.maximum(counted, 1.0)
    weights = fit_relative(features, rest, scale)

    def predict(design: D) -> float:
        point = model.features(design)
        return known(design) + float(sum(w * point[n] for w, n in zip(weights, names, strict=True)))

    return predict
