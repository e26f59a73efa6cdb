"""Chooses accelerators from sweeps, and writes their files.

    python -m benchmarks.presets FOLDER...

Each folder is that of a sweep; `benchmarks/presets/DEVICE.toml` has the command. Its devices' files
in `sparsesim/accelerators` are written; with the folders of all packaged devices, so is
docs/results/presets.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.presets.choosing import choose
from benchmarks.presets.page import page
from benchmarks.presets.writing import write
from sparsesim.errors import SparseSimError
from sparsesim.spec import Device
from sparsesim.sweeps.result import load_sweep_result

ROOT = Path(__file__).resolve().parent.parent.parent
ACCELERATORS = ROOT / "sparsesim/accelerators"
PAGE = ROOT / "docs/results/presets.md"


def main(folders: list[str]) -> None:
    """Choose and write.

    Raises:
        SparseSimError: a folder holds no sweep, or one that is not done.
    """
    sweeps = [load_sweep_result(folder) for folder in folders]
    chosen = [(found, choose(found)) for found in sweeps]
    written = set()
    for found, choices in chosen:
        devices = found.spec.boards()
        for choice in choices:
            write(choice, devices[choice.best.device], found, ACCELERATORS)
        written |= set(devices)
        print(f"Wrote {len(choices)} accelerators for {', '.join(devices)}")
    if missing := [name for name in Device.names() if name not in written]:
        print(f"Left {PAGE.relative_to(ROOT)} as it is: no folder for {', '.join(missing)}")
        return
    PAGE.write_text(page(chosen), encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or sys.exit(__doc__))
    except SparseSimError as error:
        sys.exit(f"error: {error}")
