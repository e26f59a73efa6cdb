import numpy as np
import pytest
from input_samples import fed

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs

SPEC = (InputSpec("x", (None, 3, 32, 32), np.dtype(np.float32)),)
RECORDS = np.random.default_rng(0).integers(0, 256, (4, 3074), np.uint8)
CIFAR10, CIFAR100 = RECORDS[:, 1:], RECORDS


def message(*args):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args))
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("test_batch.bin", CIFAR10),
        ("test.bin", CIFAR100),
        ("mine.bin", CIFAR10),
        ("mine.bin", CIFAR100),
    ],
)
def test_planes_and_fine_labels(tmp_path, name, records):
    records.tofile(tmp_path / name)
    inputs = open_inputs(tmp_path / name, SPEC, "none")
    assert (fed(inputs) == RECORDS[:, 2:].reshape(4, 3, 32, 32)).all()
    assert inputs.labels.tolist() == RECORDS[:, 1].tolist()


def test_a_folder_gives_its_test_set_else_all_of_the_training_set(tmp_path):
    CIFAR10[:1].tofile(tmp_path / "data_batch_1.bin")
    CIFAR10[1:3].tofile(tmp_path / "data_batch_2.bin")
    train = open_inputs(tmp_path, SPEC, "none")
    assert (fed(train) == RECORDS[:3, 2:].reshape(3, 3, 32, 32)).all()
    assert train.source.endswith("labels from data_batch_1.bin, data_batch_2.bin)")
    CIFAR10[3:].tofile(tmp_path / "test_batch.bin")
    assert open_inputs(tmp_path, SPEC, "none").labels.tolist() == [RECORDS[3, 1]]


def test_sizes_that_are_no_records(tmp_path):
    path = tmp_path / "test_batch.bin"
    path.write_bytes(CIFAR10.tobytes()[:-1])
    assert message(path, SPEC, "none") == (
        f"{path}: is 12291 bytes; use a multiple of 3073 (CIFAR-10)"
    )
    path = tmp_path / "mine.bin"
    path.write_bytes(b"")
    assert message(path, SPEC, "none") == (
        f"{path}: is 0 bytes; use a multiple of 3073 (CIFAR-10) or 3074 (CIFAR-100)"
    )
    path.write_bytes(b"123")
    assert message(path, SPEC, "none") == (
        f"{path}: is 3 bytes; use a multiple of 3073 (CIFAR-10) or 3074 (CIFAR-100)"
    )
