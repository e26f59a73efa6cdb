"""Trains the networks of the tables and figures, one after the other: `python -m paper.train`.

    python -m paper.train DATA RUNS [NAME ...]

DATA holds what `paper/runs.py` names; RUNS gets a folder a training. What has ended is left alone,
what was begun goes on. Some four hours of one core: 20 minutes LeNet, the rest the others.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from paper.runs import DATA, RUNS, ended


def main() -> None:
    """Runs what is left, and says what."""
    parser = argparse.ArgumentParser(prog="python -m paper.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of " + ", ".join(DATA))
    parser.add_argument("runs", type=Path, help="folder to train into")
    parser.add_argument("names", nargs="*", default=["*"], help="patterns over names; default all")
    options = parser.parse_args()
    options.runs.mkdir(exist_ok=True)
    chosen = [run for run in RUNS if any(fnmatchcase(run.name, name) for name in options.names)]
    if not chosen:
        sys.exit(f"error: no training of that name; use {', '.join(run.name for run in RUNS)}")
    for run in chosen:
        if ended(options.runs / run.name):
            continue
        words = run.command(options.data, options.runs)
        print(" ".join(words), flush=True)
        done = subprocess.run([sys.executable, "-m", *words])
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
