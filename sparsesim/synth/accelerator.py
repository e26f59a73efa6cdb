"""Synthesis of a whole accelerator, part by part: each part once, counted as often as it is there.

Its machine says which parts there are (`Machine.parts`), and so does not say it twice. Class
counters are off and bus registers are left out. What is no module, as the on-chip buffers, is
taken as the machine computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsesim.errors import SpecError
from sparsesim.machines.part import Module, Part
from sparsesim.spec import Accelerator
from sparsesim.synth.cells import Counts
from sparsesim.synth.families import family_named
from sparsesim.synth.run import Synthesis, synthesise

MOST_INSIDE = 4096
"""Equal parts of the largest design that is given to Yosys: it takes minutes and gigabytes."""


@dataclass(frozen=True)
class Row:
    """A part of an accelerator.

    Attributes:
        name: words for a reader.
        times: how many there are.
        counts: of one.
    """

    name: str
    times: int
    counts: Counts


@dataclass(frozen=True)
class SynthesisedAccelerator:
    """An accelerator's parts.

    Attributes:
        accelerator: it.
        family: for which it was mapped.
        rows: its parts, as its machine lists them.
        yosys: its version.
        logs: what Yosys printed, a file a design.
    """

    accelerator: Accelerator
    family: str
    rows: tuple[Row, ...]
    yosys: str
    logs: tuple[Path, ...]

    @property
    def total(self) -> Counts:
        """All parts."""
        return sum((row.counts * row.times for row in self.rows), Counts())


def parts_to_synthesise(accelerator: Accelerator, family: str) -> tuple[Part, ...]:
    """An accelerator's parts, some of which Yosys is asked about.

    Raises:
        SpecError: unknown family, no parts that are modules, a design that is too large.
    """
    family_named(family)
    parts = accelerator.rules.parts(accelerator, family)
    if not any(part.module for part in parts):
        raise SpecError(f"machine '{accelerator.machine}' has no parts that can be synthesised")
    for part in parts:
        if part.module is not None and part.module.inside and part.times > MOST_INSIDE:
            raise SpecError(
                f"{accelerator.rules.size(accelerator.array)}: {part.words} x{part.times} is too "
                f"many to synthesise; use up to x{MOST_INSIDE}, or the area model"
            )
    return parts


def designs(parts: Sequence[Part]) -> tuple[Module, ...]:
    """What Yosys is run for: each top once, whichever parts are found in it."""
    found: dict[tuple[object, ...], Module] = {}
    for module in (part.module for part in parts):
        if module is not None:
            inside = [module.inside] if module.inside else []
            known = found.setdefault(_key(module), Module(module.top, module.parameters))
            kept = dict.fromkeys([*known.without, *inside, *module.without])
            found[_key(module)] = Module(module.top, module.parameters, without=tuple(kept))
    return tuple(found.values())


def synthesise_accelerator(
    accelerator: Accelerator,
    family: str,
    progress: Callable[[int], Any] | None = None,
) -> SynthesisedAccelerator:
    """Synthesise all parts of an accelerator, or find those that were synthesised before.

    Args:
        accelerator: what to synthesise.
        family: one of `FAMILIES`.
        progress: called with how many of `designs` are done.
    Raises:
        SpecError: as of `parts_to_synthesise`.
        SparseSimError: Yosys is missing or fails.
    """
    parts = parts_to_synthesise(accelerator, family)
    found: dict[tuple[object, ...], Synthesis] = {}
    for design in designs(parts):
        found[_key(design)] = synthesise_module(design, family)
        if progress is not None:
            progress(len(found))
    rows = tuple(Row(part.words, part.times, _counts(part, found)) for part in parts)
    first = next(iter(found.values()))
    logs = tuple(one.log for one in found.values())
    return SynthesisedAccelerator(accelerator, family, rows, first.yosys, logs)


def synthesise_module(module: Module, family: str) -> Synthesis:
    """A module with its parameters; what is taken off it stays a module of its own."""
    return synthesise(module.top, module.parameters, family, kept=module.without)


def counts_of(module: Module, synthesis: Synthesis) -> Counts:
    """Of one of it: inside what was synthesised, or all of that without its other parts."""
    if module.inside:
        return synthesis.parts[module.inside].counts
    counts = synthesis.counts
    for name in module.without:
        other = synthesis.parts[name]
        counts = counts + other.counts * -other.instances
    return counts


def _key(module: Module) -> tuple[object, ...]:
    return module.top, *sorted(module.parameters.items())


def _counts(part: Part, found: Mapping[tuple[object, ...], Synthesis]) -> Counts:
    """Of one of a part: what Yosys counted, or what its machine computes."""
    if part.module is not None:
        return counts_of(part.module, found[_key(part.module)])
    taken = part.resources.rounded()
    return Counts(lut=int(taken.lut), ff=int(taken.ff), dsp=int(taken.dsp), bram36=taken.bram36)
