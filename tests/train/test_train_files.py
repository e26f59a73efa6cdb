"""Checkpoints, histories and recipes: written, read, damaged."""

from __future__ import annotations

import numpy as np
import pytest
from train_samples import recipe

from sparsesim.errors import InputError, SpecError
from sparsesim.train.history import History, load_history, save_history
from sparsesim.train.recipe import Recipe

HISTORY = History(
    layers=("conv1", "unit/conv1", "unit/conv2"),
    elements=np.array([10, 20, 60]),
    loss=np.array([2.5, 1.25]),
    nonzero=np.array([[10, 5, 45], [0, 20, 20]]),
    epoch_steps=np.array([2]),
    accuracy=np.array([0.75]),
)


def test_sparsity_of_layers_blocks_and_all_by_hand():
    """Equation 5: of unit at step 1, (15 + 15) zeros / 80; of all, (0 + 15 + 15) / 90."""
    np.testing.assert_allclose(HISTORY.sparsity(), [[0, 0.75, 0.25], [1, 0, 2 / 3]])
    np.testing.assert_allclose(HISTORY.by_block()["unit"], [30 / 80, 40 / 80])
    np.testing.assert_allclose(HISTORY.by_block()["conv1"], [0, 1])
    assert list(HISTORY.by_block()) == ["conv1", "unit"]
    np.testing.assert_allclose(HISTORY.total_sparsity(), [30 / 90, 50 / 90])


def test_a_history_comes_back(tmp_path):
    path = tmp_path / "history.npz"
    save_history(HISTORY, path)
    found = load_history(path)
    assert found.layers == HISTORY.layers
    for key in ("elements", "loss", "nonzero", "epoch_steps", "accuracy"):
        np.testing.assert_array_equal(getattr(found, key), getattr(HISTORY, key))
    save_history(HISTORY, path)  # over an older one
    assert [p.name for p in tmp_path.iterdir()] == ["history.npz"]
    octets = path.read_bytes()
    path.write_bytes(octets[: len(octets) // 2])
    with pytest.raises(InputError) as raised:
        load_history(path)
    assert str(raised.value) == f"{path}: is no history of a training, or a damaged one"
    path.unlink()
    with pytest.raises(InputError) as raised:
        load_history(path)
    assert str(raised.value) == f"{path}: no such file"


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_checkpoint_is_refused(seed, tmp_path):
    """Any changed byte that matters, any cut: never a silent wrong weight."""
    torch = pytest.importorskip("torch", reason="training needs PyTorch")
    from sparsesim.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

    path = tmp_path / "checkpoint.pt"
    keys = recipe().model_dump(mode="json")
    state = {"w": torch.arange(100.0), "b": torch.ones(3)}
    history = {"loss": torch.ones(1), "nonzero": torch.ones(1, 1), "epochs": [(1, 0.5)]}
    save_checkpoint(Checkpoint(keys, "ab", state, [], history, 1), path)
    found = load_checkpoint(path, keys, "ab", 3)
    assert torch.equal(found.network["w"], state["w"]) and found.step == 1
    assert found.history["epochs"] == [(1, 0.5)]
    rng = np.random.default_rng(seed)
    octets = bytearray(path.read_bytes())
    if seed % 2:
        path.write_bytes(octets[: rng.integers(0, len(octets))])
    else:
        start = octets.index(np.arange(100, dtype=np.float32).tobytes())
        octets[start + rng.integers(0, 400)] ^= 1 << rng.integers(0, 8)
        path.write_bytes(octets)
    with pytest.raises(InputError) as raised:
        load_checkpoint(path, keys, "ab", 3)
    assert str(raised.value) == f"{path}: is no checkpoint, or damaged"


@pytest.mark.parametrize("content", [[], {"version": 1}, {"version": 1, "step": 3}, "text"])
def test_other_files_of_pytorch_are_no_checkpoints(content, tmp_path):
    torch = pytest.importorskip("torch", reason="training needs PyTorch")
    from sparsesim.train.checkpoint import load_checkpoint

    torch.save(content, tmp_path / "c.pt")
    with pytest.raises(InputError) as raised:
        load_checkpoint(tmp_path / "c.pt", {}, "", 3)
    assert str(raised.value) == f"{tmp_path}/c.pt: is no checkpoint, or damaged"


def test_a_checkpoint_of_another_version(tmp_path):
    pytest.importorskip("torch", reason="training needs PyTorch")
    from sparsesim.train import checkpoint

    made = checkpoint.Checkpoint({}, "", {}, [], {}, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "VERSION", 9)
        checkpoint.save_checkpoint(made, tmp_path / "c.pt")
    with pytest.raises(InputError) as raised:
        checkpoint.load_checkpoint(tmp_path / "c.pt", {}, "", 3)
    assert str(raised.value) == f"{tmp_path}/c.pt: has version 9; this sparsesim reads 1"


def test_every_topology_has_a_recipe_of_the_paper_s_batch():
    from sparsesim.train.topologies import TOPOLOGIES

    assert Recipe.names() == tuple(sorted(TOPOLOGIES))
    batches = {name: Recipe.named(name).batch for name in TOPOLOGIES}
    # Section 3.2.
    assert batches == {
        "lenet": 128,
        "cifarnet": 128,
        "alexnet": 128,
        "resnet14": 32,
        "resnet50": 32,
    }
    assert {name for name in TOPOLOGIES if Recipe.named(name).dropout} == {"cifarnet", "alexnet"}
    for name in TOPOLOGIES:
        found = Recipe.named(name)
        assert found.topology == name and found.l2 > 0 and found.l1 == found.gradient_threshold == 0


def test_what_a_recipe_refuses():
    def refused(**changes) -> str:
        with pytest.raises(SpecError) as raised:
            recipe(**changes)
        return str(raised.value)

    assert refused(gradient_threshold=-1.0) == (
        "gradient_threshold -1.0 is out of range; use 0 or more"
    )
    assert refused(gradient_treshold=1.0) == (
        "unknown key 'gradient_treshold'; did you mean 'gradient_threshold'?"
    )
    assert refused(schedule="step") == "schedule 'step' is unknown; use one of constant, cosine"
    assert refused(epochs=0) == "epochs 0 is out of range; use 1 or more"
