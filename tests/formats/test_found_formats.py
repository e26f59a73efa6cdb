"""Formats by `file.py:name` and by entry point: in Python and on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.formats import format_named

OWN = '''
import numpy as np
from sparsesim.formats import CountedFormat
from sparsesim.formats.bits import to_bits


class Counted(CountedFormat):
    """A 32-bit count of non-zeros, then their flat 32-bit indices, then their values."""

    summary = "count, 32-bit indices, values"

    def bits_of_count(self, rows, columns, nonzeros, value_bits):
        return 32 + nonzeros * (32 + value_bits)

    def encode(self, codes, value_bits, options):
        at = np.flatnonzero(codes)
        fields = [(np.array([at.size]), 32), (at, 32), (codes.reshape(-1)[at], value_bits)]
        return np.concatenate([to_bits(f.astype(np.uint64), width) for f, width in fields])

    def decode(self, payload, rows, columns, value_bits, options):
        count = int(payload.take(1, 32)[0])
        codes = np.zeros(rows * columns, np.uint64)
        at = payload.take(count, 32).astype(np.int64)
        codes[at] = payload.take(count, value_bits)
        return codes.reshape(rows, columns)


def also():
    return Counted()


def number():
    return 7


def needs(one):
    return one
'''


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize("what", ["Counted", "also"])
def test_a_format_of_a_file(own, what):
    name = f"{own}:{what}"
    row = np.array([0, 3, 0, 4], np.int8)
    assert ss.encoded_bits(row, name) == 32 + 2 * (32 + 8)
    assert np.array_equal(ss.decode(ss.encode(row, name)), row)
    accelerator = ss.Accelerator(weight_format=name, activation_format=name)
    assert accelerator.weight_format == name


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            "number",
            "gives int; give a class derived from sparsesim.formats.Format, or a function that "
            "returns one of it",
        ),
        (
            "needs",
            "is made without arguments, which fails: TypeError: needs() missing 1 required "
            "positional argument: 'one'",
        ),
    ],
)
def test_what_makes_no_format(own, what, message):
    name = f"{own}:{what}"
    with pytest.raises(SpecError) as error:
        ss.Accelerator(weight_format=name)
    assert str(error.value) == f"format '{name}': {message}"


def test_a_file_that_is_not_there():
    with pytest.raises(SpecError) as error:
        ss.Accelerator(weight_format="nowhere.py:Counted")
    assert str(error.value) == "nowhere.py: no such file; give the file that defines 'Counted'"


def test_an_unknown_name_is_refused_as_before():
    with pytest.raises(SpecError) as error:
        ss.Accelerator(weight_format="bitmsk")
    assert str(error.value) == "weight_format 'bitmsk' is unknown; did you mean 'bitmask'?"


def run(folder: Path, *words: object, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path is not None:
        environment["PYTHONPATH"] = f"{path}{os.pathsep}{environment.get('PYTHONPATH', '')}"
    return subprocess.run(
        [sys.executable, "-m", "sparsesim", *map(str, words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def weight_bits(root: Path) -> int:
    """What LeNet's weights take, by hand."""
    graph = ss.load(root / "models_onnx/lenet.onnx")
    return sum(32 + np.count_nonzero(graph.weight(layer)) * 40 for layer in graph.layers)


def test_on_the_command_line(root, own):
    inputs = root / "models_onnx/mnist_test_300.npz"
    words = ["estimate", root / "models_onnx/lenet.onnx", "--inputs", inputs, "--images", 1]
    ran = run(own.parent, *words, "--set", "weight_format=own.py:Counted", "-o", "r.json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads((own.parent / "r.json").read_text())
    assert found["accelerator"]["weight_format"] == "own.py:Counted"
    assert found["totals"]["weight_storage"]["encoded"] == weight_bits(root)


def test_an_entry_point(root, own):
    (own.parent / "their_formats.py").write_text(OWN)
    about = own.parent / "theirs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[sparsesim.formats]\ncounted = their_formats:Counted\n"
    )
    listed = run(own.parent, "list", "formats", path=own.parent).stdout.splitlines()
    assert "counted: count, 32-bit indices, values" in listed
    inputs = root / "models_onnx/mnist_test_300.npz"
    words = ["estimate", root / "models_onnx/lenet.onnx", "--inputs", inputs, "--images", 1]
    ran = run(own.parent, *words, "--set", "weight_format=counted", "-o", "r.json", path=own.parent)
    assert ran.returncode == 0, ran.stderr
    found = json.loads((own.parent / "r.json").read_text())
    assert found["totals"]["weight_storage"]["encoded"] == weight_bits(root)


def test_an_entry_point_that_does_not_load(own):
    about = own.parent / "theirs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[sparsesim.formats]\ncounted = nothing_here:X\n")
    ran = run(own.parent, "list", "formats", path=own.parent)
    assert (ran.returncode, ran.stderr) == (
        2,
        "error: format 'counted' of nothing_here:X does not load: No module named 'nothing_here'\n",
    )


def test_a_hint_lists_names_not_files(own):
    format_named(f"{own}:Counted")
    with pytest.raises(SpecError) as error:
        format_named("nothing like it")
    assert str(error.value).startswith(
        "unknown format 'nothing like it'; use one of dense, bitmask"
    )
    assert ".py:" not in str(error.value)
