"""Running Python as another processor: one with AVX2, without AVX-512 and VNNI.

qemu emulates it for NumPy, OpenBLAS and ONNX Runtime, which ask the processor. Our kernels are
compiled for it by name, so that a native run of the same command fills their cache at full speed
and the emulated one only loads them.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FEATURES = "64bit cx8 cmov mmx fxsr sse sse2 sse3 ssse3 sse4.1 sse4.2 cx16 popcnt movbe avx avx2"
_FEATURES += " fma f16c bmi bmi2 lzcnt"


def qemu() -> str | None:
    """The emulator, or None where there is none for this kind of machine."""
    return shutil.which("qemu-x86_64") if platform.machine() == "x86_64" else None


def run(
    command: Sequence[str], kernels: bool = True, emulated: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run Python with a command line.

    Args:
        command: what follows `python`.
        kernels: compile ours for a Haswell, else for this processor.
        emulated: the whole process is a Haswell, else it is what this one is.
    """
    environment = {**os.environ, "SPARSESIM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        environment.pop(name, None)
    if kernels:
        environment["NUMBA_CPU_NAME"] = "haswell"
        environment["NUMBA_CPU_FEATURES"] = ",".join(f"+{name}" for name in _FEATURES.split())
    machine = [str(qemu()), "-cpu", "Haswell"] if emulated else []
    return subprocess.run(
        [*machine, sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
