"""The code that a point's numbers hang on, against the imports of Python's own parser."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from small_sweeps import ROOT, small

from sparsesim.sweeps.code import code_files, code_sha256, own_sha256
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.sweeping import sweep_into

PACKAGE = ROOT / "sparsesim"
TOY = ROOT / "tests" / "machines" / "toy.py"


def inside() -> set[str]:
    """The files, from the package's folder on."""
    return {path.relative_to(PACKAGE).as_posix() for path in code_files()}


def test_what_an_estimate_runs_is_among_them():
    assert inside() >= {
        "estimator/estimating.py",
        "estimator/prepare.py",
        "estimator/records.py",
        "memory/schedule.py",
        "memory/kernels.py",
        "machines/machine.py",
        "machines/found.py",
        "machines/inner_join/machine.py",
        "machines/inner_join/counting.py",
        "machines/inner_join/array/kernels.py",
        "area/estimate.py",
        "area/iso.py",
        "spec/accelerator.py",
        "formats/csr.py",
        "trace/prepare.py",
        "engine/epilogue.py",
        "elementwise/relu.py",
        "graph/decompose/fused_conv.py",
        "sparsity/sparsifiers/magnitude.py",
        "search/searching.py",
        "sweeps/measure.py",
        "sweeps/clock.py",
        "kernel.py",
    }
    assert any(path.suffix == ".csv" for path in code_files())
    assert any(path.parent.name == "energy" for path in code_files())


def test_what_only_shows_or_trains_is_not():
    tops = {name.partition("/")[0] for name in inside()}
    assert not tops & {"report", "cli", "exports", "cosim", "train", "tuning", "cuts", "intrinsic"}
    assert not any(name.startswith("sweeps/result") for name in inside())


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, anywhere in it, but for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            kept = getattr(node, field, None)
            if isinstance(kept, list):
                kept[:] = [one for one in kept if not is_for_types(one)]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("sparsesim.")}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_all_that_they_import_is_among_them():
    found = inside()
    for name in sorted(found):
        if not name.endswith(".py"):
            continue
        for module in imported(PACKAGE / name):
            base = Path(*module.split(".")[1:])
            for path in (base.with_suffix(".py"), base / "__init__.py"):
                if (PACKAGE / path).is_file():
                    assert path.as_posix() in found, f"{name} imports {module}"


def test_the_digest_is_of_them():
    assert len(code_sha256()) == 64 and list(code_files()) == sorted(set(code_files()))


def test_a_machine_of_ones_own_counts(tmp_path):
    assert own_sha256("inner_join", "csr", "bitmask") == ""
    copy = tmp_path / "mine.py"
    copy.write_text(TOY.read_text())
    name = f"{copy}:Toy"
    before = own_sha256(name)
    assert len(before) == 64 and own_sha256(name) == before
    with open(copy, "a") as file:
        file.write("\n# changed\n")
    assert own_sha256(name) != before


@pytest.mark.parametrize("change", ["", "\n# changed\n"])
def test_points_of_a_machine_that_has_changed_are_measured_again(tmp_path, change):
    copy = tmp_path / "mine.py"
    copy.write_text(TOY.read_text())
    spec = small(space={"machine": ["inner_join", f"{copy}:Toy"]}, clock="given")
    sweep_into(spec, tmp_path / "out")
    copy.write_text(TOY.read_text() + change)
    done = sweep_into(spec, tmp_path / "out")
    assert (done.measured, done.stale) == ((1, 1) if change else (0, 0))
    assert len(load_sweep_result(tmp_path / "out").rows) == 2
