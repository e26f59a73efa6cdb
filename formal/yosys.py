"""Yosys for sby, from the package pyosys: `python yosys.py -ql LOG SCRIPT`. Native, so it starts at
once, which the WASM build does not.
"""

from __future__ import annotations

import os
import sys

from pyosys import libyosys  # type: ignore[import-untyped]

log, script = sys.argv[-2:]
target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
os.dup2(target, 1)
libyosys.run_pass(f"script {script}", libyosys.Design())
