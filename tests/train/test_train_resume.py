"""Training against a twin written from autograd alone; killed, stopped and resumed ones against
one that ran through, to the bit."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sparsesim.errors import InputError, SpecError
from sparsesim.spec.thresholds import Thresholds

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

from train_samples import dataset, recipe  # noqa: E402

from sparsesim.train.batches import Batches  # noqa: E402
from sparsesim.train.topologies import network  # noqa: E402
from sparsesim.train.training import CHECKPOINT, learning_rate, pixel_table, train  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    """Sums of floats depend on how many threads share them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def assert_same(found, wanted) -> None:
    """Weights and history are equal to the bit."""
    ours, theirs = found.network.state_dict(), wanted.network.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    for key in ("elements", "loss", "nonzero", "epoch_steps", "accuracy"):
        np.testing.assert_array_equal(getattr(found.history, key), getattr(wanted.history, key))


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_it_is_the_training_that_autograd_does(schedule, tmp_path):
    """The twin has the penalties in its loss, NumPy's threshold, and momentum written out."""
    chosen = recipe(schedule=schedule, l1=1e-4, l2=1e-2, gradient_threshold=2e-3, seed=3)
    data = dataset()
    found = train(chosen, data, tmp_path)

    torch.manual_seed(3)
    net = network("lenet", 1, 16, 3, 0.0)
    weights = [p for name, p in net.named_parameters() if name.endswith("weight")]
    batches = Batches(data.train, pixel_table(chosen, 1), 4, False, 3)
    velocity = [torch.zeros_like(p) for p in net.parameters()]
    losses, counts = [], []
    for step in range(6):
        images, labels = batches.step(step)
        plain = torch.nn.functional.cross_entropy(net(images.contiguous()), labels)
        penalty = sum(1e-4 * w.abs().sum() + 5e-3 * w.square().sum() for w in weights)
        grads = torch.autograd.grad(plain + penalty, list(net.parameters()))
        kept = [np.where(np.abs(g.numpy()) <= np.float32(2e-3), np.float32(0), g) for g in grads]
        losses.append(plain.item())
        counts.append([np.count_nonzero(g) for g in kept if g.ndim > 1])
        rate = 0.05 * (1 + math.cos(math.pi * step / 6)) / 2 if schedule == "cosine" else 0.05
        with torch.no_grad():
            for parameter, speed, gradient in zip(net.parameters(), velocity, kept, strict=True):
                speed.mul_(0.9).add_(torch.from_numpy(gradient))
                parameter.sub_(rate * speed)
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-4)
    assert np.abs(found.history.nonzero - counts).max() <= 20  # of up to 500: values at the edge
    for ours, theirs in zip(found.network.parameters(), net.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=5e-4)
    assert found.history.epoch_steps.tolist() == [3, 6]


@pytest.mark.parametrize("topology", ["cifarnet", "resnet14"])
def test_stopped_and_resumed_is_as_if_it_had_not_been(topology, tmp_path):
    """Dropout, augmentation, batch normalisation, momentum, and an epoch's accuracy."""
    dropout = 0.5 if topology == "cifarnet" else 0.0
    chosen = recipe(topology, dropout=dropout, augment=True, gradient_threshold=1e-3)
    data = dataset(3, 9)
    through, parts = tmp_path / "through", tmp_path / "parts"
    through.mkdir()
    parts.mkdir()
    wanted = train(chosen, data, through)
    for stop in (1, 3, 4):
        assert (
            len(train(chosen, data, parts, resume=stop > 1, stop_after=stop).history.loss) == stop
        )
    assert_same(train(chosen, data, parts, resume=True), wanted)
    # Behind the end there is nothing left to do.
    assert_same(train(chosen, data, parts, resume=True), wanted)


