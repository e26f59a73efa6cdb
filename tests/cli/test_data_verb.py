"""`sparsesim data` and its list; fetching itself is tested with `sparsesim.train.fetching`."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from sparsesim.train.public import PUBLIC


@pytest.fixture
def nowhere(monkeypatch):
    """MNIST's home is a port of this machine on which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/"
    monkeypatch.setitem(PUBLIC, "mnist", replace(PUBLIC["mnist"], base=base))
    return base


def refused(ran, line: str) -> None:
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")


def test_no_network_is_one_line_and_no_folder(run, nowhere):
    refused(
        run("data", "mnist", "-o", "digits"),
        f"{nowhere}train-images-idx3-ubyte.gz: cannot be reached: Connection refused; is there a "
        "network?",
    )
    assert os.listdir() == []
    Path("digits").mkdir()
    assert run("data", "mnist", "-o", "digits").code == 2
    assert os.listdir() == ["digits"]


def test_names_and_places(run, nowhere):
    refused(run("data", "cifar", "-o", "d"), "unknown data set 'cifar'; did you mean 'cifar10'?")
    refused(run("data", "mnist", "-o", "none/d"), "none/d: its folder does not exist")
    Path("file").touch()
    refused(run("data", "mnist", "-o", "file"), "file: is a file; name a folder")


def test_what_is_there_already_is_enough(run):
    Path("c").mkdir()
    for name in PUBLIC["cifar100"].files[0].members:
        (Path("c") / name).touch()
    ran = run("data", "cifar100", "-o", "c")
    assert (ran.code, ran.err) == (
        0,
        "Wrote c; next: sparsesim train resnet14 --data c -o resnet14\n",
    )


def test_the_lists(run):
    assert run("list", "data").out.splitlines() == [
        "cifar10: 50,000 + 10,000 photos of 32 x 32, 10 classes, 170 MB; "
        "https://www.cs.toronto.edu/~kriz/",
        "cifar100: 50,000 + 10,000 photos of 32 x 32, 100 classes, 169 MB; "
        "https://www.cs.toronto.edu/~kriz/",
        "mnist: 60,000 + 10,000 handwritten digits of 28 x 28, 10 classes, 12 MB; "
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ]
    assert run("list", "topologies").out.splitlines() == [
        "lenet: two convolutions and two fully connected layers",
        "cifarnet: two convolutions with local response normalisation, three fully connected "
        "layers",
        "resnet14: a convolution, two blocks of two bottleneck units, a fully connected layer",
        "alexnet: five convolutions and three fully connected layers, dropout behind the first two",
        "resnet50: a convolution, blocks of 3, 4, 6 and 3 bottleneck units, a fully connected "
        "layer",
    ]
