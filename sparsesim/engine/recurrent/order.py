"""Which time step each sequence of a batch is at, in each step of a direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """The steps of one direction.

    Attributes:
        reverse: from the end of each sequence to its start.
        lengths: int64, (batch,); None where all sequences take all steps.
        steps: of the input.
    """

    reverse: bool
    lengths: np.ndarray | None
    steps: int

    def active(self, step: int) -> np.ndarray | None:
        """Which sequences take this step, bool, (batch,); None: all."""
        return None if self.lengths is None else step < self.lengths

    def by_step(self, by_time: np.ndarray) -> np.ndarray:
        """(time, rows, batch) in the order of the steps; behind a sequence's end is anything."""
        if self.lengths is None:
            return by_time[::-1] if self.reverse else by_time
        return np.take_along_axis(by_time, self._times()[:, None, :], axis=0)

    def by_time(self, by_step: np.ndarray) -> np.ndarray:
        """(step, batch, hidden) in the order of time; zeros behind a sequence's end."""
        if self.lengths is None:
            return by_step[::-1] if self.reverse else by_step
        made = np.take_along_axis(by_step, self._times()[:, :, None], axis=0)
        made[np.arange(self.steps)[:, None] >= self.lengths] = 0
        return made

    def _times(self) -> np.ndarray:
        """int64, (steps, batch): the time of each step, which is also the step of each time."""
        assert self.lengths is not None
        step = np.arange(self.steps)[:, None]
        if not self.reverse:
            return np.broadcast_to(step, (self.steps, len(self.lengths)))
        return np.where(step < self.lengths, self.lengths - 1 - step, step)
