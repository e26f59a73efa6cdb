"""Do the tests of the Verilog notice a mistake in it? Makes many, one at a time, and runs them.

    python -m benchmarks.mutants [--count N] [--seed S] [--page] [MODULE ...]

A mutant is one small edit of one file of `hdl` (mutation.py). The tests of its module run on it,
then, where they all pass, those of the modules above, the smallest first, until one fails: the
mutant is killed. Where Icarus refuses it, it is stillborn; where nobody could see what it changes,
it is equivalent: mutants_equivalent.toml says why. Another one takes the place of both. What is
left survives: a test is missing, and the exit code is 1.

Runs in Icarus, which is done before Verilator has compiled, on a copy of the repository, a process
at a time, with limits of time and memory. A test that does not end has failed.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.mutation import Mutant, mutants, shares, shuffled
from sparsesim.rtl.sources import modules, sources

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/results/mutants.md"
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
COPIED = ["hdl", "sim_tests", "sparsesim", "tests"]  # of `tests`: a slow twin, vectors
MEMORY_BYTES = 4 << 30

STILLBORN, EQUAL, SURVIVES = "stillborn", "equivalent", "survives"
# What a build says that a tool has refused (tool_log.py).
_REFUSED = re.compile("SparseSimError: .*; the log is ")

_ABOUT = """\
A mutant is one small edit that could be a mistake: an operator flipped, a negation or a term
dropped, a constant off by one, a condition stuck, an input of an instance tied to 0, a width one
bit short. The choice is random, spread over modules and kinds of edits. Its own tests are
`test_MODULE.py` in `sim_tests`; where they all pass, those of the modules above run. Everything
runs in Icarus; a mutant that it refuses is stillborn. Another one takes the place of those and of
the equivalent ones, which change nothing that anybody could see."""
_HEADER = """\
| module | mutants | killed by own tests | by those above | survived | equivalent | stillborn |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: the name of the test file that killed it, or a word above."""

    mutant: Mutant
    fate: str
    seconds: float
    why: str = ""


class Copy:
    """A copy of what tests need, in which the Verilog can be changed."""

    def __init__(self, folder: Path) -> None:
        self.tree, self._cache = folder / "tree", folder / "cache"
        self._seconds: dict[str, float] = {}  # of each module's tests, nothing mutated
        for name in COPIED:
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.tree / name, ignore=leave)

    def fate(self, mutant: Mutant, is_equivalent: bool) -> str:
        """Run the tests on a mutant; of one known to be equivalent its own ones, lest it isn't."""
        for name in [mutant.module, *([] if is_equivalent else _above(mutant.module))]:
            self._measure(name)
            with self._mutated(mutant):
                # Other work on the machine may slow a test, and a mutant may do a bit more.
                passes, told = self._run(name, 60 + 3 * self._seconds[name])
            if not passes:
                return STILLBORN if _REFUSED.search(told) else f"test_{name}"
        return EQUAL if is_equivalent else SURVIVES

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[None]:
        """The copy with a mutant; its builds go with it."""
        path, builds = sources(mutant.module, self.tree / "hdl")[0], self._builds()
        unmutated = path.read_text(encoding="utf-8")
        path.write_text(mutant.text, encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(unmutated, encoding="utf-8")
            for build in self._builds() - builds:
                shutil.rmtree(build, ignore_errors=True)

    def _measure(self, name: str) -> None:
        """How long a module's tests take; leaves the builds of all that no mutant touches."""
        if name not in self._seconds:
            start = time.monotonic()
            passes, told = self._run(name, 1800)
            if not passes:
                raise SystemExit(f"the tests of {name} fail, nothing mutated:\n{told}")
            self._seconds[name] = time.monotonic() - start

    def _builds(self) -> set[Path]:
        return set((self._cache / "rtl").glob("*"))

    def _run(self, name: str, limit_seconds: float) -> tuple[bool, str]:
        """Whether the tests of a module pass, and what was printed."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=short"]
        command += ["-p", "no:cacheprovider", "-k", "not verilator", _test_file(name)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.tree),
            "SPARSESIM_CACHE": str(self._cache),
            # Each thread of BLAS takes address space.
            "OPENBLAS_NUM_THREADS": "1",
        }
        with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                [*command, f"--basetemp={scratch}/tests"],
                cwd=self.tree, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_limit_memory,
            )  # fmt: skip
            try:
                code = process.wait(limit_seconds)
            except subprocess.TimeoutExpired:
                code = 1
            finally:
                _end(process)
            log.seek(0)
            told = log.read()
        if code not in (0, 1):
            raise SystemExit(f"the tests of {name} cannot run:\n{told}")
        return code == 0, told


def main() -> int:
    """Run the mutants and print a line each; 1 where one survives."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("--count", type=int, default=80, help="mutants in all modules together")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="these alone")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the tests end with us
    start = time.monotonic()
    outcomes = list(run(given.count, given.seed, given.modules))
    if given.page:
        minutes = (time.monotonic() - start) / 60
        PAGE.write_text(_page(outcomes, given.count, given.seed, minutes), encoding="utf-8")
    print(_summary(outcomes))
    return int(any(outcome.fate == SURVIVES for outcome in outcomes))


def run(count: int, seed: int, names: Sequence[str] = ()) -> Iterator[Outcome]:
    """The outcomes of a balanced choice of mutants, those that do not count among them.

    Args:
        count: of all modules, those not named too, without stillborn and equivalent ones; each
            module that has anything to mutate gets one.
        seed: of the choice.
        names: modules to run; none means all.
    """
    known = _equivalents()
    found = {name: mutants(name, text) for name, text in _texts().items()}
    share = shares({name: len(those) for name, those in found.items()}, count)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy(Path(folder))
        for name in names or share:
            left = share[name]
            for mutant in shuffled(found[name], seed):
                start = time.monotonic()
                why = known.get((mutant.module, mutant.before, mutant.after), "")
                fate = copy.fate(mutant, is_equivalent=bool(why))
                outcome = Outcome(mutant, fate, time.monotonic() - start, why)
                print(f"{_line(outcome)}, {outcome.seconds:.0f} s", flush=True)
                yield outcome
                left -= fate not in (STILLBORN, EQUAL)
                if not left:
                    break


@cache
def _above(module: str) -> list[str]:
    """The modules that have this one in them, the smallest first."""
    inside = {name: [path.stem for path in sources(name)] for name in modules()}
    above = [name for name in inside if name != module and module in inside[name]]
    return sorted(above, key=lambda name: len(inside[name]))


def _test_file(module: str) -> str:
    """Where the module's tests are, in a tree: `sim_tests` has the folders of `hdl`."""
    return f"sim_tests/{sources(module)[0].parent.name}/test_{module}.py"


def _texts() -> dict[str, str]:
    return {name: sources(name)[0].read_text(encoding="utf-8") for name in modules()}


def _equivalents() -> dict[tuple[str, str, str], str]:
    """Why a mutant is equivalent, by module and the lines before and after."""
    told = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(e["module"], e["before"], e["after"]): e["why"] for e in told.get("mutant", [])}


