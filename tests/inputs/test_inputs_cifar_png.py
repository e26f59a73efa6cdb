import json

import numpy as np
import pytest
from input_samples import fed, pixels, png

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs

SPEC = (InputSpec("x", (None, 32, 32, 3), np.dtype(np.float32)),)
MADE = pixels(3, 32, 32)


def message(*args):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args))
    return str(error.value)


def test_rows_are_images(tmp_path):
    (tmp_path / "test_batch.png").write_bytes(png(MADE.reshape(3, 1024, 3)))
    assert open_inputs(tmp_path, SPEC, "none").labels is None
    (tmp_path / "test_lables.json").write_text(json.dumps([7, 8, 9]))
    for source in (tmp_path, tmp_path / "test_batch.png"):
        inputs = open_inputs(source, SPEC, "none", images=2)
        assert (fed(inputs) == MADE[:2]).all()
        assert inputs.labels.tolist() == [7, 8]


def test_other_pictures_of_that_name(tmp_path):
    path = tmp_path / "test_batch.png"
    path.write_bytes(png(MADE[0]))
    assert message(path, SPEC, "none") == (
        f"{path}: is 32 pixels wide; a row of one CIFAR image has 1024"
    )
    path.write_bytes(png(MADE.reshape(3, 1024, 3)[..., :1]))
    assert message(path, SPEC, "none") == f"{path}: is gray; CIFAR images are RGB"
