"""A failing tile as a folder that runs by itself: its operands, a cocotb test, a waveform.

The test is `replay_test.py`, copied. This file writes what that one reads, and starts it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.cosim.alone import (
    first_tile,
    joined,
    model_of,
    tile_of,
    tiling_of,
    timeline_of,
)
from sparsesim.cosim.check import Expected, agrees
from sparsesim.cosim.locate import RESULTS, Difference, cycle_limit, run_alone
from sparsesim.cosim.operands import PassOperands
from sparsesim.errors import SparseSimError
from sparsesim.machines.timeline import Timeline
from sparsesim.rtl.simulator import SimulationError, Simulator, Verilog

_DATA, _TEST, _WAVES = "replay.npz", "test_replay.py", "replay.vcd"

# Of a waveform: some 45 bytes for each pair of operands that a tile takes with a step of K, and
# cycle, so a gigabyte.
_MOST_PAIR_CYCLES = 24_000_000


def write_replay(
    folder: str | Path,
    operands: PassOperands,
    difference: Difference | None,
    verilog: Verilog,
    earlier: Sequence[PassOperands] = (),
    force: bool = False,
) -> str:
    """Write a folder that replays a difference: the failing tile, or where the tile alone agrees,
    the whole pass. Without a difference it replays the pass as it is.

    It holds `replay.npz`, `test_replay.py` (run it with Python) and `replay.vcd`.

    Args:
        folder: made, whole or not at all.
        operands: of the pass.
        difference: what `first_difference` found in it, or None.
        verilog: it is built once more, to write waveforms.
        earlier: the passes whose sums stayed in the machine for this one, K having been cut.
        force: replace a replay that is there. Nothing else is ever replaced.
    Returns:
        what is replayed: `tile (0, 2) of conv2, image 0, pass 3`; and the cycle behind which the
        waveform ends, where all of it would be more than a gigabyte.
    Raises:
        SparseSimError: the folder exists, cannot be written, or the Verilog cannot be built.
    """
    traced = replace(verilog, trace=True)
    with _making(Path(folder), force) as made:
        parts = _parts(operands, difference, verilog, earlier)
        while True:
            where, part = parts.pop(0)
            expected = model_of(part, verilog.accelerator)
            timeline = timeline_of(part, verilog.accelerator)
            if _differs(part, expected, timeline, traced) or not parts:
                break
        _save(made / _DATA, part, where, difference, verilog, expected, timeline)
        shutil.copyfile(Path(__file__).with_name("replay_test.py"), made / _TEST)
        cut = _record(made / _WAVES, part, timeline, traced)
    return where + cut


def refuse_existing_replay(folder: str | Path, force: bool) -> None:
    """Raise where a replay cannot be written: before any work is done for it.

    Raises:
        SparseSimError: the folder exists (with `force`: and is no replay), or its own does not.
    """
    folder = Path(folder)
    if not folder.parent.is_dir():
        raise SparseSimError(f"{folder}: its folder does not exist")
    if not folder.exists() and not folder.is_symlink():
        return
    if not force:
        raise SparseSimError(f"{folder}: exists; use --force to overwrite it")
    if folder.is_symlink() or not (folder / _DATA).is_file():
        raise SparseSimError(f"{folder}: is no replay, and is not overwritten; name another folder")


def run_cocotb(folder: str | Path, simulator: str | None = None) -> int:
    """Run the test of a replay; what it prints goes where our output goes.

    Args:
        folder: of `write_replay`.
        simulator: `verilator`, `icarus`, or None for the test's own choice.
    Returns:
        0: model and Verilog agree; 1: they differ.
    Raises:
        SparseSimError: it is no replay, or could not be run.
    """
    test = Path(folder) / _TEST
    if not test.is_file():
        raise SparseSimError(f"{folder}: is no replay: it has no {_TEST}")
    if find_spec("cocotb") is None:
        raise SparseSimError("cocotb was not found: pip install 'sparsesim[rtl]'")
    sys.stdout.flush()
    command = [sys.executable, str(test.resolve())]
    code = subprocess.run([*command, *(["--sim", simulator] if simulator else [])]).returncode
    if code not in (0, 1):
        raise SparseSimError(f"{test}: could not be run; it ended with code {code}")
    return code


def _parts(
    operands: PassOperands,
    difference: Difference | None,
    verilog: Verilog,
    earlier: Sequence[PassOperands],
) -> list[tuple[str, PassOperands]]:
    """What may be replayed, smallest first."""
    pass_ = _named(operands)
    if difference is None:
        return [(pass_, operands)]
    tiling = tiling_of(verilog.accelerator)
    # Sums depend on all of K, cycles on the pass alone.
    whole = joined((*earlier, operands)) if difference.what in RESULTS else operands
    tile = difference.tile or first_tile(operands, tiling)
    return [(f"tile {tile} of {pass_}", tile_of(whole, tiling, tile)), (pass_, whole)]


def _named(operands: PassOperands) -> str:
    return f"{operands.layer}, image {operands.image}, pass {operands.number}"


def _differs(part: PassOperands, expected: Expected, timeline: Timeline, verilog: Verilog) -> bool:
    """Is anything not as expected where a part runs alone?"""
    try:
        found = run_alone(part, verilog, ends=True)
    except SimulationError:
        return True
    assert found.ends is not None
    same = agrees(expected, found, part.drains) and np.array_equal(timeline.ends, found.ends)
    return not same


def _record(path: Path, part: PassOperands, timeline: Timeline, traced: Verilog) -> str:
    """Run a part alone and write its waveform; says where that was cut."""
    tiling = tiling_of(traced.accelerator)
    most = _MOST_PAIR_CYCLES // (tiling.filters * tiling.positions * tiling.elements)
    limit = cycle_limit(timeline)
    simulator = Simulator(traced)
    simulator.trace(path)
    try:
        with suppress(SimulationError):  # what comes of it is known
            simulator.run(
                part.activations, part.weights, min(limit, most), part.drains, part.epilogue
            )
    finally:
        simulator.end_trace()
    is_cut = most < timeline.rest
    return f" ({path.name} ends behind cycle {most})" if is_cut else ""


def _save(
    path: Path,
    part: PassOperands,
    where: str,
    difference: Difference | None,
    verilog: Verilog,
    expected: Expected,
    timeline: Timeline,
) -> None:
    epilogue = part.epilogue
    accelerator, tiling = verilog.accelerator, tiling_of(verilog.accelerator)
    about: dict[str, Any] = {
        "pass": _named(part),
        "where": where,
        "difference": str(difference) if difference else None,
        "machine": accelerator.machine,
        "tile": (tiling.filters, tiling.positions),
        "first_tile": first_tile(part, tiling),
        "first_step": part.first_element // tiling.elements,
        "place": timeline.place,
        "step": timeline.step,
        "drains": part.drains,
        "parameters": verilog.recipe()[0],
        "hdl": str(verilog.folder.resolve()) if verilog.folder else None,
        "classes": [one.key for one in accelerator.rules.classes],
        "cycle_limit": cycle_limit(timeline),
        "epilogue": None,
    }
    arrays: dict[str, Any] = {
        "activations": part.activations,
        "weights": part.weights,
        "sums": expected.sums,
        "overflow": expected.overflow,
        "tiles": np.array(timeline.tiles, dtype=np.int64),
        "ends": timeline.ends,
        "cycles": np.int64(expected.cycles),
        "classes": np.array(expected.classes, dtype=np.int64),
    }
    packed = accelerator.rtl.packed(part.activations, part.weights, accelerator)
    arrays |= {f"packed_{number}": array for number, array in enumerate(packed)}
    if epilogue is not None:
        names = ("relu", "threshold", "zero_point", "low", "high")
        about["epilogue"] = {name: int(getattr(epilogue, name)) for name in names}
        arrays |= {"bias": epilogue.bias, "multiplier": epilogue.multiplier}
        arrays |= {"shift": epilogue.shift, "values": expected.values}
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)


@contextmanager
def _making(folder: Path, force: bool) -> Iterator[Path]:
    """A folder beside, renamed at the end; nothing is left of it on any failure."""
    refuse_existing_replay(folder, force)
    beside = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent))
        new, old = beside / "new", beside / "old"
        new.mkdir()
        yield new
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise SparseSimError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
