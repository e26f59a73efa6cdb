"""`sparsesim breakeven` on the bundled model."""

from __future__ import annotations

import json
from pathlib import Path


def test_break_even_of_lenet(run, lenet: Path, digits: Path):
    words = ["breakeven", lenet, "--inputs", digits, "--set", "rows=8", "--device", "xc7z020"]
    ran = run(*words, "-o", "b.json")
    assert (ran.code, ran.err) == (0, "Wrote b.json\n")
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    found = json.loads(Path("b.json").read_text())
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "fc3", "fc4"]
    assert (found["images"], found["steps"], found["accelerator"]["array"]["rows"]) == (1, 256, 8)
    for layer in found["layers"]:
        assert list(layer["schemes"]) == ["activation", "weight", "two_sided"]
    for scheme, rival in found["rivals"].items():
        said = f"{scheme}: against {rival['array']['rows']}x{rival['array']['cols']} dense PEs"
        assert said in ran.out
    assert run(*words, "-o", "b.json").err == (
        "error: b.json: exists; use --force to overwrite it\n"
    )


def test_a_trace_gives_the_same(run, lenet: Path, digits: Path):
    kept = ["estimate", lenet, "--inputs", digits, "--images", 2, "--save-trace", "t.trace"]
    assert run(*kept).code == 0
    assert run("breakeven", lenet, "--inputs", digits, "-o", "a.json").code == 0
    assert run("breakeven", "t.trace", "-o", "b.json").code == 0
    one, other = (json.loads(Path(name).read_text()) for name in ("a.json", "b.json"))
    assert one["layers"] == other["layers"]
    assert run("breakeven", "t.trace", "--inputs", digits).err == (
        "error: t.trace: is a trace, executed already; leave --inputs out\n"
    )
    assert run("breakeven", "t.trace", "--images", 3).err == (
        "error: images 3 is out of range; use 1 to 2\n"
    )


def test_mistakes(run, lenet: Path, digits: Path):
    def said(*words: object) -> str:
        ran = run("breakeven", lenet, "--inputs", digits, *words)
        assert ran.code == 2 and ran.out == ""
        return ran.err

    assert said("--set", "rows") == ("error: --set rows: has no '='; write key=value, as rows=8\n")
    assert said("--seed", -1) == "error: seed -1 is out of range; use 0 and up\n"
    assert said("--accelerator", "default", "--set", "output_buffer_kib=0.001") == (
        "error: conv1: one tile of 16 x 16 outputs needs 2048 bits of the output buffer; half of "
        "output_buffer_kib is 4; 1 takes it\n"
    )


def test_without_an_accelerator_it_is_that_of_estimate(run, lenet: Path, digits: Path):
    """The one that the device begins with, wherever none is named."""
    words = [lenet, "--inputs", digits, "--images", 1, "--device", "xczu3eg", "-o"]
    assert run("estimate", *words, "e.json").code == 0
    assert run("breakeven", *words, "b.json").code == 0
    assert run("queues", *words, "q.json").code == 0
    taken = json.loads(Path("e.json").read_text())["accelerator"]
    for name in ("b.json", "q.json"):
        found = json.loads(Path(name).read_text())["accelerator"]
        assert (found["machine"], found["array"]) == (taken["machine"], taken["array"])
