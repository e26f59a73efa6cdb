"""Choosing accelerators from a sweep: the best by brute force, the same files every time."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.presets import __main__ as presets
from benchmarks.presets.choosing import choose
from sparsesim.errors import SpecError
from sparsesim.spec import Accelerator
from sparsesim.spec.sizes import SIZES, sized_name
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.spec import SweepSpec
from sparsesim.sweeps.sweeping import sweep_into

ROOT = Path(__file__).resolve().parents[2]
DEVICE = "xczu3eg"
NETWORKS = [
    {
        "model": str(ROOT / "models_onnx" / model),
        "inputs": str(ROOT / "models_onnx/mnist_test_300.npz"),
    }
    for model in ("lenet.onnx", "paper/lenet-l1.onnx")
]
SPACE = {
    "rows": [2, 4, 8, 12],
    "cols": [2, 4, 8],
    "window": [2, 4],
    "skipping": ["none", "two_sided"],
    "activation_buffer_kib": 16,
    "weight_buffer_kib": 16,
    "output_buffer_kib": 8,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 48 arrays on two networks."""
    spec = SweepSpec(name=DEVICE, networks=NETWORKS, devices=[DEVICE], space=SPACE)
    found = tmp_path_factory.mktemp("sweep") / DEVICE
    sweep_into(spec, found)
    return found


def best_by_hand(folder: Path, scheme: str, most: float) -> dict[str, Any]:
    """Rows and so on of the best array, from the rows of the file alone."""
    times: dict[tuple[Any, ...], dict[str, float]] = defaultdict(dict)
    luts: dict[tuple[Any, ...], float] = {}
    for row in load_sweep_result(folder).rows:
        key = tuple(row.parameters[name] for name in ("rows", "cols", "window"))
        if row.parameters["skipping"] == scheme and not row.error and row.metrics["share"] <= most:
            times[key][row.parameters["network"]] = row.metrics["ms"]
            luts[key] = row.metrics["lut"]
    whole = {key: math.prod(ms.values()) ** 0.5 for key, ms in times.items() if len(ms) == 2}
    least = min(whole.values())
    equals = [key for key, ms in whole.items() if ms <= least * (1 + 1e-12)]
    best = min(equals, key=lambda key: luts[key])
    return dict(zip(("rows", "cols", "window"), best, strict=True)) | {"ms": whole[best]}


def test_the_chosen_one_is_the_best(folder: Path) -> None:
    choices = choose(load_sweep_result(folder))
    assert [choice.name for choice in choices] == [
        sized_name(DEVICE, scheme, size) for scheme in ("none", "two_sided") for size in SIZES
    ]
    plain = {}
    for choice in choices:
        by_hand = best_by_hand(folder, choice.scheme, SIZES[choice.size])
        array = choice.best.accelerator
        found = {"rows": array.rows, "cols": array.cols, "window": array.window}
        assert found | {"ms": pytest.approx(choice.best.mean_ms)} == by_hand
        plain.setdefault(choice.size, choice.best.mean_ms)  # none comes first
        assert choice.speedup == pytest.approx(plain[choice.size] / choice.best.mean_ms)


def test_equal_times_go_to_fewer_luts(folder: Path) -> None:
    """Queues of a dense array move no cycle here, so both depths are equally fast."""
    spec = SweepSpec(
        name=DEVICE,
        networks=NETWORKS[:1],
        devices=[DEVICE],
        space=SPACE | {"rows": 2, "cols": 2, "queue_depth": [8, 4], "skipping": "none"},
    )
    deep = folder.parent / "queues"
    sweep_into(spec, deep)
    points = load_sweep_result(deep).rows
    assert len({row.metrics["ms"] for row in points}) < len(points)
    assert {choice.best.accelerator.queue_depth for choice in choose(load_sweep_result(deep))} == {
        4
    }


def test_the_same_sweep_gives_the_same_files(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = []
    for name in ("first", "second"):
        where = tmp_path / name
        where.mkdir()
        monkeypatch.setattr(presets, "ACCELERATORS", where)
        presets.main([str(folder)])
        written.append({path.name: path.read_bytes() for path in where.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 2 * len(SIZES)
    out = capsys.readouterr().out
    assert "Wrote 6 accelerators for xczu3eg" in out
    assert "no folder for lfe5u-85f, xc7z020, xcvu9p, xczu9eg" in out
    for choice in choose(load_sweep_result(folder)):
        file = tmp_path / "first" / f"{choice.name}.toml"
        assert Accelerator.from_toml(file) == choice.best.accelerator.with_(name=choice.name)


def test_an_array_that_failed_on_a_network_does_not_count(folder: Path, tmp_path: Path) -> None:
    best = choose(load_sweep_result(folder))[0].best.accelerator
    broken = copied(folder, tmp_path)
    for row in load_sweep_result(folder).rows:
        values = row.parameters
        if all(getattr(best, key) == values[key] for key in SPACE) and values["network"] == "lenet":
            change(broken, "UPDATE points SET error = 'broken' WHERE key = ?", row.key)
    chosen = choose(load_sweep_result(broken))[0].best
    assert chosen.accelerator != best
    assert set(chosen.ms) == {"lenet", "lenet-l1"}


def test_a_sweep_that_is_not_done_is_refused(folder: Path, tmp_path: Path) -> None:
    part = copied(folder, tmp_path)
    change(part, "DELETE FROM points WHERE key = ?", load_sweep_result(folder).rows[0].key)
    with pytest.raises(SpecError, match=r"^xczu3eg: 1 of 96 points are missing; sweep on$"):
        choose(load_sweep_result(part))


def test_a_size_without_an_array_is_named(tmp_path: Path) -> None:
    spec = SweepSpec(
        name=DEVICE,
        networks=NETWORKS[:1],
        devices=[DEVICE],
        conditions=["share > 0.2"],
        space=SPACE | {"skipping": "none", "rows": [12]},
    )
    sweep_into(spec, tmp_path / "large")
    with pytest.raises(SpecError, match=r"^xczu3eg: no none array takes a share up to 0.125$"):
        choose(load_sweep_result(tmp_path / "large"))


def copied(folder: Path, tmp_path: Path) -> Path:
    other = tmp_path / "copy"
    other.mkdir()
    with (
        sqlite3.connect(folder / "points.sqlite") as one,
        sqlite3.connect(other / "points.sqlite") as two,
    ):
        one.backup(two)
    return other


def change(folder: Path, query: str, key: str) -> None:
    with sqlite3.connect(folder / "points.sqlite") as file:
        file.execute(query, (key,))
