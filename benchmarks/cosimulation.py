"""Speed of co-simulation beside raw Verilator: `python -m benchmarks.cosimulation [ROUNDS]`.

Both sides clock one Verilated 8x8 array, built alike, on one core. Raw: a C++ main with windows at
hand, which looks at nothing. Ours: `Simulator.run`, whole arrays in and out, every result taken.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROWS = COLS = 8
DENSITIES = (0.6, 0.5)  # of weights, of activations
RAW_CYCLES = 100_000


def main() -> None:
    """Print both sides' best and their ratio."""
    print(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 5))


def measured(rounds: int) -> str:
    """Both sides' best of so many rounds, and their ratio, in words."""
    from sparsesim.rtl.build import build_program
    from sparsesim.rtl.simulator import Simulator, Verilog
    from sparsesim.spec import Accelerator

    verilog = Verilog(Accelerator(rows=ROWS, cols=COLS))
    parameters, options = verilog.recipe()
    main_cpp = Path(__file__).with_name("raw_main.cpp")
    raw = build_program("inner_join_accelerator", parameters, main_cpp, options)
    simulator = Simulator(verilog)
    weights, activations = _operands()
    best = {"raw": 0.0, "ours": 0.0}
    for _ in range(rounds):
        percents = [str(100 * density) for density in DENSITIES]
        done = subprocess.run(
            [str(raw), str(RAW_CYCLES), *percents], check=True, capture_output=True, text=True
        )
        best["raw"] = max(best["raw"], float(done.stdout))
        start = time.perf_counter()
        run = simulator.run(activations, weights, 10**7)
        best["ours"] = max(best["ours"], run.clocked / (time.perf_counter() - start))
    pes = ROWS * COLS / 1e6
    return (
        f"{best['ours'] / best['raw']:.2f}x "
        f"({best['ours'] * pes:.1f} over {best['raw'] * pes:.1f} M PE-cycles/s)"
    )


def _operands() -> tuple[np.ndarray, np.ndarray]:
    """A layer like ResNet's: 64 filters of 3x3x64, 512 positions."""
    rng = np.random.default_rng(1)
    found = []
    for lines, density in zip((64, 512), DENSITIES, strict=True):
        values = rng.integers(-127, 128, (lines, 576))
        found.append((values * (rng.random((lines, 576)) < density)).astype(np.int16))
    return found[0], found[1]


if __name__ == "__main__":
    main()
