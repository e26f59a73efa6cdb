"""Imports run one way, lazy ones among them; those for types alone are none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# Each layer may import itself and what stands before it. A machine is a part of its own, that no
# other imports: `machines.found` finds it by its name.
ORDER = (
    ("errors", "cache_root", "kernel", "figures"),
    ("files", "own_entry", "own_file"),
    ("lowering", "formats", "elementwise"),
    ("machines",),
    ("spec", "inputs"),
    ("graph",),
    ("sparsity",),
    ("engine",),
    ("trace",),
    ("train", "cuts"),
    ("memory", "result", "fixed_point", "rtl"),
    ("area",),
    ("estimator", "synth"),
    ("cosim", "intrinsic"),
    ("search", "sweeps", "tuning"),
    ("choice",),
    ("report", "exports"),
    ("a machine",),
    ("cli", "backend"),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
SHARED = ("pairs", "vectors")
"""Packages in `machines` that are no machine: what several count with."""


def part_of(module: list[str], package: Path) -> str:
    """The part that a module belongs to: its package, or `a machine`."""
    top, *below = module
    folder = package / top / below[0] if top == "machines" and below else package
    is_machine = folder != package and folder.is_dir() and below[0] not in SHARED
    return "a machine" if is_machine else top


def parts(root: Path) -> dict[str, list[Path]]:
    """Part of the package -> its files."""
    package = root / "sparsesim"
    found: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        part = part_of(list(path.relative_to(package).with_suffix("").parts), package)
        if part != "__init__":  # the face of it all: lazy
            found.setdefault(part, []).append(path)
    return found


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a file but those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        yield node
        yield from statements(node)


def imported(path: Path, package: Path) -> Iterator[tuple[str, str, int]]:
    """What of the package a file imports, at its top or anywhere in it: part, module, line."""
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [node.module or ""]
            if node.module == "sparsesim":
                names = [f"sparsesim.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("sparsesim."):
                module = name.split(".")[1:]
                yield part_of(module, package), ".".join(module), node.lineno


def test_every_part_has_its_place(root):
    assert set(parts(root)) == set(RANK)


def test_imports_run_one_way(root):
    wrong = []
    for part, files in parts(root).items():
        for path in files:
            for other, _, line in imported(path, root / "sparsesim"):
                face = other not in RANK  # `from sparsesim import __version__` and the like
                if face or part == other:
                    continue
                if RANK[other] > RANK[part]:
                    wrong.append(f"{path.relative_to(root)}:{line}: {part} imports {other}")
    assert wrong == []


def test_parts_of_one_rank_import_each_other_one_way_at_most(root):
    pairs = {
        (part, other)
        for part, files in parts(root).items()
        for path in files
        for other, _, _ in imported(path, root / "sparsesim")
        if part != other and other in RANK
    }
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


def test_a_machine_is_imported_by_no_one_but_itself(root):
    package = root / "sparsesim"
    wrong = []
    for files in parts(root).values():
        for path in files:
            for part, module, line in imported(path, package):
                folder = package / Path(*module.split(".")[:2])
                if part == "a machine" and not path.is_relative_to(folder):
                    wrong.append(f"{path.relative_to(root)}:{line}: imports {module}")
    assert wrong == []


def test_no_module_comes_back_to_itself(root):
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (root / "sparsesim").rglob("*.py")
    }
    imports = {}
    for name, path in files.items():
        asked = [
            f"{node.module}.{alias.name}"
            for node in statements(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        ]
        modules = [one if one in files else one.rpartition(".")[0] for one in asked]
        imports[name] = {one for one in modules if one in files and one != name}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("part", ["trace", "engine", "graph", "lowering", "sparsity"])
def test_a_network_is_executed_without_any_hardware(root, part):
    hardware = {"machines", "a machine", "memory", "estimator", "result", "report"}
    for path in parts(root)[part]:
        found = {other for other, _, _ in imported(path, root / "sparsesim")}
        if part == "sparsity":
            found -= {"spec"}  # thresholds are written in TOML, as accelerators are
        assert not found & (hardware | {"spec"}), path


def test_only_the_command_line_knows_its_libraries(root):
    for part, files in parts(root).items():
        for path in files:
            text = path.read_text(encoding="utf-8")
            assert ("import typer" not in text) or part == "cli", path
