"""The area model: LUTs, flip-flops, DSPs and block RAM of a part, from the table's runs.

One fit a part and family, and for PEs a scheme; dense PEs that select nothing have their own.
DSPs and block RAM of a part aren't fitted: a PE has one multiplier a lane, and the rest is that of
the nearest run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from sparsesim.area.features import features_of, stored_ffs, stored_luts
from sparsesim.area.fit import fit_relative
from sparsesim.area.resources import Resources
from sparsesim.area.table import Design, Run, read_table

Predict = Callable[[Design], float]

FOLDS = 5


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


def part_resources(design: Design) -> Resources:
    """What one part takes.

    Raises:
        KeyError: a family or scheme of which the table has no run.
    """
    kind = _Kind.of(design)
    runs, (lut, ff) = _runs(kind), _fitted(kind)
    near = min(runs, key=lambda run: abs(run.design.acc_bits - design.acc_bits))
    dsp = min(design.lanes, design.window) if design.part == "pe" else near.dsp
    return Resources(lut(design), ff(design), dsp, near.bram36)


@dataclass(frozen=True)
class _Kind:
    """What is fitted together."""

    part: str
    family: str
    skipping: str
    is_dot: bool

    @classmethod
    def of(cls, design: Design) -> _Kind:
        by = design.skipping if design.part == "pe" else ""
        return cls(design.part, design.family, by, design.is_dot)


def held_out_error(
    part: str, family: str, skipping: str = "", what: str = "lut", is_dot: bool = False
) -> Error:
    """The model's error by cross-validation: every point is predicted without a fifth of them.

    Args:
        part: one of `PARTS`.
        family: one of the families.
        skipping: the scheme, for PEs.
        what: `lut` or `ff`.
        is_dot: of dense PEs that select nothing (`Design.is_dot`), else of all others.
    """
    runs = _runs(_Kind(part, family, skipping, is_dot))
    errors = []
    for fold in range(FOLDS):
        predict = _fit([run for i, run in enumerate(runs) if i % FOLDS != fold], what)
        for run in runs[fold::FOLDS]:
            counted = getattr(run, what)
            errors.append(abs(predict(run.design) - counted) / max(1, counted))
    return Error(len(errors), float(np.median(errors)), max(errors))


@cache
def _runs(kind: _Kind) -> tuple[Run, ...]:
    found = tuple(run for run in read_table() if _Kind.of(run.design) == kind)
    if not found:
        raise KeyError(f"no run of {kind.part} {kind.family} {kind.skipping} in the table")
    return found


@cache
def _fitted(kind: _Kind) -> tuple[Predict, Predict]:
    runs = _runs(kind)
    return _fit(runs, "lut"), _fit(runs, "ff")


def _fit(runs: Sequence[Run], what: str) -> Predict:
    known = stored_luts if what == "lut" else stored_ffs
    points = [features_of(run.design) for run in runs]
    names = list(points[0])
    features = np.array([[point[name] for name in names] for point in points], dtype=float)
    counted = np.array([getattr(run, what) for run in runs], dtype=float)
    rest = counted - np.array([known(run.design) for run in runs], dtype=float)
    # Relative to the whole count, which is what the model is asked for.
    scale = np.maximum(counted, 1.0)
    weights = fit_relative(features, rest, scale)

    def predict(design: Design) -> float:
        point = features_of(design)
        return known(design) + float(sum(w * point[n] for w, n in zip(weights, names, strict=True)))

    return predict
