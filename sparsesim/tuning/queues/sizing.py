"""How deep queues must be: the smallest depth within a given loss of the unbounded one.

The loss is in total cycles, which a user waits for: a layer that DRAM bounds needs no deep queue
to be as fast as it can be. What compute cycles alone would ask for stands beside it.

Source: docs/queues.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_high
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.area import estimate as area_estimate
from sparsesim.engine.threads import each
from sparsesim.errors import ModelError, SpecError
from sparsesim.estimator.batches import batches
from sparsesim.spec import Accelerator, Device
from sparsesim.synth.families import family_of
from sparsesim.trace import Trace
from sparsesim.trace.doubtful_values import Noted
from sparsesim.tuning.queues.depths import COMPUTE, TOTAL, UNBOUNDED, Depths
from sparsesim.tuning.queues.records import DepthPoint, LayerQueues, Queues
from sparsesim.tuning.queues.rules import QueueRules


def sized(
    rules: QueueRules,
    trace: Trace,
    accelerator: Accelerator,
    device: Device,
    loss: float,
    progress: Callable[[int], Any] | None,
) -> Queues:
    """The smallest queue depths within a loss, layer by layer and for the whole network.

    Args:
        rules: of the machine's queues.
        trace: of `execute`, or loaded; the bits of all its images are held.
        accelerator: counted under its own scheme.
        device: gives the DRAM bandwidth and prices the array.
        loss: share of the total cycles with unbounded queues that may be lost, 0 to below 1.
        progress: called with the number of layers done.
    Raises:
        SpecError: a loss out of range, another machine, a layer that does not fit the buffers.
        ModelError: no layer has work.
    """
    if not 0 <= loss < 1:
        raise SpecError(f"loss {loss:g} is out of range; use 0 to below 1, or 0% to below 100%")
    if not isinstance(accelerator.array, rules.array):
        raise SpecError(
            f"machine '{accelerator.machine}' has no such queues; no depth is to be found"
        )
    noted = Noted(trace.images)
    groups = list(batches(noted, accelerator.batch))
    search = _Search(trace, groups, accelerator, device, rules, Fraction(repr(loss)), progress)
    found = each(search.layer, [(layer,) for layer in trace.layers])
    kept = [pair for pair in found if pair is not None]
    if not kept:
        raise ModelError(f"{trace.source.model}: no layer has work to count")
    network = _Network([depths for depths, _ in kept], accelerator, device, rules)
    flat = next((d for d in ladder(rules) if network.is_flat(d)), rules.most)
    depth = smallest(lambda d: search.holds(network.at(d), network.unbounded, TOTAL), rules, flat)
    shown = {*_up_to(rules, flat), depth, getattr(accelerator.array, rules.key)}
    longest = max(depths.pass_windows for depths, _ in kept)
    source = trace.source
    return Queues(
        **source.provenance,
        warnings=(*source.warnings, *noted.warnings()),
        accelerator=accelerator.model_dump(mode="json"),
        device=device.model_dump(mode="json"),
        scheme=accelerator.skipping,
        loss=loss,
        depth=depth,
        unbounded_windows=UNBOUNDED if longest > UNBOUNDED else None,
        layers=tuple(layer for _, layer in kept),
        curve=tuple(network.point(d) for d in (*sorted(d for d in shown if d is not None), None)),
    )


def ladder(rules: QueueRules) -> Iterable[int]:
    """Depths that are tried first: 1, 2, 3, 4, 6, 8, 12, ... of those that there may be."""
    power = 1
    while power <= rules.most:
        for depth in dict.fromkeys((power, power + power // 2)):
            if rules.least <= depth <= rules.most:
                yield depth
        power *= 2


def smallest(holds: Callable[[int], bool], rules: QueueRules, most: int) -> int | None:
    """The smallest depth from the least to `most` that holds; None: not even the last does.

    Args:
        holds: false up to some depth, true from there on.
        rules: say the least.
        most: where to stop.
    """
    steps = list(_up_to(rules, most))
    last = next((i for i, depth in enumerate(steps) if holds(depth)), None)
    if last is None:
        return None
    low, high = steps[last - 1] if last else steps[0] - 1, steps[last]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _up_to(rules: QueueRules, most: int) -> Iterable[int]:
    yield from (depth for depth in ladder(rules) if depth < most)
    yield most


@dataclass
class _Search:
    trace: Trace
    groups: Sequence[Sequence[Any]]
    accelerator: Accelerator
    device: Device
    rules: QueueRules
    loss: Fraction
    progress: Callable[[int], Any] | None

    def __post_init__(self) -> None:
        self._done, self._lock = 0, Lock()

    def holds(self, cycles: NDArray[np.int64], unbounded: NDArray[np.int64], kind: int) -> bool:
        """Whether the sum over images is within the loss; exact."""
        return int(cycles[:, kind].sum()) <= int(unbounded[:, kind].sum()) * (1 + self.loss)

    def layer(self, layer: Any) -> tuple[Depths, LayerQueues] | None:
        depths = Depths(self.trace, layer, self.groups, self.accelerator, self.device, self.rules)
        found = (depths, self._sized(depths)) if depths.pass_windows else None
        depths.release()
        with self._lock:
            self._done += 1
            if self.progress is not None:
                self.progress(self._done)
        return found

    def _sized(self, depths: Depths) -> LayerQueues:
        rules, whole = self.rules, depths.unbounded
        flat = next((depth for depth in ladder(rules) if depths.is_flat(depth)), rules.most)

        def depth_of(kind: int) -> int | None:
            return smallest(lambda d: self.holds(depths.at(d), whole, kind), rules, flat)

        def depth_of_image(i: int) -> int:
            one = whole[i : i + 1]
            found = smallest(lambda d: self.holds(depths.of(i, d)[None], one, TOTAL), rules, flat)
            return found or rules.most + 1

        alone = [depth_of_image(i) for i in range(len(whole))]
        middle, worst = (d if d <= rules.most else None for d in (median_high(alone), max(alone)))
        compute, total = whole.sum(axis=0)
        return LayerQueues(
            name=depths.layer.name,
            op=depths.layer.op,
            pass_windows=depths.pass_windows,
            compute_cycles=int(compute),
            total_cycles=int(total),
            depth=depth_of(TOTAL),
            compute_depth=depth_of(COMPUTE),
            median_depth=middle,
            worst_depth=worst,
        )


class _Network:
    """All layers with queues of one depth."""

    def __init__(
        self, layers: list[Depths], accelerator: Accelerator, device: Device, rules: QueueRules
    ) -> None:
        self.layers, self.accelerator, self.key = layers, accelerator, rules.key
        self.unbounded = np.sum([layer.unbounded for layer in layers], axis=0)
        try:
            self.family = family_of(device).name
        except SpecError:  # a device whose parts have no prices
            self.family = ""

    def at(self, depth: int) -> NDArray[np.int64]:
        """As `Depths.at`."""
        return np.sum(each(self._of, [(layer, depth) for layer in self.layers]), axis=0)

    def is_flat(self, depth: int) -> bool:
        """As `Depths.is_flat`."""
        return bool((self.at(depth) == self.unbounded).all())

    def point(self, depth: int | None) -> DepthPoint:
        cycles = self.unbounded if depth is None else self.at(depth)
        total, least = (int(found[:, TOTAL].sum()) for found in (cycles, self.unbounded))
        worst = (cycles[:, TOTAL] / self.unbounded[:, TOTAL]).max() - 1
        area = None
        if self.family and depth is not None:
            area = area_estimate(self.accelerator.with_(**{self.key: depth}), self.family)
        return DepthPoint(
            depth=depth,
            compute_cycles=int(cycles[:, COMPUTE].sum()),
            total_cycles=total,
            loss=total / least - 1,
            worst_loss=float(worst),
            lut=int(area.lut) if area else None,
            ff=int(area.ff) if area else None,
        )

    @staticmethod
    def _of(layer: Depths, depth: int) -> NDArray[np.int64]:
        found = layer.at(depth)
        layer.release()
        return found
