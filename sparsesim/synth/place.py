"""The clock of a synthesised design: nextpnr places and routes it on an ECP5, out of context.

Out of context: the design's ports are loose ends and no pins, so that it need not fit any package;
paths from and to them are not timed. The clock is that of nextpnr's timing model of the parts
(speed grade 6, the slowest), not a measurement.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsesim.rtl.cache import cache_folder, made_once
from sparsesim.synth import floorplan
from sparsesim.synth.netlist import Netlist
from sparsesim.synth.recipe import FLATTEN
from sparsesim.synth.run import Synthesis
from sparsesim.synth.tools import find_nextpnr, find_yosys, run_tool

PART = "LFE5U-85F"
OPTIONS = (
    *("--85k", "--package", "CABGA381", "--speed", "6"),
    *("--out-of-context", "--timing-allow-fail", "--freq", "200"),
    # The slower router, for it knows which wires are late; paths count for more than wires in all.
    *("--router", "router1", "--placer-heap-timingweight", "300"),
)
SEEDS = (1, 2, 3)

_FLAT = "flat.json"
_REPORT = "report.json"
_LUTS = 83_640  # of the part
_FLOORPLAN = hashlib.sha256(Path(floorplan.__file__).read_bytes()).hexdigest()


@dataclass(frozen=True)
class Step:
    """A piece of the longest path: through a cell, or over wires to the next."""

    kind: str
    where: str
    delay_ns: float


@dataclass(frozen=True)
class Placement:
    """One seed's placement.

    Attributes:
        seed: of nextpnr's random numbers.
        clock_mhz: the highest that its timing model allows.
        luts: LUT4 sites taken, by memories and carries too.
        path: the longest path between registers.
        log: what nextpnr printed.
    """

    seed: int
    clock_mhz: float
    luts: int
    path: tuple[Step, ...]
    log: Path


@dataclass(frozen=True)
class Clock:
    """Clocks over seeds.

    Attributes:
        placements: one a seed.
        nextpnr: its version.
    """

    placements: tuple[Placement, ...]
    nextpnr: str

    @property
    def median_mhz(self) -> float:
        """The median over the seeds: what is stated where one number must do."""
        return statistics.median(placement.clock_mhz for placement in self.placements)

    @property
    def low_mhz(self) -> float:
        """The worst seed's."""
        return min(placement.clock_mhz for placement in self.placements)

    @property
    def high_mhz(self) -> float:
        """The best seed's."""
        return max(placement.clock_mhz for placement in self.placements)


def place(
    design: Synthesis,
    seeds: Sequence[int] = SEEDS,
    progress: Callable[[int], Any] | None = None,
    multipliers: str = "",
) -> Clock:
    """Place and route a design once a seed, or find what was placed before.

    Args:
        design: synthesised for `ecp5`.
        seeds: 1 or more.
        progress: called with the number of seeds done.
        multipliers: as of `sparsesim.machines.part.Placed`: where in an array its multipliers are.
    Raises:
        SparseSimError: nextpnr is missing or fails, such as for a design that is too large.
    """
    placements = []
    for seed in seeds:
        placements.append(_place(design, seed, multipliers))
        if progress is not None:
            progress(len(placements))
    return Clock(tuple(placements), find_nextpnr().version)


def _place(design: Synthesis, seed: int, multipliers: str) -> Placement:
    tool, yosys = find_nextpnr(), find_yosys()
    netlist = hashlib.sha256(design.netlist.read_bytes()).hexdigest()
    where = [_FLOORPLAN, multipliers] if multipliers else []
    inputs = [netlist, *where, tool.version, yosys.version, *FLATTEN, *OPTIONS, seed]
    name = f"place-{design.module}-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]}"

    def make(folder: Path) -> None:
        kept_log = cache_folder() / f"{name}.log"
        flat = folder / _FLAT
        passes = [f'read_json "{design.netlist}"', *FLATTEN, f"write_json {_FLAT}"]
        script = "\n".join(passes) + "\n"
        run_tool(yosys, [], folder / "yosys.log", kept_log, design.module, script)
        if multipliers:
            plan, filled = Netlist.read(flat), design.counts.lut / _LUTS
            floorplan.place_multipliers(plan.modules[plan.top], filled, multipliers)
            plan.write(flat)
        arguments = ["--json", flat.name, "--seed", str(seed), "--report", _REPORT]
        log = folder / "nextpnr.log"
        run_tool(tool, [*OPTIONS, *arguments], log, kept_log, design.module)
        flat.unlink()  # large, and quickly made again

    folder = made_once(name, make)
    report = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
    paths = [path for path in report["critical_paths"] if path["from"] == path["to"]]
    return Placement(
        seed,
        min(clock["achieved"] for clock in report["fmax"].values()),
        report["utilization"]["TRELLIS_COMB"]["used"],
        tuple(_step(part) for part in (paths[0]["path"] if paths else ())),
        folder / "nextpnr.log",
    )


def _step(part: dict[str, Any]) -> Step:
    end = part["to"] if part["type"] == "routing" else part["from"]
    return Step(part["type"], f"{end['cell']}.{end['port']}", part["delay"])
