"""`sparsesim search` from the command line, on the bundled model and images."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from sparsesim.search.files import load_search
from sparsesim.sparsity import Thresholds


def refused(ran, line: str) -> None:
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")


@pytest.fixture
def search(run, lenet, digits):
    """Searches the bundled model on the bundled images."""

    def call(*words, inputs=digits):
        return run("search", lenet, "--inputs", inputs, *words)

    return call


def test_a_search_leaves_three_files(search, run, lenet, digits):
    ran = search("--grid", "quantiles:5", "-o", "found", "--what", "both")
    assert ran.code == 0
    assert "Thresholds of both; each keeps 100 % of the right answers by itself" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert sorted(os.listdir("found")) == ["search.json", "sparse.onnx", "thresholds.toml"]
    result = load_search("found/search.json")
    assert (result.search.images, result.test.images) == (150, 150)
    # ONNX Runtime has the same accuracy with the sparsified model as we say.
    with np.load(digits) as stored:
        images, labels = stored["image"], stored["labels"]
    session = onnxruntime.InferenceSession("found/sparse.onnx")
    right = session.run(None, {"image": images})[0].argmax(axis=1) == labels
    assert right[:150].sum() == result.search.together
    assert right[150:].sum() == result.test.together
    # The map file makes the same model.
    assert Thresholds.from_toml("found/thresholds.toml").weights
    assert (
        run("sparsify", lenet, "--thresholds", "found/thresholds.toml", "-o", "again.onnx").code
        == 0
    )
    assert Path("again.onnx").read_bytes() == Path("found/sparse.onnx").read_bytes()
    # The record alone gives the same report.
    assert run("report", "found/search.json").out == ran.out
    line = "found/search.json: is a search, which is shown as text on the terminal only"
    refused(run("report", "found/search.json", "--as", "csv"), line)
    refused(search("-o", "found"), "found: is not empty; use --force to write into it")


def test_the_joint_search_says_what_it_gained(search):
    ran = search("--grid", "quantiles:4", "--objective", "cycles", "-o", "found")
    assert ran.code == 0
    assert "layer by layer" in ran.out
    joint = json.loads(Path("found/search.json").read_text())["joint"]
    assert joint["exchanged"] >= joint["needed"]
    assert joint["exchanged_cycles"]["two_sided"] <= joint["layerwise_cycles"]["two_sided"]


def test_bad_input(search, digits, tmp_path):
    line = "grid 'linear' is unknown; use quantiles, quantiles:N (N from 1) or halving"
    refused(search("--grid", "linear"), line)
    refused(search("--keep", "0"), "keep 0 is out of range; use above 0 up to 1")
    refused(search("--what", "biases"),
            "what 'biases' is unknown; use one of weights, activations, both")  # fmt: skip
    refused(search("--search-images", "0:200"),
            "images 150:200 are both in --search-images 0:200 and in --test-images 150:300; use "
            "parts that do not overlap")  # fmt: skip
    refused(search("--test-inputs", digits),
            f"{digits}: holds the images of --inputs; use other ones, or --search-images and "
            "--test-images")  # fmt: skip
    refused(search("--test-labels", "x.csv"),
            "--test-labels: goes with --test-inputs, which is missing")  # fmt: skip
    np.save("few.npy", np.zeros(7, np.int64))
    refused(search("--labels", "few.npy"), "few.npy: holds labels of shape (7,) for 300 images")
    np.save("classes.npy", np.full(300, 11, np.int64))
    line = "images 0 to 149: label 11 is out of range; the model has classes 0 to 9"
    ran = search("--labels", "classes.npy")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {digits} (") and ran.err.endswith(f"{line}\n")
    refused(search("-o", "none/found"), "none/found: its folder does not exist")
    assert sorted(os.listdir()) == ["classes.npy", "few.npy"]


def test_wrong_preprocessing_is_a_baseline_of_chance(search, digits):
    with np.load(digits) as stored:
        np.savez("turned.npz", image=1 - stored["image"].transpose(0, 1, 3, 2)[:, :, ::-1] * 3,
                 labels=stored["labels"])  # fmt: skip
    ran = search(inputs="turned.npz")
    assert (ran.code, ran.out) == (2, "")
    assert "no better than chance with 10 classes: the preprocessing or the labels are" in ran.err
    assert "input 'image' of the first image goes from -2 to 1, mean" in ran.err
    assert len(ran.err.splitlines()) == 1
