"""Synthesis of a module for a family: Yosys, then counts; whatever was synthesised once is kept.

Not its clock: that is `place`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsesim.rtl.cache import cache_folder, made_once
from sparsesim.rtl.sources import sources
from sparsesim.synth.cells import Counts, count
from sparsesim.synth.ecp5_netlist import (
    complete_muxes,
    pack_memory_registers,
    pack_multiplier_registers,
)
from sparsesim.synth.families import family_named
from sparsesim.synth.netlist import Netlist
from sparsesim.synth.recipe import MAPS, recipe
from sparsesim.synth.tools import find_yosys, run_tool

_NETLIST = "netlist.json"
_COUNTS = "counts.json"
# What comes behind a synthesis and has no part in it.
_BEHIND = ("floorplan.py", "place.py")


@dataclass(frozen=True)
class Kept:
    """A module of which a design has several: resources of one.

    Attributes:
        instances: how many there are.
        counts: of one.
    """

    instances: int
    counts: Counts


@dataclass(frozen=True)
class Synthesis:
    """A synthesised design.

    Attributes:
        module: its top module.
        parameters: its Verilog parameters; those left out have their defaults.
        family: for which it was mapped.
        counts: of the whole design, its parts among it.
        parts: modules that were kept as such, by name.
        netlist: the JSON file, with these.
        log: what Yosys printed.
        yosys: its version.
    """

    module: str
    parameters: dict[str, int]
    family: str
    counts: Counts
    parts: dict[str, Kept]
    netlist: Path
    log: Path
    yosys: str


def synthesise(
    module: str,
    parameters: Mapping[str, int],
    family: str,
    verilog: Sequence[Path] | None = None,
    kept: Sequence[str] = (),
) -> Synthesis:
    """Synthesise a module, or find what was synthesised before.

    Args:
        module: the top module, such as `inner_join_array`.
        parameters: its Verilog parameters, by name; those left out have their defaults.
        family: one of `FAMILIES`.
        verilog: the Verilog files; None is `sources(module)`.
        kept: modules inside it that stay modules, each with one set of parameters.
    Raises:
        SpecError: unknown family.
        SparseSimError: unknown module, Yosys is missing or fails, the cache cannot be written.
    """
    chosen = family_named(family)
    tool = find_yosys()
    files = [path.resolve() for path in (sources(module) if verilog is None else verilog)]
    passes = recipe(chosen, module, parameters, [path.name for path in files], _NETLIST, kept)
    inputs = {
        "yosys": tool.version,
        "passes": passes,
        "verilog": {path.name: _digest(path) for path in files},
        "package": [
            _digest(path)
            for path in sorted(Path(__file__).parent.rglob("*.[pv]*"))
            if path.name not in _BEHIND
        ],
    }
    name = f"synth-{module}-{family}-{_short(inputs)}"

    def make(folder: Path) -> None:
        for path in (*files, *MAPS):
            shutil.copyfile(path, folder / path.name)
        log = folder / "yosys.log"
        kept_log = cache_folder() / f"{name}.log"
        run_tool(tool, [], log, kept_log, module, "\n".join(passes) + "\n")
        netlist = Netlist.read(folder / _NETLIST)
        if chosen.name == "ecp5":
            for part in netlist.modules.values():
                complete_muxes(part)
                pack_multiplier_registers(part)
                pack_memory_registers(part)
            netlist.write(folder / _NETLIST)
        (folder / _COUNTS).write_text(
            json.dumps(_counts(netlist, kept), indent=1), encoding="utf-8"
        )

    folder = made_once(name, make)
    found = json.loads((folder / _COUNTS).read_text(encoding="utf-8"))
    return Synthesis(
        module,
        dict(parameters),
        family,
        Counts.from_json(found["total"]),
        {n: Kept(p["instances"], Counts.from_json(p["counts"])) for n, p in found["parts"].items()},
        folder / _NETLIST,
        folder / "yosys.log",
        tool.version,
    )


def _counts(netlist: Netlist, kept: Sequence[str]) -> dict[str, object]:
    parts: dict[str, object] = {}
    for name, instances in netlist.instances().items():
        # `$paramod$0123abcd\drain`, `$paramod\drain\ROWS=...`
        module = next((one for one in kept if one in name.split("\\")), None)
        if module and name != netlist.top:
            assert module not in parts, f"{module} is there with two sets of parameters"
            parts[module] = {"instances": instances, "counts": count(netlist, name).as_json()}
    return {"total": count(netlist).as_json(), "parts": parts}


def _short(inputs: object) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
