"""`sparsesim train`: what it writes and says, and every way to be wrong."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest

from sparsesim.train.history import load_history

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

FILES = [
    "checkpoint.pt",
    "gradients.png",
    "gradients.svg",
    "history.npz",
    "model.onnx",
    "training.json",
]
SMALL = ["--set", "epochs=2", "--set", "batch=4"]


def write_digits(path: Path, classes: int = 3, side: int = 16) -> Path:
    """Twelve pictures to train on, six to test on."""
    rng = np.random.default_rng(0)

    def images(count: int) -> np.ndarray:
        return rng.integers(0, 256, (count, 1, side, side), np.uint8)

    np.savez(
        path,
        train_images=images(12),
        train_labels=np.arange(12) % classes,
        test_images=images(6),
        test_labels=np.arange(6) % classes,
    )
    return path


@pytest.fixture
def digits_npz(tmp_path: Path) -> Path:
    return write_digits(tmp_path / "digits.npz")


@pytest.fixture
def trained(run, digits_npz):
    """A folder with a training of two steps, and what was said."""
    more = ["--set", "gradient_threshold=1e-3", "--steps", 2]
    return run("train", "lenet", "--data", digits_npz, "-o", "out", *SMALL, *more)


def refused(ran, line: str) -> None:
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")


def test_it_writes_the_model_and_what_it_saw(trained):
    assert trained.code == 0
    assert trained.err == (
        "Wrote out/training.json\n"
        "Wrote out/model.onnx; next: sparsesim search out/model.onnx --inputs …\n"
    )
    lines = trained.out.splitlines()
    assert lines[0] == "Gradient sparsity, 2 steps of lenet, gradient threshold 0.001"
    assert [line.split()[0] for line in lines[1:]] == [
        "layer",
        "conv1",
        "conv2",
        "fc3",
        "fc4",
        "all",
    ]
    assert sorted(os.listdir("out")) == FILES
    record = json.loads(Path("out/training.json").read_text())
    assert record["steps"] == 2 and record["test_accuracy"] == [] and record["gradients"] == {}
    assert record["recipe"]["gradient_threshold"] == 1e-3
    assert record["data"]["classes"] == 3
    assert load_history(Path("out/history.npz")).layers == ("conv1", "conv2", "fc3", "fc4")
    onnx.checker.check_model("out/model.onnx", full_check=True)


def test_it_goes_on_and_says_how_far_it_is(run, trained, digits_npz):
    more = ["--set", "gradient_threshold=1e-3", "--resume"]
    ran = run("train", "lenet", "--data", digits_npz, "-o", "out", *SMALL, *more)
    assert ran.code == 0
    said = ran.err.splitlines()
    assert len(said) == 4  # a line an epoch, and what was written
    assert said[0].startswith("step 3 of 6: loss ") and said[1].startswith("step 6 of 6: loss ")
    assert ", gradient 0s " in said[0] and ", test " in said[0]
    assert said[1].endswith(", 0:00:00 left")
    assert "test accuracy " in ran.out
    assert len(json.loads(Path("out/training.json").read_text())["test_accuracy"]) == 2


def test_a_map_is_shown_and_recorded(run, digits_npz):
    Path("mine.toml").write_text(
        '[gradients]\n"conv*" = 0.001\nfc3 = { sparsifier = "top_k", keep = 0.1 }\n'
    )
    words = ["-o", "out", *SMALL, "--map", "mine.toml", "--steps", 1]
    ran = run("train", "lenet", "--data", digits_npz, *words)
    assert ran.code == 0
    assert ran.out.startswith("Gradient sparsity, 1 steps of lenet, gradient map mine\n")
    record = json.loads(Path("out/training.json").read_text())
    assert record["gradients"] == {"conv*": "magnitude 0.001", "fc3": "top_k keep 0.1"}
    history = load_history(Path("out/history.npz"))
    fc3 = history.layers.index("fc3")
    assert history.sparsity()[0, fc3] == pytest.approx(0.9, abs=1e-3)
    refused(
        run("train", "lenet", "--data", digits_npz, *words[:-1], 3, "--resume", "--map", "b.toml"),
        "b.toml: no such file",
    )
    Path("b.toml").write_text('[gradients]\n"conv7" = 0.001\n')
    refused(
        run("train", "lenet", "--data", digits_npz, "-o", "new", "--map", "b.toml"),
        "gradients: 'conv7' matches no layer and no block; near misses: conv2, conv1",
    )
    assert not Path("new").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--steps", 0], "steps 0 is out of range; use 1 or more"),
        (
            ["--set", "gradient_threshold=-0.1"],
            "gradient_threshold -0.1 is out of range; use 0 or more",
        ),
        (["--set", "learning=1"], "unknown key 'learning'; did you mean 'learning_rate'?"),
        (["--set", "topology=lenet5"], "unknown topology 'lenet5'; did you mean 'lenet'?"),
        (["--set", "dropout=0.5"], "topology 'lenet' has no dropout; 0.5 came, use 0"),
        (["--set", "batch=13"], "digits.npz: 12 training pictures are fewer than batch 13"),
        (
            ["--set", "topology=alexnet"],
            "topology 'alexnet' takes pictures of 67 pixels and more a side; 16 came",
        ),
        ([*SMALL, "--resume"], "out/checkpoint.pt: no such file; there is nothing to resume"),
        (
            ["--set", "learning_rate=1e36", "--set", "batch=4"],
            "lenet: the loss is nan at step 2; lower learning_rate, which is 1e+36",
        ),
        (["--data", "none"], "none: no such file or folder"),
        (["-o", "none/out"], "none/out: its folder does not exist"),
        (["-o", "digits.npz"], "digits.npz: is a file; name a folder"),
    ],
)
def test_what_is_refused_leaves_nothing(run, digits_npz, words, line):
    before = sorted(os.listdir())
    refused(run("train", "lenet", "--data", "digits.npz", "-o", "out", *words), line)
    assert sorted(os.listdir()) == before


def test_an_unknown_recipe(run, digits_npz):
    refused(
        run("train", "lenet5", "--data", digits_npz, "-o", "out"),
        "unknown topology 'lenet5'; did you mean 'lenet'?",
    )


def test_nothing_there_is_lost_unasked(run, trained, digits_npz):
    before = {name: Path("out", name).read_bytes() for name in FILES}
    words = ["train", "lenet", "--data", digits_npz, "-o", "out", *SMALL]
    refused(run(*words), "out: is not empty; use --resume to go on, or --force to start anew")
    refused(
        run(*words, "--resume"),
        "out/checkpoint.pt: was trained with gradient_threshold 0.001, not 0.0; use that",
    )
    other = write_digits(Path("four.npz"), classes=4)
    same = ["-o", "out", *SMALL, "--set", "gradient_threshold=1e-3", "--resume"]
    refused(
        run("train", "lenet", "--data", other, *same),
        "out/checkpoint.pt: was trained on 3 classes; the data set has 4",
    )
    refused(
        run("train", "cifarnet", "--data", digits_npz, *same, "--set", "preprocess=mnist"),
        "out/checkpoint.pt: was trained with topology lenet, not cifarnet; use that",
    )
    assert {name: Path("out", name).read_bytes() for name in FILES} == before
    checkpoint = Path("out/checkpoint.pt")
    checkpoint.write_bytes(before["checkpoint.pt"][:-100])
    refused(
        run("train", "lenet", "--data", digits_npz, *same),
        "out/checkpoint.pt: is no checkpoint, or damaged",
    )
    Path("full").mkdir()
    Path("full/mine.txt").touch()
    refused(
        run("train", "lenet", "--data", digits_npz, "-o", "full"),
        "full: is not empty; use --force to write into it",
    )


def test_without_pytorch(run, digits_npz, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    refused(
        run("train", "lenet", "--data", digits_npz, "-o", "out"),
        "training needs PyTorch; install it by: pip install 'sparsesim[train]'",
    )
    assert not Path("out").exists()
    assert run("list", "topologies").code == 0


@contextmanager
def small_files(limit: int):
    """Writing more than so many bytes to a file fails, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as on Linux")
