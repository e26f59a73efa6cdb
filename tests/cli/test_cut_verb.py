"""`sparsesim cut` on the bundled model."""

from __future__ import annotations

import json
from pathlib import Path


def test_cuts_of_lenet(run, lenet: Path, digits: Path):
    ran = run("cut", lenet, "--inputs", digits, "--images", 4, "--top", 2, "-o", "cuts.json")
    assert (ran.code, ran.err) == (0, "Wrote cuts.json\n")
    assert "2 of 6 cuts, the fewest bytes first" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    stored = json.loads(Path("cuts.json").read_text())
    assert [cut["rank"] for cut in stored["cuts"]] == [1, 2, 3, 4, 5, 6]
    pool = next(cut for cut in stored["cuts"] if cut["behind"] == "pool1")
    conv = next(cut for cut in stored["cuts"] if cut["behind"] == "conv1")
    assert conv["sent"]["elements"] == 20 * 24 * 24 == 4 * pool["sent"]["elements"]
    assert pool["is_frontier"] and not conv["is_frontier"]
    assert stored["given"]["bytes"]["dense"]["worst"] == 28 * 28
    assert [block["block"] for block in stored["blocks"]] == ["conv1", "conv2", "fc3", "fc4"]
    assert run("cut", lenet, "--inputs", digits, "-o", "cuts.json").err == (
        "error: cuts.json: exists; use --force to overwrite it\n"
    )


def test_one_format_and_thresholds(run, lenet: Path, digits: Path, root: Path):
    thresholds = root / "models_onnx" / "lenet_thresholds.toml"
    words = ["cut", lenet, "--inputs", digits, "--images", 1, "--thresholds", thresholds]
    ran = run(*words, "--format", "csr", "-o", "cuts.json")
    assert ran.code == 0
    stored = json.loads(Path("cuts.json").read_text())
    assert stored["formats"] == ["dense", "csr"] and stored["rewrites"]


def test_random_inputs_are_said(run, lenet: Path):
    ran = run("cut", lenet, "--inputs", "random", "--images", 1)
    assert ran.code == 0 and "INPUTS ARE RANDOM: zeros mean nothing" in ran.out


def test_mistakes(run, lenet: Path, digits: Path):
    def said(*words: object) -> str:
        ran = run("cut", lenet, *words)
        assert ran.code == 2 and ran.out == ""
        return ran.err

    given = ["--inputs", digits, "--images", 1]
    assert said() == (
        "error: --inputs is missing; the model takes 'image' float32 [n, 1, 28, 28]; "
        "'random' draws some\n"
    )
    assert said(*given, "--top", 0) == "error: top 0 is out of range; use 1 and up\n"
    assert said(*given, "--format", "zip") == (
        "error: unknown format 'zip'; use one of dense, bitmask, run_length, csr, coordinate\n"
    )
    assert said(*given, "--value-bits", 65) == (
        "error: value_bits 65 is out of range; use 1 to 64\n"
    )
