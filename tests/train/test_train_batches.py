"""Which step sees which pictures, and what augmentation does to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from train_samples import part

from sparsesim.train.batches import Batches, augmented, prepared
from sparsesim.train.dataset import Part

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

IDENTITY = np.tile(np.arange(256, dtype=np.float32), (1, 1))


def numbered(count: int) -> Part:
    """Pictures of one pixel that holds their number."""
    images = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return Part(images, np.arange(count, dtype=np.int64))


def test_an_epoch_sees_each_picture_once_in_an_order_of_its_own():
    batches = Batches(numbered(12), IDENTITY, 4, False, 7)
    assert batches.steps_an_epoch == 3
    epochs = []
    for epoch in range(2):
        seen = []
        for step in range(3):
            images, labels = batches.step(3 * epoch + step)
            assert images.flatten().tolist() == labels.tolist()
            seen += labels.tolist()
        assert sorted(seen) == list(range(12))
        epochs.append(seen)
    assert epochs[0] != epochs[1] != list(range(12))


def test_an_incomplete_last_batch_is_left_out():
    batches = Batches(numbered(11), IDENTITY, 4, False, 7)
    assert batches.steps_an_epoch == 2
    assert len({n for step in range(2) for n in batches.step(step)[1].tolist()}) == 8


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**62), st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_step_is_a_function_of_seed_and_number(seed, order):
    made = part(9, 3, 10, 3, 0)
    table = np.tile(np.arange(256, dtype=np.float32), (3, 1))
    going = Batches(made, table, 2, True, seed)
    for number in order:  # whatever came before
        images, labels = going.step(number)
        fresh_images, fresh_labels = Batches(made, table, 2, True, seed).step(number)
        assert torch.equal(images, fresh_images)
        assert torch.equal(labels, fresh_labels)
    other = Batches(made, table, 2, True, seed + 1)
    assert any(not torch.equal(going.step(n)[0], other.step(n)[0]) for n in range(4))


def test_prepared_looks_each_pixel_up_in_its_channel_s_row():
    pixels = np.array([[[[0, 255]], [[1, 2]]]], np.uint8)
    table = np.stack([np.arange(256) / 10, np.arange(256) * -1.0]).astype(np.float32)
    assert prepared(pixels, table).tolist() == [[[[0.0, 25.5]], [[-1.0, -2.0]]]]


def test_augmented_pictures_are_shifted_by_up_to_four_or_mirrored():
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 256, (60, 2, 9, 9), np.uint8)
    found = augmented(pixels, np.random.default_rng(5))
    moves = set()
    for before, after in zip(pixels, found, strict=True):
        padded = np.pad(before, ((0, 0), (4, 4), (4, 4)))
        matches = [
            (y - 4, x - 4, mirror)
            for y in range(9)
            for x in range(9)
            for mirror in (False, True)
            if np.array_equal(
                after[:, :, ::-1] if mirror else after, padded[:, y : y + 9, x : x + 9]
            )
        ]
        assert len(matches) == 1
        moves.add(matches[0])
    assert {y for y, _, _ in moves} == {x for _, x, _ in moves} == set(range(-4, 5))
    assert {mirror for _, _, mirror in moves} == {False, True}