def test_a_full_disk_keeps_the_checkpoint(run, trained, digits_npz):
    before = Path("out/checkpoint.pt").read_bytes()
    more = ["--set", "gradient_threshold=1e-3", "--resume"]
    with small_files(4096):
        ran = run("train", "lenet", "--data", digits_npz, "-o", "out", *SMALL, *more)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        "error: out/checkpoint.pt: cannot be written: File too large"
    )
    assert Path("out/checkpoint.pt").read_bytes() == before
    assert sorted(os.listdir("out")) == FILES


@pytest.mark.skipif(sys.platform != "linux", reason="signals as on Linux")
def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(run, digits_npz):
    words = ["train", "lenet", "--data", str(digits_npz), "-o", "out", "--set", "batch=4"]
    words += ["--set", "epochs=5000", "--set", "schedule='constant'"]

    def hearing() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        [sys.executable, "-m", "sparsesim", *words],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # an epoch is over
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()
    assert process.returncode == 130
    assert said[-1] == "Wrote out/checkpoint.pt; next: the same command with --resume"
    assert os.listdir("out") == ["checkpoint.pt"]
    done = torch.load("out/checkpoint.pt", weights_only=True)["step"]
    assert done >= 3
    assert run(*words, "--resume", "--steps", done + 1).code == 0
    assert len(load_history(Path("out/history.npz")).loss) == done + 1
