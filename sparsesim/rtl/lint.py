"""Lints the Verilog: `python -m sparsesim.rtl.lint`. Clean means that no tool says a word.

Verilator looks at the top with each skipping scheme: without class counters, with them, and with
windows of one pair and of an odd number; Icarus, where it is installed, at all files together.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

from sparsesim.errors import SparseSimError
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.sources import sources
from sparsesim.rtl.verilator import find_verilator

TOP = "inner_join_accelerator_axi"


def lint(folder: Path | None = None) -> list[str]:
    """What the tools say of the Verilog, a text each; empty where it is clean.

    Args:
        folder: of the Verilog; None is the package's own.
    Raises:
        SparseSimError: no Verilator.
    """
    files = [str(path) for path in sources(TOP, folder)]
    verilator = find_verilator()
    said = []
    for skipping, (counters, window) in itertools.product(range(4), ((0, 16), (1, 5), (1, 1))):
        parameters = {"SKIPPING": skipping, "COUNTERS_EN": counters, "WINDOW": window}
        parameters |= {"ROWS": 3, "COLS": 2, "LANES": 2}
        given = [f"-G{name}={value}" for name, value in parameters.items()]
        command = [str(verilator.executable), "--lint-only", "-Wall", "--top-module", TOP]
        told = _output([*command, *given, *files], verilator.environment())
        if told:
            said.append(f"{parameters}\n{told}")
    return said + _icarus(files)


def _icarus(files: list[str]) -> list[str]:
    try:
        icarus = find_icarus()
    except SparseSimError:
        return []
    with tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        commands = Path(folder) / "commands.f"
        commands.write_text("+timescale+1ns/1ps\n", encoding="utf-8")
        command = [str(icarus.compiler), "-g2005", "-Wall", "-o", str(Path(folder) / "out.vvp")]
        told = _output([*command, "-f", str(commands), "-s", TOP, *files], None)
    return [told] if told else []


def _output(command: list[str], environment: dict[str, str] | None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if not line.startswith("- "))  # Verilator's statistics


if __name__ == "__main__":
    problems = lint()
    print("\n".join(problems) or "The Verilog is clean.")
    sys.exit(1 if problems else 0)
