"""Traces as files: nothing is lost, and no other file passes for one."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pytest
from onnx import helper
from trace_models import model, node, numbers, residual

import sparsesim as ss
from sparsesim.errors import SparseSimError, TraceError
from sparsesim.trace.store import is_trace

F = np.float32


def images(count: int) -> np.ndarray:
    return np.concatenate([numbers(seed, 1, 3, 4, 4) for seed in range(count)])


@pytest.fixture
def stored(tmp_path):
    """A trace of three images in a file."""
    path = tmp_path / "t.trace"
    ss.save_trace(ss.execute(ss.load(residual()), images(3), keep_values=True), path)
    return path


def refused(path) -> str:
    """What is said of a file, on loading it or on going through its images."""
    with pytest.raises(TraceError) as raised:
        list(ss.load_trace(path).images)
    return str(raised.value)


@pytest.mark.parametrize("lazy", [False, True])
def test_estimates_of_a_stored_trace_are_the_same(tmp_path, lazy):
    graph = ss.sparsify(ss.load(residual()), ss.Thresholds(weights={"*": 1.0}))
    trace = ss.execute(graph, images(3), lazy=lazy)
    ss.save_trace(trace, tmp_path / "t")
    assert is_trace(tmp_path / "t")
    loaded = ss.load_trace(tmp_path / "t")
    for machine in (ss.Accelerator(), ss.Accelerator(rows=3, cols=5, window=4, batch=2)):
        before, after = ss.estimate(trace, machine), ss.estimate(loaded, machine)
        assert before.output_error is not None
        assert after.model_dump_json() == before.model_dump_json()


def test_everything_comes_back(stored):
    trace = ss.execute(ss.load(residual()), images(3), keep_values=True)
    loaded = ss.load_trace(stored)
    for name in ("layers", "tensors", "blocks", "leaving", "live", "host", "source"):
        assert getattr(loaded, name) == getattr(trace, name), name
    assert len(loaded.images) == 3
    for before, after in zip(trace.images, loaded.images, strict=True):
        assert after.label == before.label
        for role in ("bits", "values"):
            kept, found = getattr(before, role), getattr(after, role)
            assert kept.keys() == found.keys()
            for key in kept:
                assert kept[key].dtype == found[key].dtype
                np.testing.assert_array_equal(kept[key], found[key])
        np.testing.assert_array_equal(before.outputs[0], after.outputs[0])


def test_outputs_that_are_no_numbers(tmp_path):
    nodes = [
        node("MatMul", "x w", "y", "m"),
        node("ArgMax", "y", "k", "arg", axis=1),
        node("Gather", "names k", "label", "gather"),
        node("SplitToSequence", "y", "parts", "split", axis=1),
        node("Cast", "y", "half", "cast", to=helper.np_dtype_to_tensor_dtype(np.dtype(np.float16))),
    ]
    constants = {"w": numbers(1, 4, 3), "names": np.array(["a", "b", "c"], dtype=object)}
    parts = helper.make_tensor_sequence_value_info("parts", 1, None)
    outputs = {"y": F, "label": str, "parts": parts, "half": np.float16}
    graph = ss.load(model(nodes, {"x": (F, (2, 4))}, outputs, constants))
    graph = ss.sparsify(graph, ss.Thresholds(weights={"*": 1.0}))
    trace = ss.execute(graph, numbers(2, 2, 4))
    ss.save_trace(trace, tmp_path / "t")
    loaded = ss.load_trace(tmp_path / "t")
    before, after = next(iter(trace.images)).outputs, next(iter(loaded.images)).outputs
    assert [type(output) for output in after] == [type(output) for output in before]
    assert after[1].tolist() == before[1].tolist()
    for kept, found in zip(before[2], after[2], strict=True):
        np.testing.assert_array_equal(kept, found)
    assert after[3].dtype == np.float16
    assert ss.estimate(loaded) == ss.estimate(trace)


def test_files_that_are_no_traces(tmp_path):
    missing, folder, text, archive = (tmp_path / name for name in ("none", "folder", "text", "zip"))
    folder.mkdir()
    text.write_text("hello")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("hello", "world")
    assert refused(missing) == f"{missing}: no such file"
    assert refused(folder) == f"{folder}: cannot be read: Is a directory"
    assert refused(text) == f"{text}: not a trace, or a damaged one"
    assert refused(archive) == f"{archive}: not a trace, or a damaged one"
    assert not any(map(is_trace, (missing, folder, text, archive)))


def rewritten(path, change) -> None:
    """The same archive with another header."""
    copy = path.with_suffix(".copy")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            with old.open(name) as member, new.open(name, "w") as target:
                if name != "header.npy":
                    shutil.copyfileobj(member, target)
                    continue
                header = json.loads(np.lib.format.read_array(member).tobytes())
                change(header)
                octets = np.frombuffer(json.dumps(header).encode(), np.uint8)
                np.lib.format.write_array(target, octets)
    copy.replace(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda header: header.update(schema="sparsesim.trace/0"),
            "not a trace of schema sparsesim.trace/1, but of 'sparsesim.trace/0'",
        ),
        (lambda header: header.pop("layers"), "not a trace, or a damaged one"),
        (lambda header: header["source"].update(more=1), "not a trace, or a damaged one"),
        (lambda header: header["weights"].append("w"), "not a trace, or a damaged one"),
        (lambda header: header["images"].append({}), "a damaged trace"),
        (lambda header: header["tensors"]["b|pixels"].update(elements=999), "a damaged trace"),
        (
            lambda header: header["tensors"]["w1|unit/first"].update(elements=999),
            "not a trace, or a damaged one",
        ),
    ],
)
def test_headers_that_do_not_fit(stored, change, said):
    rewritten(stored, change)
    assert refused(stored) == f"{stored}: {said}"


def test_damage_anywhere_is_found_or_harmless(stored):
    octets = stored.read_bytes()
    expected = ss.estimate(ss.load_trace(stored))
    random = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        damaged = bytearray(octets)
        start = int(random.integers(len(octets)))
        damaged[start : start + 8] = random.bytes(8)
        stored.write_bytes(damaged[: len(octets)])
        try:
            assert ss.estimate(ss.load_trace(stored)) == expected
        except TraceError as error:
            assert "\n" not in str(error)
            found += 1
    assert found > 100
    for length in random.integers(0, len(octets), 20):
        stored.write_bytes(octets[:length])
        assert refused(stored) == f"{stored}: not a trace, or a damaged one"


def test_a_trace_is_written_whole_or_not_at_all(stored, tmp_path):
    before = stored.read_bytes()
    trace = ss.execute(ss.load(residual()), images(2))
    with pytest.raises(SparseSimError) as raised:
        ss.save_trace(trace, stored)
    assert str(raised.value) == f"{stored}: exists; use --force to overwrite it"

    class Failing:
        def __iter__(self):
            yield trace.images[0]
            raise KeyboardInterrupt

    from dataclasses import replace

    for target in (stored, tmp_path / "new"):
        with pytest.raises(KeyboardInterrupt):
            ss.save_trace(replace(trace, images=Failing()), target, force=True)
    assert stored.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [stored.name]
    ss.save_trace(trace, stored, force=True)
    assert len(ss.load_trace(stored).images) == 2
