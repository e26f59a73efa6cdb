"""`choose`: the best accelerator of each machine and scheme for a network on a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparsesim import area
from sparsesim.choice.goals import GOALS
from sparsesim.choice.kept import Kept, Progress, cached_folder
from sparsesim.choice.lost import lost, nothing_fits, scheme_note, why_not
from sparsesim.choice.opponent import DenseSearch, used_of
from sparsesim.choice.record import Choice, Chosen, Inputs, LeftOut, Opponent
from sparsesim.choice.rows import chosen_of, opponent_of
from sparsesim.choice.space import budget_of, choice_spec, spaces
from sparsesim.errors import SpecError, nearest
from sparsesim.estimator.on_device import device_warnings
from sparsesim.graph.no_layer import require_layers
from sparsesim.machines import machine_named, machine_names
from sparsesim.machines.array_space import ArraySpace
from sparsesim.result.model import Resources, Result
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.spec.writing import spec_toml
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import SweepResult, load_sweep_result
from sparsesim.sweeps.space import EmptySpaceError, Left
from sparsesim.sweeps.spec import Network
from sparsesim.sweeps.store import Row
from sparsesim.sweeps.sweeping import sweep_into
from sparsesim.synth.families import family_of
from sparsesim.trace import Trace

WITHIN = 0.75
"""Share of a device that an accelerator may take unless told: the rest is for what the area model
does not contain, and for a router's need of room (docs/decisions/presets.md)."""

_SMALL_MACS = 100_000_000  # of a run: of a smaller network two are searched on


def choose(
    trace: Trace,
    device: Device | str | Path | None = None,
    *,
    goal: str = "latency",
    within: float = WITHIN,
    machines: Sequence[str] | None = None,
    one_clock: bool | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    workers: int = 1,
    progress: Callable[[str, int, int], Any] = lambda label, done, total: None,
) -> Choice:
    """The best accelerator of each machine and scheme that fits a device, exactly counted.

    Args:
        trace: of `execute`, or loaded; its first runs are what arrays are compared on, all of them
            what the best ones are judged by.
        device: a value, a name or a file; default: XCZU9EG on the ZCU102.
        goal: `latency`, `throughput` (several images may lie side by side) or `energy`.
        within: share of each resource of the device that an accelerator may take, above 0 to 1.
        machines: names, or `file.py:NAME`; default: all that have a name.
        one_clock: all accelerators have the default clock, 200 MHz; else each has its own, from
            placements on ECP5. None: they have their own on ECP5, and one where nothing was placed.
        seed: of the intervals.
        folder: keeps what was measured, and is gone on from; default: one in the user's cache.
        workers: processes that measure; 1: this one, on all cores.
        progress: called with what goes on, how much of it is done, and of how much.
    Raises:
        SpecError: an unknown goal or machine, a share out of range, a device whose family was never
            synthesised, or on which no machine fits; a negative seed. ModelError: no layer runs on
            an array.
    """
    if goal not in GOALS:
        raise SpecError(f"goal '{goal}' is unknown; {nearest(goal, GOALS)}")
    if not 0 < within <= 1:
        raise SpecError(f"within {within:g} is out of range; use above 0, up to 1")
    if seed < 0:
        raise SpecError(f"seed {seed} is out of range; use 0 and up")
    board = resolve(None, device)[1]
    family = family_of(board)
    search = _Search(
        board,
        family.name,
        goal,
        within,
        budget_of(board, within),
        seed,
        workers,
        not family.is_placed if one_clock is None else one_clock,
    )
    require_layers(trace.source.model, trace.layers, trace.host)
    names = list(machines or machine_names())
    known = spaces(names, search.budget, search.family)
    left_out = [
        LeftOut(machine=name, scheme="", reason=why)
        for name in names
        if (why := why_not(name, known[name], search.family))
    ]
    out = {one.machine for one in left_out}
    able = {name: own for name, own in known.items() if own is not None and name not in out}
    if not able:
        reasons = "; ".join(f"{one.machine}: {one.reason}" for one in left_out)
        raise SpecError(f"no machine can be chosen: {reasons}")
    where = Path(folder) if folder is not None else cached_folder(trace, board)
    where.mkdir(parents=True, exist_ok=True)
    kept = Kept(trace, search.runs(trace), where, progress)
    return search.run(kept, able, left_out, where, progress)