def _limit_memory() -> None:
    """Some mutants would let a simulator take all there is."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _line(outcome: Outcome) -> str:
    mutant = outcome.mutant
    place = f"{mutant.module}.v:{mutant.line}"
    return f"{outcome.fate}: {place}, {mutant.kind}: `{mutant.before}` -> `{mutant.after}`"


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Counts of all, in one line."""
    fates = Counter(outcome.fate for outcome in outcomes)
    counted = fates.total() - fates[STILLBORN] - fates[EQUAL]
    own = sum(outcome.fate == f"test_{outcome.mutant.module}" for outcome in outcomes)
    return (
        f"{counted} mutants: {own} killed by the tests of their module, "
        f"{counted - own - fates[SURVIVES]} by those above, {fates[SURVIVES]} survived; besides "
        f"{fates[EQUAL]} equivalent, {fates[STILLBORN]} stillborn"
    )


def _page(outcomes: Sequence[Outcome], count: int, seed: int, minutes: float) -> str:
    """docs/results/mutants.md."""
    rows = []
    for name in dict.fromkeys(outcome.mutant.module for outcome in outcomes):
        fates = Counter(o.fate for o in outcomes if o.mutant.module == name)
        total, own = fates.total() - fates[STILLBORN] - fates[EQUAL], fates[f"test_{name}"]
        above = total - own - fates[SURVIVES]
        cells = [total, own, above, fates[SURVIVES], fates[EQUAL], fates[STILLBORN]]
        rows.append(f"| `{name}` | {' | '.join(map(str, cells))} |")
    parts = [
        "# Mutants of the Verilog",
        f"Written by `python -m benchmarks.mutants --count {count} --seed {seed} --page`, in "
        f"{minutes:.0f} minutes, one process at a time.",
        _ABOUT,
        f"{_summary(outcomes)}.",
        "\n".join([_HEADER, *rows]),
        "## Survived",
        _listed(outcomes, SURVIVES),
        "## Equivalent",
        _listed(outcomes, EQUAL),
    ]
    return "\n\n".join(parts) + "\n"


def _listed(outcomes: Sequence[Outcome], fate: str) -> str:
    """Mutants with that fate, one a paragraph of a list."""
    told = [
        f"- `{o.mutant.module}.v`, line {o.mutant.line}{': ' + o.why if o.why else ''}\n\n"
        f"      {o.mutant.before}\n      {o.mutant.after}"
        for o in outcomes
        if o.fate == fate
    ]
    return "\n".join(told) or "None."


if __name__ == "__main__":
    sys.exit(main())
