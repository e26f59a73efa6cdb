"""Finding Icarus Verilog, the second simulator. Not running it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sparsesim.errors import SparseSimError


@dataclass(frozen=True)
class Icarus:
    """An Icarus Verilog that can be run.

    Args:
        compiler: absolute path of `iverilog`.
        runner: absolute path of `vvp`.
        version: the first line that `iverilog -V` prints: part of every build's name.
    """

    compiler: Path
    runner: Path
    version: str


def find_icarus() -> Icarus:
    """The Icarus Verilog on PATH.

    Raises:
        SparseSimError: `iverilog` or `vvp` is not there.
    """
    return _find(os.environ.get("PATH", ""))


@cache
def _find(path: str) -> Icarus:
    found = {name: shutil.which(name, path=path) for name in ("iverilog", "vvp")}
    for name, place in found.items():
        if place is None:
            raise SparseSimError(
                f"Icarus Verilog was not found: no {name} on PATH; "
                "install it (Debian: apt-get install iverilog)"
            )
    compiler, runner = (Path(str(place)) for place in found.values())
    told = subprocess.run([compiler, "-V"], capture_output=True, text=True, check=False).stdout
    return Icarus(compiler, runner, told.partition("\n")[0].strip())
