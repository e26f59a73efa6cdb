"""One layer's exact cycles at any queue depth, each counted once.

A deeper queue never costs a cycle: in the recurrences of machines that have queues what fills one
waits for the end of what is as many places back, a deeper queue asks for an earlier one, and all
times are maxima of earlier times plus constants. A queue that holds all of a pass is never full:
there it is the unbounded one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.estimator.count import count, timed
from sparsesim.estimator.prepare import Prepared
from sparsesim.estimator.runs import prepared_runs
from sparsesim.estimator.setting import setting
from sparsesim.spec import Accelerator, Device
from sparsesim.trace import ImageTrace, Trace, TraceLayer
from sparsesim.tuning.queues.rules import QueueRules

UNBOUNDED = 1 << 18
"""A depth that is taken for no bound where a pass fills a deeper queue: the model keeps a time for
each place of a queue."""

COMPUTE, TOTAL = 0, 1


class Depths:
    """A layer over all runs of a trace, under the accelerator's own scheme.

    Attributes:
        layer: of the trace.
        pass_windows: the depth from which on queues are never full; 0: it has no work.
    """

    def __init__(
        self,
        trace: Trace,
        layer: TraceLayer,
        groups: Sequence[Sequence[ImageTrace]],
        accelerator: Accelerator,
        device: Device,
        rules: QueueRules,
    ) -> None:
        self.layer, self._rules = layer, rules
        self._trace, self._groups = trace, groups
        self._on = setting(accelerator, device, accelerator.skipping)
        self._counted: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._runs: list[list[Prepared]] | None = None
        self._flat = UNBOUNDED
        self.pass_windows = max(
            (
                rules.never_full(run.passes, self._on.array)
                for runs in self._laid_out()
                for run in runs
            ),
            default=0,
        )

    @property
    def unbounded(self) -> NDArray[np.int64]:
        """Cycles with queues that are never full; as `at`."""
        return self.at(min(max(self._rules.least, self.pass_windows), UNBOUNDED))

    def at(self, depth: int) -> NDArray[np.int64]:
        """Cycles at a queue depth.

        Args:
            depth: one that an array may have, or deeper.
        Returns:
            int64, shape (groups of images, 2): compute, total.
        """
        return np.array([self.of(group, depth) for group in range(len(self._groups))])

    def of(self, group: int, depth: int) -> NDArray[np.int64]:
        """Cycles of one group of images: int64, compute and total."""
        depth = min(depth, self._flat, max(self._rules.least, self.pass_windows))
        if (group, depth) not in self._counted:
            runs = [self._count(run, depth) for run in self._laid_out()[group]]
            self._counted[group, depth] = np.sum(runs or [[0, 0]], axis=0, dtype=np.int64)
        return self._counted[group, depth]

    def is_flat(self, depth: int) -> bool:
        """Whether no deeper queue saves a cycle; from then on deeper ones are not counted again."""
        flat = bool((self.at(depth) == self.unbounded).all())
        if flat:
            self._flat = min(self._flat, depth)
        return flat

    def release(self) -> None:
        """Drop the operands; what was counted stays, and they are laid out anew where needed."""
        self._runs = None

    def _laid_out(self) -> list[list[Prepared]]:
        """For each group of images the runs of the layer: one, or one an image."""
        if self._runs is None:
            self._runs = prepared_runs(self._trace, self.layer, self._groups, self._on)
        return self._runs

    def _count(self, run: Prepared, depth: int) -> list[int]:
        # Unchecked: no accelerator has queues as deep as those that stand for unbounded ones.
        on = replace(self._on, array=self._on.array.model_copy(update={self._rules.key: depth}))
        (scheme,) = on.schemes
        found = timed(run, count(run, scheme, on), scheme, on)
        return [found.compute_cycles, found.total_cycles]
