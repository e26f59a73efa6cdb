import hashlib

import numpy as np
import pytest

from sparsesim.errors import InputError
from sparsesim.inputs import Inputs, InputSpec
from sparsesim.inputs.feed import count_images, group_labels


def inputs_of(*feeds):
    return Inputs(len(feeds), None, "test", False, lambda: iter(feeds))


def test_shapes_are_written_as_people_read_them():
    assert str(InputSpec("x", (None, 3, None), np.float32)) == "float32 [n, 3, any]"
    assert str(InputSpec("x", (), np.int64)) == "int64 []"


def test_a_fixed_first_axis_is_the_batch():
    assert InputSpec("x", (4, 3), np.float32).batch == 4
    assert InputSpec("x", (None, 3), np.float32).batch == 1
    assert InputSpec("x", (), np.float32).batch == 1


def test_feeds_can_be_read_again():
    inputs = inputs_of({"x": np.zeros(1)}, {"x": np.ones(1)})
    assert [f["x"][0] for f in inputs] == [f["x"][0] for f in inputs.feeds()] == [0, 1]
    assert len(inputs) == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_must_be_finite(bad):
    inputs = inputs_of({"x": np.zeros(2)}, {"x": np.array([0, bad])})
    with pytest.raises(InputError) as error:
        list(inputs)
    assert str(error.value) == (
        "input 'x', image 1: holds a NaN or an infinity; inputs must be finite"
    )


def test_the_hash_is_of_names_types_shapes_and_bytes():
    values = np.arange(3, dtype=np.float32)
    wanted = hashlib.sha256(b"x float32 (3,)" + values.tobytes()).hexdigest()
    assert inputs_of({"x": values}).sha256 == wanted
    assert inputs_of({"z": values}).sha256 != wanted


@pytest.mark.parametrize(
    ("total", "batch", "images", "message"),
    [
        (0, 1, None, "F: holds no images"),
        (3, 4, None, "F: holds 3 images; the model's batch is fixed, give at least 4"),
        (3, 1, 0, "images 0 is out of range; use 1 to 3, all of F"),
        (
            9,
            2,
            10,
            "images 10 is out of range; use 2 to 9, all of F; the model's batch is fixed at 2",
        ),
        (
            9,
            4,
            3,
            "images 3 is out of range; use 4 to 9, all of F; the model's batch is fixed at 4",
        ),
    ],
)
def test_counts_out_of_range(total, batch, images, message):
    with pytest.raises(InputError) as error:
        count_images(total, batch, images, "F")
    assert str(error.value) == message


def test_counts_and_labels_in_batches():
    share = count_images(9, 2, None, "F")
    assert (share.runs, share.images, share.left) == (4, 8, 1)
    assert str(share) == "8 of 9 images, 1 left out"
    assert share.warnings == ("1 of 9 images left out: the model's batch is fixed at 2",)
    share = count_images(10, 4, 6, "F")
    assert (share.runs, share.images, share.left) == (1, 4, 2)
    assert share.warnings == ("2 of 6 images left out: the model's batch is fixed at 4",)
    whole = count_images(9, 1, 9, "F")
    assert (whole.runs, whole.left, str(whole), whole.warnings) == (9, 0, "9 of 9 images", ())
    labels = np.arange(9)
    assert group_labels(labels, 3, 1).tolist() == [0, 1, 2]
    assert group_labels(labels, 2, 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert group_labels(None, 2, 3) is None
