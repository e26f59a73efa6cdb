"""The process in which Yosys runs: passes from standard input, one a line. Run, never imported.

Yosys has one design a process, prints much, and ends its process where it fails.
"""

from __future__ import annotations

import sys

from pyosys import libyosys


def main() -> None:
    """Run the passes; the first that fails ends the process with code 1."""
    design = libyosys.Design()
    for line in sys.stdin:
        libyosys.run_pass(line.strip(), design)


main()
