"""Engines: which points of a space are measured, and in which order. By the name in the file."""

from __future__ import annotations

from sparsesim.sweeps.engines.engine import Engine, Told
from sparsesim.sweeps.space import Left, Space


def engine_of(space: Space, left: Left) -> Engine:
    """The engine that the sweep's file names.

    Args:
        space: of the sweep.
        left: is told what conditions and devices leave out.
    Raises:
        SpecError: its library is not installed.
    """
    name = space.spec.engine
    if name in ("grid", "random"):
        from sparsesim.sweeps.engines.listed import Drawn, Grid

        return (Grid if name == "grid" else Drawn)(space, left)
    from sparsesim.sweeps.engines.guided import Guided

    return Guided(space, left)


__all__ = ["Engine", "Told", "engine_of"]
