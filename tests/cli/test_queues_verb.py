"""`sparsesim queues` on the bundled model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sparsesim as ss


def test_queues_of_lenet(run, lenet: Path, digits: Path):
    words = ["queues", lenet, "--inputs", digits, "--images", 3]
    words += ["--accelerator", "default", "--set", "rows=8"]
    ran = run(*words, "--loss", "2%", "-o", "q.json")
    assert (ran.code, ran.err) == (0, "Wrote q.json\n")
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    found = json.loads(Path("q.json").read_text())
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc3", "fc4"]
    assert (found["images"], found["loss"], found["accelerator"]["array"]["rows"]) == (3, 0.02, 8)
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


@pytest.mark.parametrize("part", [0, 1, 2])
def test_the_page_shows_what_the_command_prints(run, root: Path, part: int):
    """The blocks of docs/queues.md: each command is run, its lines are the first printed."""
    page = (root / "docs/queues.md").read_text().split("    $ ")[part + 1]
    command, _, rest = page.partition("\n\n")
    shown = [line.strip() for line in re.split(r"\n\n(?! )", rest)[0].splitlines()]
    words = [
        str(root / word) if word.startswith("models_onnx") else word
        for word in command.replace("\\\n", " ").split()
    ]
    printed = [line.strip() for line in run(*words[1:]).out.splitlines()]
    assert len(shown) > 10
    for said, line in zip(shown, printed, strict=False):
        if not said.startswith("Outputs off by"):  # by as much as this machine rounds
            assert line == said


def test_balance_saves_a_faster_network(run, lenet: Path, digits: Path, root: Path):
    thresholds = root / "models_onnx/lenet_thresholds.toml"
    words = ["queues", lenet, "--inputs", digits, "--images", 3, "--thresholds", thresholds]
    words += ["--quantize", "--balance", "--accelerator", "default"]
    ran = run(*words, "--save", "b.onnx", "-o", "b.json")
    assert (ran.code, ran.err) == (0, "Wrote b.onnx\nWrote b.json\n")
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    written = json.loads(Path("b.json").read_text())
    found = written["balance"]
    assert found["is_kept"] and found["total_before"] > 1.05 * found["total_after"]
    assert found["effectual_before"] == found["effectual_after"]
    assert "Outputs equal to the bit." in ran.out
    assert f"{found['reordered']} of 4 layers reordered" in ran.out
    assert "fc4: the model's output 'logits'" in ran.out
    # The depths are those of the reordered network, and the file is that network.
    own = next(point for point in written["curve"] if point["depth"] == 4)
    assert own["total_cycles"] == found["total_after"]
    words_of_it = ["--inputs", digits, "--images", 3, "--accelerator", "default"]
    assert run("estimate", "b.onnx", *words_of_it, "-o", "e.json").code == 0
    saved = json.loads(Path("e.json").read_text())
    assert saved["totals"]["cycles"]["two_sided"]["total"] == found["total_after"]
    assert run(*words, "--save", "b.onnx").err == (
        "error: b.onnx: exists; use --force to overwrite it\n"
    )


def test_balance_where_nothing_is_gained(run, lenet: Path, digits: Path):
    """Under `none` every order takes as long."""
    words = ["--images", 1, "--set", "skipping=none", "--balance", "--save", "same.onnx"]
    ran = run("queues", lenet, "--inputs", digits, *words)
    assert ran.code == 0
    assert "No order of filters gains; " in ran.out
    assert len(ss.load("same.onnx").layers) == 4


def test_balance_needs_the_model(run, lenet: Path, digits: Path):
    kept = ["estimate", lenet, "--inputs", digits, "--images", 1, "--save-trace", "t.trace"]
    assert run(*kept).code == 0
    assert run("queues", "t.trace", "--balance").err == (
        "error: t.trace: is a trace; --balance needs the model\n"
    )
    assert run("queues", lenet, "--inputs", digits, "--save", "b.onnx").err == (
        "error: --save writes the reordered network; give --balance, too\n"
    )
    both = ["--balance", "--save", "b.onnx", "-o", "b.onnx"]
    assert run("queues", lenet, "--inputs", digits, *both).err == (
        "error: b.onnx: is to hold both the numbers and the network; name two files\n"
    )
    assert not Path("b.onnx").exists()


def test_a_machine_without_queues_says_so(run, lenet: Path, digits: Path):
    toy = f"{Path(__file__).parents[1] / 'machines' / 'toy.py'}:Toy"
    Path("toy.toml").write_text(f"machine = {json.dumps(toy)}\n")
    ran = run("queues", lenet, "--inputs", digits, "--images", 1, "--accelerator", "toy.toml")
    line = f"error: machine '{toy}' has no queues; no depth is to be found\n"
    assert (ran.code, ran.out, ran.err) == (2, "", line)
