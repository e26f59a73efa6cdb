"""Terminals and pipes that can't encode everything: an ASCII form, and results that are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparsesim.cli.streams import ascii_form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("plain [text] 1/2\n", "plain [text] 1/2\n"),
        ("▸ conv…1 → 3·4", "> conv~1 > 3.4"),
        ("▇▇█", "###"),
        ("┏━┓┃╋", "+-+|+"),
        ("┌─┬│", "+-+|"),
        ("Zürich, naïve", "Zurich, naive"),
        ("雪\ud800\u200b", "???"),
        ("16×16 – “a”", '16x16 - "a"'),  # noqa: RUF001
    ],
)
def test_every_form_is_ascii_of_the_same_length(text, form):
    assert ascii_form(text) == form
    assert len(form) == len(text)
    assert ascii_form(text).isascii()


def sparsesim(folder: Path, encoding: dict[str, str], *words: object) -> tuple[int, bytes, bytes]:
    ran = subprocess.run(
        [sys.executable, "-m", "sparsesim", *map(str, words)],
        cwd=folder,
        env={**os.environ, **encoding},
        capture_output=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


ASCII = {"PYTHONIOENCODING": "ascii"}
BARE = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def estimated(root, tmp_path_factory) -> Path:
    """A folder with a result."""
    folder = tmp_path_factory.mktemp("results")
    inputs = root / "models_onnx/mnist_test_300.npz"
    words = ["estimate", root / "models_onnx/lenet.onnx", "--inputs", inputs, "--images", 2]
    code, out, err = sparsesim(folder, {"PYTHONIOENCODING": "cp1252"}, *words, "-o", "r.json")
    assert (code, err[:13]) == (0, b"Wrote r.json;")
    text = out.decode("cp1252")
    assert "> two_sided" in text
    assert "##########" in text
    assert json.loads((folder / "r.json").read_text())["schema"] == "sparsesim.result/2"
    return folder


@pytest.mark.parametrize("encoding", [ASCII, BARE, {"PYTHONIOENCODING": "cp437"}])
@pytest.mark.parametrize("kind", ["text", "markdown", "csv"])
def test_reports_go_through_any_pipe(estimated, encoding, kind):
    code, out, err = sparsesim(estimated, encoding, "report", "r.json", "--as", kind)
    assert (code, err) == (0, b"")
    ordinary = sparsesim(
        estimated, {"PYTHONIOENCODING": "utf-8"}, "report", "r.json", "--as", kind
    )[1].decode()
    if encoding["LC_ALL" if encoding is BARE else "PYTHONIOENCODING"] != "cp437":
        assert out.decode("ascii") == ascii_form(ordinary)
    assert len(out.decode("cp437").splitlines()) == len(ordinary.splitlines())


def test_errors_do_so_as_well(tmp_path):
    for encoding in (ASCII, {"PYTHONIOENCODING": "cp1252"}):
        code, out, err = sparsesim(tmp_path, encoding, "report", "雪…é.json")
        assert (code, out) == (2, b"")
        assert err.decode("cp1252").splitlines()[0].startswith("error: ?")
        assert b"Traceback" not in err


def test_a_stream_of_utf_8_stays_as_it_is(estimated):
    out = sparsesim(estimated, {"PYTHONIOENCODING": "utf-8"}, "report", "r.json")[1]
    assert "▸ two_sided" in out.decode("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["estimate", "--images", 1],
        ["breakeven"],
        ["queues"],
        ["cut"],
        ["show"],
    ],
)
def test_a_result_is_kept_where_nobody_reads_the_report(root, tmp_path, words):
    """Standard output is a full disk."""
    verb, *more = words
    inputs = root / "models_onnx/mnist_test_300.npz"
    fed = [] if verb == "show" else ["--inputs", inputs]
    if verb in ("queues", "cut"):
        more += ["--images", 1]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "sparsesim", verb, root / "models_onnx/lenet.onnx",
             *map(str, fed), *map(str, more), "-o", "kept.json"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 2
    assert "No space left on device" in ran.stderr
    assert json.loads((tmp_path / "kept.json").read_text())
