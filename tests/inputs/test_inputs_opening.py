import subprocess
import sys

import numpy as np
import pytest
from input_samples import RGB

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs


def message(*args):
    with pytest.raises(InputError) as error:
        open_inputs(*args)
    return str(error.value)


def test_sources_that_are_none(tmp_path):
    assert message(tmp_path / "a.npy", (RGB,)) == f"{tmp_path}/a.npy: no such file or folder"
    assert message(tmp_path, (RGB,), "unit") == (
        f"{tmp_path}: holds no images; use .png, .jpg, .jpeg, .bmp"
    )
    (tmp_path / "a.tar").write_bytes(b"123456")
    assert message(tmp_path / "a.tar", (RGB,)) == (
        f"{tmp_path}/a.tar: unknown kind of inputs; use .npy, .npz, .png, .jpg, .jpeg, .bmp, .zip, "
        "a folder, MNIST idx, CIFAR .bin, or the word random"
    )


def test_inputs_that_are_no_numbers():
    text = InputSpec("s", (None,), np.dtype(object))
    assert message("random", (text,)) == "input 's' takes object [n]; only numbers can be fed"


def test_the_package_loads_light():
    heavy = "numpy", "pydantic", "PIL"
    code = f"import sys, sparsesim.inputs; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_names_of_the_package():
    import sparsesim.inputs

    with pytest.raises(AttributeError):
        sparsesim.inputs.nothing  # noqa: B018
