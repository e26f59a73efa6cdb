"""Do the tests of the Verilog notice a mistake in it? Makes many, one at a time, and runs them.

    python -m benchmarks.mutants [--folder NAME] [--count N] [--seed S] [--kept FILE] [--page]
                                 [MODULE ...]

A mutant is one small edit of one file of `hdl` (mutation.py). The tests of its module run on it,
then, where they all pass, those of the modules above, the smallest first, until one fails: the
mutant is killed. Where Icarus refuses it, it is stillborn; where nobody could see what it changes,
it is equivalent: mutants_equivalent.toml says why. Another one takes the place of both. What is
left survives: a test is missing, and the exit code is 1. With `--kept` a run goes on where one
with the same file was stopped, and after tests were added only what survived runs again.

Runs in Icarus, which is done before Verilator has compiled, on a copy of the repository, a process
at a time, with limits of time and memory. A test that does not end has failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
# What cocotb says of a test at once, while others of its file are still to run.
_FAILED = re.compile(r" cocotb\.regression +\S+ failed$", re.MULTILINE)

_ABOUT = """\
A mutant is one small edit that could be a mistake: an operator flipped, a negation or a term
dropped, a constant off by one, a condition stuck, an input of an instance tied to 0, a width one
bit short. The choice is random, spread over modules and kinds of edits. Its own tests are
`test_MODULE.py` in `sim_tests`; where they all pass, or there are none, those of the modules above
run. Everything runs in Icarus; a mutant that it refuses is stillborn. Another one takes the place
of those and of the equivalent ones, which change nothing that anybody could see. There is a section
for each folder of `hdl`; its command stands first, and how long that took, a process at a time, on
two cores that had other work."""
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
        names = [mutant.module, *([] if is_equivalent else _above(mutant.module))]
        for name in filter(_has_tests, names):
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
            # Each simulation imports the package; cocotb compiles all that it imports.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self._cache / "bytecode"),
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
                code = _code(process, Path(scratch), limit_seconds)
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
    parser.add_argument("--folder", choices=_folders(), help="the modules of one folder of `hdl`")
    parser.add_argument("--count", type=int, default=80, help="mutants in those modules together")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="of outcomes; may be there")
    parser.add_argument(
        "--page", action="store_true", help=f"write the folder's part of {PAGE.relative_to(ROOT)}"
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="these alone")
    given = parser.parse_args()
    if given.page and (given.modules or not given.folder):
        parser.error("--page is of a whole --folder")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the tests end with us
    kept = Kept(given.kept)
    outcomes = list(run(given.count, given.seed, given.modules, given.folder, kept))
    if given.page:
        section = _section(outcomes, given.folder, given.count, given.seed)
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(with_section(page, section), encoding="utf-8")
    print(_summary(outcomes))
    return int(any(outcome.fate == SURVIVES for outcome in outcomes))


class Kept:
    """Outcomes in a file, a line each, by what was mutated how; without a file none are kept.

    Survivors are not taken from it, save where they are equivalent, nor mutants whose killing tests
    are no longer there. Whoever changes tests otherwise than by adding to them begins a new file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._known = path, dict[str, tuple[str, float]]()
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                key, fate, seconds = json.loads(line)
                self._known[key] = (fate, seconds)

    def find(self, mutant: Mutant, is_equivalent: bool) -> tuple[str, float] | None:
        """A mutant's fate and how long it took to find out, where it is known."""
        fate, seconds = self._known.get(_key(mutant), ("", 0.0))
        if is_equivalent and fate in (EQUAL, SURVIVES):
            return EQUAL, seconds
        is_known = fate == STILLBORN or _has_tests(fate.removeprefix("test_"))
        return (fate, seconds) if is_known else None

    def add(self, mutant: Mutant, fate: str, seconds: float) -> None:
        """Keep an outcome."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([_key(mutant), fate, round(seconds, 1)]) + "\n")


def run(
    count: int,
    seed: int,
    names: Sequence[str] = (),
    folder: str | None = None,
    kept: Kept | None = None,
) -> Iterator[Outcome]:
    """The outcomes of a balanced choice of mutants, those that do not count among them.

    Args:
        count: of all modules, those not named too, without stillborn and equivalent ones; each
            module that has anything to mutate gets one.
        seed: of the choice.
        names: modules to run; none means all.
        folder: of `hdl`, whose modules alone are meant; None means all.
        kept: what is known, and what is found is kept there.
    """
    known, kept = _equivalents(), kept or Kept(None)
    texts = {name: text for name, text in _texts().items() if folder in (None, _folder(name))}
    found = {name: mutants(name, text) for name, text in texts.items()}
    share = shares({name: len(those) for name, those in found.items()}, count)
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        copy = Copy(Path(scratch))
        for name in names or share:
            left = share[name]
            for mutant in shuffled(found[name], seed):
                why = known.get((mutant.module, mutant.before, mutant.after), "")
                fate, seconds = kept.find(mutant, bool(why)) or ("", 0.0)
                if not fate:
                    start = time.monotonic()
                    fate = copy.fate(mutant, is_equivalent=bool(why))
                    seconds = time.monotonic() - start
                    kept.add(mutant, fate, seconds)
                outcome = Outcome(mutant, fate, seconds, why)
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


def _folder(module: str) -> str:
    return sources(module)[0].parent.name


def _folders() -> list[str]:
    """Of `hdl`: one of each machine, one of what they share."""
    return sorted({_folder(name) for name in modules()})


def _test_file(module: str) -> str:
    """Where the module's tests are, in a tree: `sim_tests` has the folders of `hdl`."""
    return f"sim_tests/{_folder(module)}/test_{module}.py"


