"""Parts of a machine's hardware: one list for the area model and for synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparsesim.area.resources import Resources


@dataclass(frozen=True)
class Module:
    """Where synthesis finds a part.

    Attributes:
        top: the Verilog module that is synthesised.
        parameters: its Verilog parameters.
        inside: a module that `top` holds instances of: the part is one of these. Empty: the part
            is `top` itself.
        without: modules inside `top` that are parts of their own, and are taken off it.
    """

    top: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    inside: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part, and how often it is there.

    Attributes:
        words: for a reader: `post-processing, a column`.
        times: how many there are.
        resources: of one, by the area model or as stated; lut, ff, dsp, bram36.
        module: where synthesis finds it; None: it is no module, and `resources` is all that is
            known.
    """

    words: str
    times: int
    resources: Resources
    module: Module | None = None


@dataclass(frozen=True)
class Placed:
    """What can be placed for a clock.

    Attributes:
        words: for a reader: `one PE`.
        module: where synthesis finds it.
        multipliers: a regular expression whose groups `row` and `col` are numbers: it is found in
            the names of the multipliers of a flat netlist, and says where in the array they are.
            Empty: the placer puts them where it will.
    """

    words: str
    module: Module
    multipliers: str = ""


@dataclass(frozen=True)
class Clock:
    """The highest clock of a machine's slowest part.

    Attributes:
        mhz: to a tenth.
        is_placed: found by placing such a part, or parts like it; else assumed.
        source: words for a reader.
        placed_ns: the period of its placement on ECP5, which is what clocks of two machines are
            compared by; None where it was never placed.
        words: what was placed, behind "its": `PE`.
    """

    mhz: float
    is_placed: bool
    source: str
    placed_ns: float | None = None
    words: str = "array"
