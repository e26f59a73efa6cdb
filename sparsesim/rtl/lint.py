"""Lints the Verilog: `python -m sparsesim.rtl.lint`. Clean means that no tool says a word.

Verilator looks at the tops of every machine with the parameters that it names; Icarus, where it is
installed, at all files of each together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sparsesim.errors import SparseSimError
from sparsesim.machines import machine_named, machine_names
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.sources import sources
from sparsesim.rtl.verilator import find_verilator


def lint(folder: Path | None = None) -> list[str]:
    """What the tools say of the Verilog, a text each; empty where it is clean.

    Args:
        folder: of the Verilog; None is the package's own.
    Raises:
        SparseSimError: no Verilator.
    """
    said = []
    for name in machine_names():
        rtl = machine_named(name).rtl
        for top, sets in rtl.linted.items() if rtl else ():
            files = [str(path) for path in sources(top, folder)]
            said += [told for told in (_verilator(top, given, files) for given in sets) if told]
            said += _icarus(top, files)
    return said


def _verilator(top: str, parameters: Mapping[str, int], files: list[str]) -> str:
    verilator = find_verilator()
    given = [f"-G{name}={value}" for name, value in parameters.items()]
    command = [str(verilator.executable), "--lint-only", "-Wall", "--top-module", top]
    told = _output([*command, *given, *files], verilator.environment())
    return f"{dict(parameters)}\n{told}" if told else ""


def _icarus(top: str, files: list[str]) -> list[str]:
    try:
        icarus = find_icarus()
    except SparseSimError:
        return []
    with tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        commands = Path(folder) / "commands.f"
        commands.write_text("+timescale+1ns/1ps\n", encoding="utf-8")
        command = [str(icarus.compiler), "-g2005", "-Wall", "-o", str(Path(folder) / "out.vvp")]
        told = _output([*command, "-f", str(commands), "-s", top, *files], None)
    return [told] if told else []


def _output(command: list[str], environment: dict[str, str] | None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if not line.startswith("- "))  # Verilator's statistics


if __name__ == "__main__":
    problems = lint()
    print("\n".join(problems) or "The Verilog is clean.")
    sys.exit(1 if problems else 0)
