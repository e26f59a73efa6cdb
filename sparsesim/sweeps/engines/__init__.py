"""Engines: which points of a space are measured, and in which order. By the name in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sparsesim.sweeps.engines.engine import Engine, Told
from sparsesim.sweeps.point import Workload
from sparsesim.sweeps.space import Left, Space

if TYPE_CHECKING:
    from sparsesim.sweeps.promise import Work


def _looks_at_nothing(workload: Workload) -> Sequence[Work]:
    return ()


def engine_of(
    space: Space,
    left: Left,
    look: Callable[[Workload], Sequence[Work]] = _looks_at_nothing,
) -> Engine:
    """The engine that the sweep's file names.

    Args:
        space: of the sweep.
        left: is told what conditions and devices leave out.
        look: what a workload has to do, for the engine that begins with what promises the most.
    Raises:
        SpecError: its library is not installed.
    """
    name = space.spec.engine
    if name in ("grid", "random"):
        from sparsesim.sweeps.engines.listed import Drawn, Grid

        return (Grid if name == "grid" else Drawn)(space, left)
    if name == "best":
        from sparsesim.sweeps.engines.best import Best

        return Best(space, left, look)
    from sparsesim.sweeps.engines.guided import Guided

    return Guided(space, left)


__all__ = ["Engine", "Told", "engine_of"]