def test_killed_and_resumed_is_as_if_it_had_not_been(tmp_path):
    killed, through = tmp_path / "killed", tmp_path / "through"
    killed.mkdir()
    through.mkdir()
    script = str(Path(__file__).parent / "killed_training.py")
    command = [sys.executable, script, "cifarnet", str(killed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "4\n":
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    chosen = recipe("cifarnet", dropout=0.5, augment=True, gradient_threshold=1e-3)
    steps: list[int] = []
    resumed = train(
        chosen, dataset(3, 9), killed, resume=True, progress=lambda now: steps.append(now.step)
    )
    assert steps in ([5, 6], [6], [])  # it was killed behind its fourth step, or soon after
    assert_same(resumed, train(chosen, dataset(3, 9), through))


def test_what_progress_raises_ends_it_with_a_checkpoint(tmp_path):
    def interrupted(now) -> None:
        if now.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe(), dataset(), tmp_path, progress=interrupted)
    steps: list[int] = []
    train(recipe(), dataset(), tmp_path, resume=True, progress=lambda now: steps.append(now.step))
    assert steps == [3, 4, 5, 6]


def test_the_caller_s_generator_and_settings_stay(tmp_path):
    torch.manual_seed(11)
    wanted = torch.rand(3)
    torch.manual_seed(11)
    before = torch.are_deterministic_algorithms_enabled()
    train(recipe(), dataset(), tmp_path, stop_after=1)
    assert torch.equal(torch.rand(3), wanted)
    assert torch.are_deterministic_algorithms_enabled() == before


def refused(error, *words, **more) -> str:
    with pytest.raises(error) as raised:
        train(*words, **more)
    return str(raised.value)


def test_a_loss_that_is_no_number_leaves_the_last_checkpoint(tmp_path):
    wild = recipe(learning_rate=1e30)
    train(wild, dataset(), tmp_path, stop_after=1, checkpoint_seconds=1e9)
    before = (tmp_path / CHECKPOINT).read_bytes()
    text = refused(SpecError, wild, dataset(), tmp_path, resume=True)
    assert text in (
        "lenet: the loss is nan at step 2; lower learning_rate, which is 1e+30",
        "lenet: the loss is inf at step 2; lower learning_rate, which is 1e+30",
    )
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_weights_that_are_no_numbers_are_no_checkpoint(tmp_path):
    wild = recipe(learning_rate=3e38, l2=1e3)
    assert refused(SpecError, wild, dataset(), tmp_path, stop_after=1) == (
        "lenet: weights are no numbers after step 1; lower learning_rate, which is 3e+38"
    )
    assert list(tmp_path.iterdir()) == []


def test_data_that_do_not_fit(tmp_path):
    assert refused(InputError, recipe(batch=13), dataset(), tmp_path) == (
        "made: 12 training pictures are fewer than batch 13"
    )
    wide = dataset()
    for one in (wide.train, wide.test):
        object.__setattr__(one, "images", one.images[..., :9])
    assert refused(InputError, recipe(), wide, tmp_path) == (
        "made: pictures are 9 x 16; use square ones"
    )
    assert refused(SpecError, recipe(), dataset(size=15), tmp_path) == (
        "topology 'lenet' takes pictures of 16 pixels and more a side; 15 came"
    )


def test_checkpoints_of_something_else(tmp_path):
    path = tmp_path / CHECKPOINT
    assert refused(InputError, recipe(), dataset(), tmp_path, resume=True) == (
        f"{path}: no such file; there is nothing to resume"
    )
    train(recipe(), dataset(), tmp_path, stop_after=1)

    def resuming(changed, data=None, **more) -> str:
        return refused(InputError, changed, data or dataset(), tmp_path, resume=True, **more)

    assert resuming(recipe(l1=0.5)) == f"{path}: was trained with l1 0.0, not 0.5; use that"
    assert resuming(recipe(epochs=9)) == f"{path}: was trained with epochs 2, not 9; use that"
    assert resuming(recipe("resnet14"), dataset(3, 16)) == (
        f"{path}: was trained with topology lenet, not resnet14; use that"
    )
    assert resuming(recipe(), dataset(classes=4)) == (
        f"{path}: was trained on 3 classes; the data set has 4"
    )
    assert resuming(recipe(), dataset(train=15)) == f"{path}: was trained on other data; use that"
    rules = Thresholds(gradients={"*": 0.1})
    assert resuming(recipe(), rules=rules) == (
        f"{path}: was trained with another map of gradients, or none; use that"
    )


def test_more_epochs_at_a_constant_rate(tmp_path):
    train(recipe(schedule="constant", epochs=1), dataset(), tmp_path)
    longer = train(recipe(schedule="constant", name="other"), dataset(), tmp_path, resume=True)
    assert len(longer.history.loss) == 6


def test_a_map_is_resumed_with_its_map(tmp_path):
    rules = Thresholds(gradients={"conv*": {"sparsifier": "top_k", "keep": 0.25}, "fc3": 1e-3})
    through, parts = tmp_path / "through", tmp_path / "parts"
    through.mkdir()
    parts.mkdir()
    wanted = train(recipe(), dataset(), through, rules)
    counts = wanted.history.nonzero
    assert (counts[:, 0] <= 500 // 4).all() and (counts[:, 1] <= 25_000 // 4).all()
    assert (counts[:, 2] < wanted.history.elements[2]).all()
    train(recipe(), dataset(), parts, rules, stop_after=2)
    assert_same(train(recipe(), dataset(), parts, rules, resume=True), wanted)


def test_learning_rates():
    cosine, constant = recipe(learning_rate=0.8), recipe(learning_rate=0.8, schedule="constant")
    assert [learning_rate(constant, step, 4) for step in range(4)] == [0.8] * 4
    # 0.4 * (1 + cos(pi * step / 4)), with cos(pi / 4) = sqrt(1 / 2).
    half = math.sqrt(0.5)
    wanted = [0.8, 0.4 * (1 + half), 0.4, 0.4 * (1 - half)]
    assert [learning_rate(cosine, step, 4) for step in range(4)] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("stop", [1, 3, None])
def test_steps_are_counted_up_to_where_it_ends(tmp_path, stop):
    seen = []
    trained = train(recipe(), dataset(), tmp_path, progress=seen.append, stop_after=stop)
    steps = len(trained.history.loss)
    assert stop in (None, steps)
    assert [(now.step, now.steps) for now in seen] == [(n + 1, steps) for n in range(steps)]
