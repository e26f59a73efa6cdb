"""Accelerators: defaults, hashes, packaged files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from sparsesim.machines import machine_named
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.spec import Accelerator
from sparsesim.spec.accelerator import keys_of
from sparsesim.spec.base import Spec


def test_the_default_file_is_the_defaults_and_shows_every_key(root: Path) -> None:
    assert Accelerator.from_toml("default") == Accelerator(name="default")
    text = (root / "sparsesim/accelerators/default.toml").read_text()
    for key in keys_of(machine_named("inner_join")):
        # value_bits has no TOML for None: it stands as a comment
        assert f"\n{key} = " in text or f"\n# {key} = " in text


@pytest.mark.parametrize("name", Accelerator.names())
def test_packaged_files_load_under_their_names(name: str) -> None:
    assert Accelerator.from_toml(name).name == name


def test_packaged_shapes() -> None:
    small, large = Accelerator.named("small-8x8"), Accelerator.named("large-32x32")
    assert (small.rows, small.cols, large.rows, large.cols) == (8, 8, 32, 32)


@pytest.mark.parametrize(
    ("lanes", "cycles"), [(1, 3), (2, 4), (3, 5), (4, 5), (5, 6), (33, 9), (64, 9)]
)
def test_pe_latency(lanes: int, cycles: int) -> None:
    assert InnerJoinArray(lanes=lanes).pe_latency == cycles


def test_hash_does_not_hang_on_name_or_order(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text("rows = 4\ncols = 8\nclock_mhz = 100\n")
    second.write_text("clock_mhz = 100.0\ncols = 8\nrows = 4\n")
    a, b = Accelerator.from_toml(first), Accelerator.from_toml(str(second))
    assert (a.name, b.name) == ("first", "second")
    assert a.sha256() == b.sha256() == Accelerator(cols=8, rows=4, clock_mhz=100.0).sha256()
    assert a.sha256() != a.with_(rows=8).sha256()
    assert len(a.sha256()) == 64


def test_hash_is_over_sorted_json_without_the_name() -> None:
    class Pair(Spec):
        name: str = "x"
        b: float = 1.0
        a: int | None = None

    assert Pair().sha256() == hashlib.sha256(b'{"a":null,"b":1.0}').hexdigest()


def test_with_changes_a_copy() -> None:
    base = Accelerator(rows=4)
    changed = base.with_(cols=2, skipping="none")
    assert (changed.rows, changed.cols, changed.skipping) == (4, 2, "none")
    assert base == Accelerator(rows=4)
    assert changed.with_(cols=16, skipping="two_sided") == base


def test_equal_accelerators_are_one_key() -> None:
    assert len({Accelerator(), Accelerator(rows=16), Accelerator(clock_mhz=200)}) == 1


def test_numpy_numbers_become_pythons() -> None:
    accelerator = Accelerator().with_(rows=np.int64(4), clock_mhz=np.float32(50.0))
    assert (type(accelerator.rows), type(accelerator.clock_mhz)) == (int, float)


def test_a_file_without_ending_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").write_text("rows = 2\n")
    assert Accelerator.from_toml("mine") == Accelerator(name="mine", rows=2)
