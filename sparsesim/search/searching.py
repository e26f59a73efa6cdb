"""`find_thresholds`: thresholds that keep a model's accuracy, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import sparsesim
from sparsesim.errors import InputError, SpecError, nearest
from sparsesim.graph import Graph
from sparsesim.graph.blocks import Block, blocks
from sparsesim.inputs import Inputs
from sparsesim.search.block_rows import block_rows
from sparsesim.search.change import Change
from sparsesim.search.cost import Cost, Cycles, applied
from sparsesim.search.exchange import Exchanged, exchange
from sparsesim.search.grid import Grid
from sparsesim.search.images import Batch, batch_size, batches, check_labels, part, right
from sparsesim.search.layerwise import Curve, layerwise
from sparsesim.search.replay import Replay
from sparsesim.search.result import Joint, Score, SearchResult, UnitRow
from sparsesim.search.scoring import Scorer
from sparsesim.search.units import WHAT, Unit, activation_units, thresholds_of, weight_units
from sparsesim.sparsity import weight_sparsity
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.spec.thresholds import Thresholds
from sparsesim.trace.zeros import ActivationTable, activation_zeros

OBJECTIVES = ("sparsity", "together", "cycles")
BY = ("block", "layer")
_LEAST_SLACK, _IMAGES_A_SLACK = 2, 500  # right answers that a candidate may lack by itself
_CHANCE_DEVIATIONS = 3  # above chance by so many: else the baseline knows nothing


@dataclass(frozen=True)
class SearchSpec:
    """What to search.

    Attributes:
        what: `weights`, `activations` or `both`.
        by: weights get a threshold a `block` or a `layer`; activations always a layer.
        grid: of thresholds.
        keep: share of the baseline's right answers that each threshold by itself must keep.
        objective: `sparsity`: the paper's search; `together`: behind it all thresholds go down by
            as many steps of their grids as it takes for all at once to keep that share; `cycles`:
            a joint search behind it, which may spend as much accuracy as that one did.
        spend: share of the baseline's right answers that the joint search must keep instead.
        scheme: whose cycles the joint search lowers; empty: the machine's default one.
        accelerator, device: the machine; None: the defaults.
        cycle_images: test images on which cycles are counted.
        memory_mib: bound of what is kept of layers' inputs.
        reuse: run only what lies behind a change.
    """

    what: str = "weights"
    by: str = "block"
    grid: Grid = field(default_factory=Grid)
    keep: float = 1.0
    objective: str = "sparsity"
    spend: float | None = None
    scheme: str = ""
    accelerator: Accelerator | None = None
    device: Device | None = None
    cycle_images: int = 5
    memory_mib: int = 1024
    reuse: bool = True

    def __post_init__(self) -> None:
        rules = (self.accelerator or Accelerator()).rules
        object.__setattr__(self, "scheme", self.scheme or rules.default_scheme)
        for key, allowed in (
            ("what", WHAT),
            ("by", BY),
            ("objective", OBJECTIVES),
            ("scheme", rules.scheme_names),
        ):
            if getattr(self, key) not in allowed:
                hint = nearest(getattr(self, key), allowed)
                raise SpecError(f"{key} '{getattr(self, key)}' is unknown; {hint}")
        for key in ("keep", "spend"):
            share = getattr(self, key)
            if share is not None and not 0 < share <= 1:
                raise SpecError(f"{key} {share:g} is out of range; use above 0 up to 1")
        for key in ("cycle_images", "memory_mib"):
            if getattr(self, key) < 1:
                raise SpecError(f"{key} {getattr(self, key)} is out of range; use 1 and up")


@dataclass(frozen=True)
class Found:
    """What `find_thresholds` gives.

    Attributes:
        result: the record.
        thresholds: as a map file says them.
        graph: the graph with the thresholds.
    """

    result: SearchResult
    thresholds: Thresholds
    graph: Graph


def find_thresholds(
    graph: Graph,
    search_inputs: Inputs,
    test_inputs: Inputs,
    spec: SearchSpec | None = None,
    *,
    named_blocks: Mapping[str, Sequence[str]] | None = None,
    raw: Graph | None = None,
    progress: Callable[[str, int, int], Any] = lambda label, done, total: None,
) -> Found:
    """Find a threshold for each block or layer, apply all, and measure on other images.

    Args:
        graph: a classifier.
        search_inputs: labelled images that thresholds are chosen on.
        test_inputs: labelled images that were not.
        spec: what to search; default: weights, by block, 20 quantiles, nothing lost.
        named_blocks: block name -> layer patterns; default: by the layers' names.
        raw: the same model loaded with `raw_weights`: weight thresholds are for its weights then.
        progress: called with what is going on, how much is done and how much there is.
    Raises:
        InputError: no labels, labels that are no classes of the model, or a baseline that is no
            better than chance. SpecError: nothing to search.
    Source: Loroch et al. 2018, section 3.1.
    """
    spec = spec or SearchSpec()
    run = _Run(graph, raw or graph, search_inputs, test_inputs, spec, named_blocks or {}, progress)
    units = run.units()
    scorer = run.scorer(search_inputs, units)
    baseline = scorer.baseline()
    run.refuse_chance(baseline)
    needed = math.ceil(spec.keep * baseline - 1e-9)
    curves = layerwise(
        scorer, units, needed, progress=lambda done, total: progress("searching", done, total)
    )
    limits = tuple(curve.threshold for curve in curves)
    together = scorer.together(run.change(units, limits), 0)
    assert together is not None
    before = run.cost.of(Thresholds(), run.block_layers)
    joint = None
    if spec.objective == "together" and together < needed:
        limits, together = run.lowered(scorer, curves, needed)
    elif spec.objective == "cycles":
        limits, together, joint = run.joint(scorer, curves, baseline, together, before)
    score = Score(scorer.total, baseline, together)
    return run.found(units, curves, limits, score, before, joint)


@dataclass(eq=False)
class _Run:
    """One search."""

    graph: Graph
    raw: Graph
    search_inputs: Inputs
    test_inputs: Inputs
    spec: SearchSpec
    named_blocks: Mapping[str, Sequence[str]]
    progress: Callable[[str, int, int], Any]

    def __post_init__(self) -> None:
        self.blocks: tuple[Block, ...] = blocks(self.graph, self.named_blocks)
        self.block_layers = {block.name: block.layers for block in self.blocks}
        self.replay = Replay(self.graph)
        self.size = 1
        first = next(batches(self.search_inputs, 1))
        outputs, self.seen = self.replay.base(
            first.feed, [layer.output for layer in self.graph.layers]
        )
        self.classes = check_labels(self.graph, self.search_inputs, outputs)
        check_labels(self.graph, self.test_inputs, outputs)
        self.first = first
        self.size = batch_size(self.replay, self.search_inputs)
        count = self.test_inputs.at_most(self.spec.cycle_images)
        self.accelerator, self.device = resolve(self.spec.accelerator, self.spec.device)
        images = part(self.test_inputs, 0, count)
        self.cost = Cost(self.graph, self.raw, images, self.accelerator, self.device)

    def units(self) -> tuple[Unit, ...]:
        found: tuple[Unit, ...] = ()
        if self.spec.what != "activations":
            groups = self.blocks
            if self.spec.by == "layer":
                groups = tuple(Block(la.name, (la.name,), la.output) for la in self.graph.layers)
            found += weight_units(self.raw, groups, self.spec.grid)
        if self.spec.what != "weights":
            found += activation_units(self.graph, self.seen, self.spec.grid)
        if not found:
            raise SpecError(f"{self.graph.source}: has no layer whose output can be searched")
        return found

    def scorer(self, inputs: Inputs, units: Sequence[Unit]) -> Scorer:
        def stream() -> Iterator[Batch]:
            return batches(inputs, self.size)

        assert inputs.labels is not None
        total = int(inputs.labels.size)
        return Scorer(self.replay, units, stream, total, self.spec.memory_mib, self.spec.reuse)

    def change(self, units: Sequence[Unit], limits: Sequence[float]) -> Change:
        change = Change()
        for unit, limit in zip(units, limits, strict=True):
            if limit:
                change |= unit.change(self.graph, limit)
        return change

    def refuse_chance(self, baseline: int) -> None:
        """Refuse a baseline that the images' classes alone could explain."""
        labels = self.search_inputs.labels
        assert labels is not None
        images, chance = int(labels.size), 1 / self.classes
        deviation = math.sqrt(images * chance * (1 - chance))
        if baseline > images * chance + _CHANCE_DEVIATIONS * deviation:
            return
        name, values = next(iter(self.first.feed.items()))
        raise InputError(
            f"{self.graph.source}: {baseline} of {images} search images are right, no better than "
            f"chance with {self.classes} classes: the preprocessing or the labels are probably "
            f"wrong; input '{name}' of the first image goes from {float(values.min()):.4g} to "
            f"{float(values.max()):.4g}, mean {float(values.mean()):.4g}; "
            f"{self.search_inputs.source}"
        )

    def lowered(
        self, scorer: Scorer, curves: Sequence[Curve], needed: int
    ) -> tuple[tuple[float, ...], int]:
        """The first of ever lower thresholds that keep the accuracy all at once; 0 in the end.

        Those that were chosen one by one, all at once, do not.
        """
        units = [curve.unit for curve in curves]
        for steps in range(1, max(len(unit.grid) for unit in units) + 1):
            at = [-1 if curve.chosen is None else curve.chosen - steps for curve in curves]
            limits = tuple(
                unit.grid[place] if place >= 0 else 0.0
                for unit, place in zip(units, at, strict=True)
            )
            together = scorer.together(self.change(units, limits), needed)
            if together is not None:
                return limits, together
        raise AssertionError("the baseline keeps its own answers")

    def joint(
        self,
        scorer: Scorer,
        curves: Sequence[Curve],
        baseline: int,
        together: int,
        before: Cycles,
    ) -> tuple[tuple[float, ...], int, Joint]:
        """A joint search that may spend what the one layer by layer did, or what was asked for."""
        spec, units = self.spec, [curve.unit for curve in curves]
        limits = tuple(curve.threshold for curve in curves)
        needed = together
        if spec.spend is not None:
            needed = math.ceil(spec.spend * baseline - 1e-9)
        # Losses don't add up: what is somewhat too much by itself may be none beside another one.
        alone = needed - max(_LEAST_SLACK, scorer.total // _IMAGES_A_SLACK)
        allowed = layerwise(
            scorer,
            units,
            alone,
            True,
            lambda done, total: self.progress("searching further", done, total),
        )
        found: Exchanged = exchange(
            scorer,
            allowed,
            self._saved(allowed, before),
            [-1 if curve.chosen is None else curve.chosen for curve in curves],
            lambda chosen: self._priced(units, chosen).total[spec.scheme],
            baseline,
            needed,
            lambda tried: self.progress("exchanging", tried, 0),
        )
        tests = self.rights(
            self.test_inputs, [self.change(units, chosen) for chosen in (limits, found.thresholds)]
        )
        cycles = [dict(self._priced(units, chosen).total) for chosen in (limits, found.thresholds)]
        joint = Joint(
            scheme=spec.scheme,
            needed=needed,
            layerwise=together,
            exchanged=found.right,
            layerwise_test=tests[0],
            exchanged_test=tests[1],
            layerwise_cycles=cycles[0],
            exchanged_cycles=cycles[1],
            tried=found.tried,
        )
        return found.thresholds, found.right, joint

    def _saved(self, curves: Sequence[Curve], before: Cycles) -> list[list[float]]:
        """Cycles an image that each candidate saves by itself."""
        base = before.total[self.spec.scheme]
        total = sum(len(curve.unit.grid) for curve in curves)
        table: list[list[float]] = []
        done = 0
        for curve in curves:
            row = []
            for limit, count in zip(curve.unit.grid, curve.right, strict=True):
                saving = 0.0
                if count is not None:
                    saving = base - self._priced([curve.unit], [limit]).total[self.spec.scheme]
                row.append(saving)
                done += 1
                self.progress("counting cycles", done, total)
            table.append(row)
        return table

    def _priced(self, units: Sequence[Unit], limits: Sequence[float]) -> Cycles:
        return self.cost.of(self._thresholds(units, limits), self.block_layers)

    def _thresholds(self, units: Sequence[Unit], limits: Sequence[float]) -> Thresholds:
        return thresholds_of(units, limits, self.named_blocks)

    def rights(self, inputs: Inputs, changes: Sequence[Change]) -> list[int]:
        """Right answers under each change."""
        whole = self.replay.whole()
        counts = [0] * len(changes)
        for batch in batches(inputs, self.size):
            for index, change in enumerate(changes):
                outputs = self.replay.run(batch.feed, whole, change)
                counts[index] += right(outputs, batch.labels)
        return counts

    def found(
        self,
        units: Sequence[Unit],
        curves: Sequence[Curve],
        limits: Sequence[float],
        score: Score,
        before: Cycles,
        joint: Joint | None,
    ) -> Found:
        thresholds = self._thresholds(units, limits)
        graph = applied(self.graph, self.raw, thresholds)
        base, together = self.rights(self.test_inputs, [Change(), self.change(units, limits)])
        tests = self.test_inputs.labels
        assert tests is not None
        cycles = self._priced(units, limits)
        spec = self.spec
        weights = weight_sparsity(graph, blocks(graph, self.named_blocks))
        result = SearchResult(
            model=self.graph.source,
            model_sha256=self.graph.sha256,
            search_inputs=self.search_inputs.source,
            test_inputs=self.test_inputs.source,
            what=spec.what,
            by=spec.by,
            grid=str(spec.grid),
            keep=spec.keep,
            objective=spec.objective,
            raw_weights=self.raw is not self.graph,
            search=score,
            test=Score(int(tests.size), base, together),
            units=tuple(
                UnitRow(unit.kind, unit.name, unit.layers, limit, unit.grid, curve.right)
                for unit, curve, limit in zip(units, curves, limits, strict=True)
            ),
            blocks=block_rows(weights, self._zeros(graph), self._zeros(self.graph), cycles, before),
            cycles=dict(cycles.total),
            cycles_before=dict(before.total),
            cycle_images=self.cost.inputs.images,
            accelerator_sha256=self.accelerator.sha256(),
            device=self.device.name,
            machine=self.accelerator.machine,
            joint=joint,
            version=sparsesim.__version__,
            weights=weights.model.elements,
            weight_zeros=weights.model.zeros,
            warnings=tuple(
                dict.fromkeys(
                    (*self.search_inputs.warnings, *self.test_inputs.warnings, *before.warnings)
                )
            ),
        )
        return Found(result, thresholds, graph)

    def _zeros(self, graph: Graph) -> ActivationTable:
        return activation_zeros(graph, self._feeds(), self.named_blocks)

    def _feeds(self) -> Iterator[Mapping[str, np.ndarray]]:
        return (batch.feed for batch in batches(self.test_inputs, self.size))
