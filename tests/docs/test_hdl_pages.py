"""The pages about the Verilog say what is there: modules, their parents, tests, parameters; its
examples run, and the waveform is the one that a simulation gives."""

from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.machines import machine_names
from sparsesim.rtl.compiler import find_compiler
from sparsesim.rtl.parameters import declared
from sparsesim.rtl.sources import modules, sources
from sparsesim.rtl.verilator import find_verilator
from sparsesim.spec import Accelerator

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "hdl" / "README.md").read_text(encoding="utf-8")
PAGES = ["hdl/README.md", "docs/waveform.md", "docs/decisions/verilog.md"]


TOPS = {
    "inner_join": "inner_join_accelerator_axi",
    "systolic": "systolic_accelerator",
    "stream": "stream_accelerator",
    "broadcast": "broadcast_accelerator",
}
OF_ALL = ("ACT_W", "WEIGHT_W", "ACC_W", "COUNTERS_EN", "VALUE_W", "MAX_FILTERS")
"""Parameters of all machines, in the table of the first alone."""


def _rows(header: str, page: str = PAGE) -> list[list[str]]:
    """The cells of the tables of a page whose header row begins so."""
    table = []
    for part in page.split(f"\n| {header} |")[1:]:
        lines = part.splitlines()[2:]
        table += lines[: lines.index("")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]


def _instantiated(module: str) -> set[str]:
    """The modules whose files hold an instance of this one."""
    instance = re.compile(rf"^\s*{module} (#\(|u_)", re.M)
    texts = {name: sources(name)[0].read_text() for name in modules()}
    return {name for name, text in texts.items() if name != module and instance.search(text)}


def _tree() -> dict[str, set[str]]:
    """The tree of the page: the parents of each module."""
    block = PAGE.partition("## Modules")[2].split("```")[1]
    parents: dict[str, set[str]] = {}
    path: list[str] = []
    for line in block.strip().splitlines():
        name = re.search(r"\w+", line)
        assert name, line
        del path[name.start() // 3 :]
        parents.setdefault(name[0], set()).update(path[-1:])
        path.append(name[0])
    return parents


def test_every_module_has_a_row_and_every_row_a_module() -> None:
    """First what machines share, then what is a machine's own; each by its name."""
    names = sorted(modules(), key=lambda name: (sources(name)[0].parent.name != "common", name))
    assert [row[0] for row in _rows("module")] == names


@pytest.mark.parametrize("row", _rows("module"), ids=lambda row: row[0])
def test_a_row_names_the_parents_of_its_module(row: list[str]) -> None:
    assert set(re.findall(r"\w+", row[3])) == _instantiated(row[0])


@pytest.mark.parametrize("row", _rows("module"), ids=lambda row: row[0])
def test_the_test_that_a_row_names_is_there(row: list[str]) -> None:
    assert (ROOT / "sim_tests" / sources(row[0])[0].parent.name / row[4]).is_file()


def test_the_tree_is_that_of_the_files() -> None:
    """But for what checks parameters, which is everywhere."""
    checks = "sparsesim_parameter_"
    found = {name: _instantiated(name) for name in modules() if not name.startswith(checks)}
    assert _tree() == found


def _parameters(machine: str) -> dict[str, list[str]]:
    """The rows of a machine's table, by parameter."""
    part = PAGE.partition(f"\n### Of `{machine}`\n")[2].partition("\n#")[0]
    return {row[0]: row for row in _rows("parameter", part)}


@pytest.mark.parametrize("machine", machine_names())
def test_the_parameters_are_those_of_the_top(machine: str) -> None:
    """Those without a number as their default are derived; those of all stand with the first."""
    given = declared(TOPS[machine]).items()
    defaults = {name: str(told.default) for name, told in given if told.default is not None}
    rows = _parameters(machine)
    assert set(OF_ALL) <= set(defaults)
    if machine != machine_names()[0]:
        first = _parameters(machine_names()[0])
        assert not set(OF_ALL) & set(rows)
        rows = rows | {name: first[name] for name in OF_ALL}
    assert {name: row[2] for name, row in rows.items()} == defaults
    limits = _limits(TOPS[machine])
    assert {name: row[3] for name, row in rows.items()} == {name: limits[name] for name in defaults}


def _limits(top: str) -> dict[str, str]:
    """`LOW to HIGH` of each parameter, as the modules below the top check them."""
    found: dict[str, str] = {}
    for path in sources(top):  # from the top down: the array's lanes, not a PE's
        for name, told in declared(path.stem).items():
            if told.low is not None:
                found.setdefault(name, f"{told.low} to {told.high}")
    return found


@pytest.mark.parametrize("machine", machine_names())
def test_the_fields_are_those_of_the_accelerator(machine: str) -> None:
    """A field's value is the parameter's, or among the words that the page lists beside it."""
    rows = {name: row for name, row in _parameters(machine).items() if row[1]}
    one = Accelerator(machine=machine)
    given = {name: n for name, n in one.rtl_parameters().items() if name in _parameters(machine)}
    assert set(rows) == {name for name in given if _parameters(machine)[name][1]}
    assert set(one.array.model_dump()) <= {row[1] for row in rows.values()} | {"dense_streams"}
    for name, row in rows.items():
        value = getattr(one, row[1])
        assert value == given[name] or f"`{value}`" in row[4], name


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_to_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)#]+)\)", text)
    named = re.findall(r"`((?:hdl|docs|sparsesim|tests|sim_tests|formal)/[\w/.]+\.\w+)`", text)
    missing = [link for link in links if not (folder / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_the_make_targets_are_there() -> None:
    targets = set(re.findall(r"`make ([\w-]+)`", PAGE))
    assert targets
    makefile = (ROOT / "Makefile").read_text()
    assert [name for name in sorted(targets) if f"\n{name}:" not in makefile] == []


@pytest.mark.parametrize("page", ["hdl/README.md", "docs/decisions/verilog.md"])
def test_the_examples_of_a_page_hold(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(ROOT / page), module_relative=False)
    assert found.attempted
    assert found.failed == 0


def test_the_design_of_the_page_elaborates(tmp_path: Path) -> None:
    try:
        verilator = find_verilator()
    except SparseSimError as error:
        pytest.skip(str(error))
    design = tmp_path / "my_design.v"
    design.write_text(PAGE.partition("```verilog\n")[2].partition("```")[0], encoding="utf-8")
    command = [str(verilator.executable), "--lint-only", "-Wall", "--top-module", "my_design"]
    files = [str(design), *map(str, sources("inner_join_accelerator_axi"))]
    found = subprocess.run(
        [*command, *files],
        env=verilator.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_the_waveform_is_that_of_a_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        find_verilator()
        find_compiler()
    except SparseSimError as error:
        pytest.skip(str(error))
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import waveform

    assert waveform.drawn() == waveform.PICTURE.read_text(encoding="utf-8")


def test_the_waveform_is_of_the_operands_of_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import waveform

    page = (ROOT / "docs" / "waveform.md").read_text(encoding="utf-8")
    assert f"weights = np.array({waveform.WEIGHTS.tolist()})\n" in page
    assert f"activations = np.array({waveform.ACTIVATIONS.tolist()})\n" in page
    given = re.search(r"machine = ss\.Accelerator\((.*)\)\n", page)
    assert given
    words = dict(word.split("=") for word in given[1].split(", "))
    chosen = {name: int(number) for name, number in words.items()}
    assert Accelerator(**chosen) == waveform.MACHINE
