"""Engines that learn from what was measured: Optuna's TPE and NSGA-II, for several objectives.

Points are asked for in batches of a fixed size and told in their order, so that what is asked for
next doesn't hang on how many processes there are, nor on whether the sweep was stopped between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sparsesim.errors import SpecError
from sparsesim.sweeps.engines.engine import Told
from sparsesim.sweeps.engines.listed import DRAWN
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.space import Left, Space

_BATCH = 8
_POPULATION = 24  # of NSGA-II: sweeps have hundreds of points, not its usual thousands
_ASKS_A_POINT = 50  # of points that conditions cut, or that were asked for before


class Guided:
    """A study of one space."""

    def __init__(self, space: Space, left: Left) -> None:
        self._space, self._left = space, left
        self._study = _study(space)
        self.total = min(space.spec.points or DRAWN, space.size)
        self._known: dict[str, Told] = {}
        self._asked: list[tuple[Any, Point]] = []
        names = space.spec.names
        self._constraints = [Expression.read(text, names) for text in space.spec.constraints]

    def ask(self) -> Sequence[Point]:
        """A batch of points that were not asked for before."""
        wanted = min(_BATCH, self.total - len(self._known))
        fresh: dict[str, Point] = {}
        for _ in range(_ASKS_A_POINT * max(wanted, 0)):
            if len(fresh) == wanted:
                break
            trial = self._study.ask()
            point = self._space.point(self._index(trial), self._left)
            if point is None:
                self._study.tell(trial, state=_failed())
            elif point.key in self._known:
                self._tell(trial, self._known[point.key])
            else:
                fresh.setdefault(point.key, point)
                self._asked.append((trial, point))
        return list(fresh.values())

    def tell(self, told: Iterable[Told]) -> None:
        """What came of the last batch."""
        self._known |= {point.key: (point, metrics) for point, metrics in told}
        for trial, point in self._asked:
            self._tell(trial, self._known[point.key])
        self._asked.clear()

    def _index(self, trial: Any) -> int:
        """The number of the combination that a trial suggests."""

        def choose(name: str, values: Sequence[Any]) -> int:
            if all(isinstance(value, int | float) for value in values):
                return int(trial.suggest_int(name, 0, len(values) - 1))  # neighbours are alike
            return int(trial.suggest_categorical(name, range(len(values))))

        return self._space.number(choose)

    def _tell(self, trial: Any, told: Told) -> None:
        point, metrics = told
        values = [metrics.get(name) for name in self._space.spec.objectives]
        if None in values:
            self._study.tell(trial, state=_failed())
            return
        known = point.parameters | dict(metrics)
        for constraint in self._constraints:
            trial.set_constraint(constraint.text, 0.0 if constraint.holds(known) else 1.0)
        self._study.tell(trial, values)


def _study(space: Space) -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        raise SpecError(
            f"engine '{space.spec.engine}' needs Optuna; pip install 'sparsesim[sweep]'"
        ) from None

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spec = space.spec
    seed = spec.seed % (1 << 32)
    if spec.engine == "tpe":
        sampler: Any = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    else:
        sampler = optuna.samplers.NSGAIISampler(population_size=_POPULATION, seed=seed)
    which = optuna.study.StudyDirection
    directions = [
        which.MINIMIZE if METRICS[name].better == "less" else which.MAXIMIZE
        for name in spec.objectives
    ]
    return optuna.create_study(directions=directions, sampler=sampler)


def _failed() -> Any:
    from optuna.trial import TrialState

    return TrialState.FAIL
