"""Imports run one way, lazy ones among them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# Each layer may import itself and what stands before it.
ORDER = (
    ("errors", "kernel", "figures"),
    ("files", "own_file"),
    ("lowering", "formats", "spec", "inputs", "elementwise"),
    ("graph",),
    ("sparsity",),
    ("engine",),
    ("trace",),
    ("train", "cuts"),
    ("datapath", "memory", "result", "fixed_point", "rtl"),
    ("area",),
    ("estimator", "synth"),
    ("cosim", "intrinsic"),
    ("search", "sweeps", "tuning"),
    ("report", "exports"),
    ("cli", "backend"),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}


def parts(root: Path) -> dict[str, list[Path]]:
    """Part of the package -> its files."""
    package = root / "sparsesim"
    found: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        top = path.relative_to(package).parts[0].removesuffix(".py")
        if top != "__init__":  # the face of it all: lazy
            found.setdefault(top, []).append(path)
    return found


def imported(path: Path, package: Path) -> Iterator[tuple[str, int]]:
    """Parts of the package that a file imports, at its top or anywhere in it, and where."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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
                yield name.split(".")[1], node.lineno


def test_every_part_has_its_place(root):
    assert set(parts(root)) == set(RANK)


def test_imports_run_one_way(root):
    wrong = []
    for part, files in parts(root).items():
        for path in files:
            for other, line in imported(path, root / "sparsesim"):
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
        for other, _ in imported(path, root / "sparsesim")
        if part != other and other in RANK
    }
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


@pytest.mark.parametrize("part", ["trace", "engine", "graph", "lowering", "sparsity"])
def test_a_network_is_executed_without_any_hardware(root, part):
    hardware = {"datapath", "memory", "estimator", "result", "report"}
    for path in parts(root)[part]:
        found = {other for other, _ in imported(path, root / "sparsesim")}
        if part == "sparsity":
            found -= {"spec"}  # thresholds are written in TOML, as accelerators are
        assert not found & (hardware | {"spec"}), path


def test_only_the_command_line_knows_its_libraries(root):
    for part, files in parts(root).items():
        for path in files:
            text = path.read_text(encoding="utf-8")
            assert ("import typer" not in text) or part == "cli", path
