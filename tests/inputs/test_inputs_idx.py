import gzip

import numpy as np
import pytest
from input_samples import fed, idx_bytes, pixels

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs

SPEC = (InputSpec("x", (None, 1, 4, 5), np.dtype(np.float32)),)
MADE = pixels(6, channels=1)[..., 0]
LABELS = np.arange(6, dtype=np.uint8)


def message(*args):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args))
    return str(error.value)


@pytest.mark.parametrize("packed", [False, True])
def test_images_and_the_labels_beside(tmp_path, packed):
    pack, end = (gzip.compress, ".gz") if packed else (bytes, "")
    images = tmp_path / f"t10k-images-idx3-ubyte{end}"
    images.write_bytes(pack(idx_bytes(MADE)))
    assert open_inputs(images, SPEC, "mnist").labels is None
    (tmp_path / f"t10k-labels-idx1-ubyte{end}").write_bytes(pack(idx_bytes(LABELS)))
    (tmp_path / f"train-images-idx3-ubyte{end}").write_bytes(pack(idx_bytes(MADE[:1])))
    inputs = open_inputs(tmp_path, SPEC, "mnist", images=4)  # the test set of the folder
    np.testing.assert_allclose(fed(inputs)[:, 0], MADE[:4] / 255, rtol=1e-6)
    assert inputs.labels.tolist() == [0, 1, 2, 3]
    assert inputs.source == (
        f"{images} (4 of 6 images; preprocess mnist; gray nchw; labels from "
        f"t10k-labels-idx1-ubyte{end})"
    )


def test_a_cut_raw_file_is_found_at_once(tmp_path):
    path = tmp_path / "a-images-idx3-ubyte"
    path.write_bytes(idx_bytes(MADE)[:-1])
    assert message(path, SPEC, "mnist") == f"{path}: is cut short or damaged at item 5 of 6"
    path.write_bytes(idx_bytes(MADE)[:10])
    assert message(path, SPEC, "mnist") == f"{path}: is cut short or damaged in its header"


def test_a_cut_gzip_file_is_found_while_reading(tmp_path):
    path = tmp_path / "a-images-idx3-ubyte.gz"
    whole = gzip.compress(idx_bytes(MADE))
    path.write_bytes(whole[:-40])
    assert "is cut short or damaged at item" in message(path, SPEC, "mnist")
    path.write_bytes(whole[:5])
    assert message(path, SPEC, "mnist") == f"{path}: is cut short or damaged in its header"


def test_other_types_and_sizes(tmp_path):
    path = tmp_path / "a-images-idx3-ubyte"
    path.write_bytes(idx_bytes(LABELS))
    assert message(path, SPEC, "mnist") == (
        f"{path}: is idx of type 8 and 1 axes; use type 8 (uint8) and 3 axes: "
        "images, [n, height, width]"
    )
    path.write_bytes(b"\0\0\x08\x03" + b"\0\0\0\1" + b"\0\1\0\0" * 2)
    assert message(path, SPEC, "mnist") == (
        f"{path}: its images of 65536 x 65536 pixels are out of range; use 1 to 268435456 pixels"
    )


def test_labels_of_another_count(tmp_path):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx_bytes(MADE))
    labels = tmp_path / "a-labels-idx1-ubyte"
    labels.write_bytes(idx_bytes(LABELS[:5]))
    assert message(tmp_path, SPEC, "mnist") == (
        f"{labels}: holds labels of shape (5,) for 6 images"
    )
    labels.write_bytes(idx_bytes(LABELS)[:-2])
    assert message(tmp_path, SPEC, "mnist") == f"{labels}: is cut short or damaged at item 4 of 6"