@dataclass(frozen=True)
class _Search:
    """What is sought, and where.

    Attributes:
        family: prices accelerators on the device.
        budget: that one may take.
    """

    device: Device
    family: str
    goal: str
    within: float
    budget: area.Resources
    seed: int
    workers: int
    one_clock: bool

    def runs(self, trace: Trace) -> int:
        """How many of a trace's runs arrays are compared on."""
        macs = sum(layer.geometry.macs for layer in trace.layers)
        least = 2 if macs < _SMALL_MACS else 1
        return min(trace.source.runs, max(least, *GOALS[self.goal].batches))

    def run(
        self,
        kept: Kept,
        able: Mapping[str, ArraySpace],
        left_out: Sequence[LeftOut],
        folder: Path,
        progress: Progress,
    ) -> Choice:
        """Measure, judge the best, and hold them against the best dense one."""
        left = self._measure(kept, able, folder, progress)
        found = load_sweep_result(folder)
        best = self._best(found)
        every = [(name, s) for name in able for s in machine_named(name).scheme_names]
        missing = [key for key in every if key not in best]
        why = lost(missing, able, found, self.device, self.family, self.budget, self.within)
        left_out = [*left_out, *why]
        if not best:
            raise SpecError("; ".join(f"{o.machine}, {o.scheme}: {o.reason}" for o in left_out))
        results = {}
        for done, (key, row) in enumerate(best.items()):
            progress("judging the best", done, len(best))
            accelerator = Point.of(row.parameters).accelerator
            results[key] = kept.result_of(accelerator, self.device, self.seed)
        progress("judging the best", len(best), len(best))
        counted = Counter(
            (row.parameters["machine"], row.parameters["skipping"]) for row in found.measured
        )
        dense, own = self._opponents(kept, results, progress)
        rows = [
            chosen_of(result, dense, own[key], left.of[key], counted[key])
            for key, result in results.items()
        ]
        return self._record(
            kept, next(iter(results.values())), self._ordered(rows), dense, left_out
        )

    def _measure(
        self, kept: Kept, able: Mapping[str, ArraySpace], folder: Path, progress: Progress
    ) -> Left:
        path = folder / f"{self.device.name}.toml"
        path.write_text(spec_toml(self.device), encoding="utf-8")
        source = kept.some.source
        network = Network(
            name="network", model=source.model, inputs=source.inputs, images=(source.images,)
        )
        spec = choice_spec(
            network,
            str(path),
            able,
            self.budget,
            goal=self.goal,
            within=self.within,
            runs=source.runs,
            seed=self.seed,
            one_clock=self.one_clock,
        )
        try:
            done = sweep_into(spec, folder, workers=self.workers, progress=progress, traces=kept)
        except EmptySpaceError:
            said = nothing_fits(able, self.device, self.family, self.budget, self.within)
            raise SpecError(said) from None
        return done.left

    def _best(self, found: SweepResult) -> dict[tuple[str, str], Row]:
        """The best point of each machine and scheme; of equals the one of fewer LUTs.

        An array on which the scheme does nothing of its own (`Machine.scheme_note`) is none of it.
        """
        name = GOALS[self.goal].metric
        sign = 1 if METRICS[name].better == "less" else -1

        def order(row: Row) -> tuple[float, float]:
            return sign * row.metrics[name], row.metrics["lut"]

        best: dict[tuple[str, str], Row] = {}
        for row in found.measured:
            key = row.parameters["machine"], row.parameters["skipping"]
            if scheme_note(Point.of(row.parameters).accelerator):
                continue
            if key not in best or order(row) < order(best[key]):
                best[key] = row
        return best

    def _ordered(self, rows: Iterable[Chosen]) -> tuple[Chosen, ...]:
        """The best first."""
        if self.goal == "energy":
            return tuple(sorted(rows, key=lambda row: (row.energy_uj, row.ms)))
        return tuple(sorted(rows, key=lambda row: (row.ms, row.used.lut)))

    def _opponents(
        self, kept: Kept, results: Mapping[tuple[str, str], Result], progress: Progress
    ) -> tuple[Opponent | None, dict[tuple[str, str], Opponent | None]]:
        """The best dense accelerator in the budget, and in what each of the best takes of it."""
        each, label = tuple(results.values()), "against dense ones"
        search = DenseSearch(
            kept.trace,
            kept.some,
            self.device,
            self.family,
            Accelerator(),
            self.one_clock,
            each,
        )

        def opponent(budget: area.Resources, batch: int) -> Opponent | None:
            best = kept.dense_of(
                lambda: search.best(budget, {1, batch}),
                self.device,
                budget=asdict(budget),
                batch=batch,
                one_clock=self.one_clock,
                results=[result.accelerator.sha256() for result in each],
            )
            if best is None:
                return None
            search.remember(best)
            return opponent_of(best, each[0], self.device)

        progress(label, 0, len(each) + 1)
        dense, own = opponent(self.budget, max(r.accelerator.batch for r in each)), {}
        for done, (key, result) in enumerate(results.items(), 1):
            progress(label, done, len(each) + 1)
            own[key] = opponent(used_of(result), result.accelerator.batch)
        progress(label, len(each) + 1, len(each) + 1)
        # neither search is a proof: what was found for less may be faster
        found = [one for one in (dense, *own.values()) if one is not None]
        return min(found, key=lambda one: one.ms, default=None), own

    def _record(
        self,
        kept: Kept,
        some: Result,
        rows: tuple[Chosen, ...],
        dense: Opponent | None,
        left_out: Sequence[LeftOut],
    ) -> Choice:
        source = kept.trace.source
        taken = {
            warning for warning in device_warnings(some.on_device, some.accelerator, self.device)
        }
        return Choice(
            model=some.model,
            inputs=Inputs(
                source=source.inputs,
                sha256=source.inputs_sha256,
                random=source.random_inputs,
                images=source.images,
                images_per_run=source.images_per_run,
                searched=kept.some.source.images,
            ),
            device=some.device,
            goal=self.goal,
            within=self.within,
            one_clock=self.one_clock,
            budget=Resources(**asdict(self.budget)),
            chosen=rows,
            dense=dense,
            left_out=tuple(left_out),
            arrays=sum(row.arrays for row in rows),
            counted=sum(row.counted for row in rows),
            output_error=some.output_error,
            accuracy=some.accuracy,
            mac_coverage=some.host.mac_coverage,
            mac_coverage_is_bound=some.host.mac_coverage_is_bound,
            energy_table=some.energy_table,
            warnings=tuple(one for one in some.warnings if one not in taken),
            versions=some.provenance.versions,
            seed=self.seed,
        )
