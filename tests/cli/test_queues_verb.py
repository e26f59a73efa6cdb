"""`sparsesim queues` on the bundled model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sparsesim as ss


def test_queues_of_lenet(run, lenet: Path, digits: Path):
    words = ["queues", lenet, "--inputs", digits, "--images", 3, "--set", "rows=8"]
    ran = run(*words, "--loss", "2%", "-o", "q.json")
    assert (ran.code, ran.err) == (0, "Wrote q.json\n")
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    found = json.loads(Path("q.json").read_text())
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc3", "fc4"]
    assert (found["images"], found["loss"], found["accelerator"]["rows"]) == (3, 0.02, 8)
    by_depth = {point["depth"]: point for point in found["curve"]}
    least = by_depth[None]["total_cycles"]
    assert by_depth[found["depth"]]["total_cycles"] <= 1.02 * least
    graph = ss.load(lenet)
    trace = ss.execute(graph, ss.open_inputs(digits, ss.input_specs(graph), images=3))
    for depth in (found["depth"] - 1, found["depth"], 4):
        totals = ss.estimate(trace, ss.Accelerator(rows=8, queue_depth=depth)).totals
        total = totals.cycles["two_sided"].total
        assert (total <= 1.02 * least) == (depth >= found["depth"])
        if depth in by_depth:
            assert total == by_depth[depth]["total_cycles"]
    loss = f"{by_depth[found['depth']]['loss'] * 100:.2f} %"
    assert f"{found['depth']} windows lose {loss} of cycles, within 2 %; the" in ran.out
    assert f"▸ {found['depth']:>5} " in ran.out
    assert run(*words, "-o", "q.json").err == "error: q.json: exists; use --force to overwrite it\n"


def test_a_trace_gives_the_same(run, lenet: Path, digits: Path):
    kept = ["estimate", lenet, "--inputs", digits, "--images", 2, "--save-trace", "t.trace"]
    assert run(*kept).code == 0
    words = ["--inputs", digits, "--images", 2, "-o", "a.json", "--loss", "0.01"]
    assert run("queues", lenet, *words).code == 0
    assert run("queues", "t.trace", "-o", "b.json").code == 0
    one, other = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    assert one == other
    assert run("queues", "t.trace", "--images", 2).err == (
        "error: t.trace: is a trace, executed already; leave --images out\n"
    )


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("2", "loss 2 is out of range; use 0 to below 1, or 0% to below 100%"),
        ("100%", "loss 1 is out of range; use 0 to below 1, or 0% to below 100%"),
        ("-1%", "loss -0.01 is out of range; use 0 to below 1, or 0% to below 100%"),
        ("nan", "loss nan is out of range; use 0 to below 1, or 0% to below 100%"),
        ("little", "--loss little: is no share; write 1% or 0.01"),
        ("1%%", "--loss 1%%: is no share; write 1% or 0.01"),
    ],
)
def test_a_loss_that_is_none(run, lenet: Path, digits: Path, loss: str, said: str):
    ran = run("queues", lenet, "--inputs", digits, "--images", 1, f"--loss={loss}")
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")


def test_the_page_shows_what_the_command_prints(run, root: Path):
    """The block of docs/queues.md: its command is run, its lines are those printed."""
    block = (
        (root / "docs/queues.md").read_text().split("# Queue depths\n\n")[1].split("\n\nEach")[0]
    )
    command, _, shown = block.partition("\n\n")
    words = [
        str(root / word) if word.startswith("models_onnx") else word
        for word in command.replace("\\\n", " ").split()
    ]
    printed = run(*words[2:]).out
    assert [line.strip() for line in printed.splitlines()] == [
        line.strip() for line in shown.splitlines()
    ]
