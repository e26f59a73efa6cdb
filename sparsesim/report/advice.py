"""What is known of a result's machine beyond its numbers, asked of the folder of its name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from sparsesim.result.model import LayerRecord, Result

MACHINES = ("inner_join",)


@dataclass(frozen=True)
class Floors:
    """Least compute cycles of a layer, summed over the images.

    Attributes:
        drain: until its results have left, were they all there at once.
        windows: with one cycle for each window.
    """

    drain: int
    windows: int


@dataclass(frozen=True)
class Lift:
    """One cause of a layer's cycles and its cure.

    Attributes:
        bound: `work`, `imbalance`, `drain`, `edges`, `fill` or `dram`.
        cycles: of the layer's total cycles, how many it holds.
        said: what happens, with its numbers.
        parameters: what to change, each with a reason.
    """

    bound: str
    cycles: float
    said: str
    parameters: tuple[str, ...]


def floors(result: Result, layer: LayerRecord) -> Floors | None:
    """The least cycles of a layer; None on a machine of which nothing is known."""
    machine = _machine(result)
    return machine.floors(result, layer) if machine else None


def lifts(result: Result, layer: LayerRecord, scheme: str) -> list[Lift]:
    """Causes of a layer's cycles under a scheme: what bounds it first, then by their cycles."""
    machine = _machine(result)
    return machine.lifts(result, layer, scheme) if machine else []


def _machine(result: Result) -> ModuleType | None:
    name = result.accelerator.machine
    return import_module(f"sparsesim.report.{name}") if name in MACHINES else None