def _has_tests(module: str) -> bool:
    """Whether a module has tests of its own; a part of another one may have none."""
    return module in modules() and (ROOT / _test_file(module)).exists()


def _key(mutant: Mutant) -> str:
    return f"{mutant.module} {hashlib.sha256(mutant.text.encode()).hexdigest()[:16]}"


def _texts() -> dict[str, str]:
    return {name: sources(name)[0].read_text(encoding="utf-8") for name in modules()}


def _equivalents() -> dict[tuple[str, str, str], str]:
    """Why a mutant is equivalent, by module and the lines before and after."""
    told = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(e["module"], e["before"], e["after"]): e["why"] for e in told.get("mutant", [])}


def _limit_memory() -> None:
    """Some mutants would let a simulator take all there is."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _code(process: subprocess.Popen[bytes], scratch: Path, limit_seconds: float) -> int:
    """How the tests end: 1 as soon as the log of a simulation says that one failed, or too late."""
    until = time.monotonic() + limit_seconds
    while time.monotonic() < until:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(0.3)
        for path in scratch.glob("tests/*/simulation.log"):
            if _FAILED.search(path.read_text(encoding="utf-8", errors="replace")):
                return 1
    return 1


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


def with_section(page: str, section: str) -> str:
    """The page docs/results/mutants.md with a section under its heading, others as they are."""
    _, *parts = re.split("(?m)^## ", page)
    sections = {part.partition("\n")[0]: part for part in parts}
    sections[section.partition("\n")[0]] = section
    head = f"# Mutants of the Verilog\n\n{_ABOUT}\n"
    return "\n## ".join([head, *(sections[name].rstrip() + "\n" for name in sorted(sections))])


def _section(outcomes: Sequence[Outcome], folder: str, count: int, seed: int) -> str:
    """A folder's section of docs/results/mutants.md, without the signs of a heading."""
    rows = []
    for name in dict.fromkeys(outcome.mutant.module for outcome in outcomes):
        fates = Counter(o.fate for o in outcomes if o.mutant.module == name)
        total, own = fates.total() - fates[STILLBORN] - fates[EQUAL], fates[f"test_{name}"]
        above = total - own - fates[SURVIVES]
        cells = [total, own, above, fates[SURVIVES], fates[EQUAL], fates[STILLBORN]]
        rows.append(f"| `{name}` | {' | '.join(map(str, cells))} |")
    minutes = sum(outcome.seconds for outcome in outcomes) / 60
    parts = [
        f"`{folder}`",
        f"`python -m benchmarks.mutants --folder {folder} --count {count} --seed {seed} --page`: "
        f"{minutes:.0f} minutes.",
        f"{_summary(outcomes)}.",
        "\n".join([_HEADER, *rows]),
        f"Survived:{_listed(outcomes, SURVIVES)}",
        f"Equivalent:{_listed(outcomes, EQUAL)}",
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
    return "\n".join(["", "", *told]) if told else " none."


if __name__ == "__main__":
    sys.exit(main())
