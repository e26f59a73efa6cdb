import numpy as np
import pytest
from input_samples import fed

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs


def spec(dtype, shape=(None, 100)):
    return (InputSpec("x", shape, np.dtype(dtype)),)


def message(*args, **options):
    with pytest.raises(InputError) as error:
        open_inputs(*args, **options)
    return str(error.value)


def test_it_says_so_loudly():
    inputs = open_inputs("random", spec(np.float32), images=3, seed=5)
    assert inputs.random
    assert inputs.labels is None
    assert inputs.source == "RANDOM uniform values, seed 5, not real data"
    assert open_inputs("random", spec(np.float32)).count == 1


def test_an_image_depends_on_its_seed_and_index_alone():
    three = fed(open_inputs("random:normal", spec(np.float32), images=3, seed=5))
    two = fed(open_inputs("random:normal", spec(np.float32), images=2, seed=5))
    other = fed(open_inputs("random:normal", spec(np.float32), images=3, seed=6))
    assert (three[:2] == two).all()
    assert (three[0] != three[1]).any()
    assert (three != other).any()


@pytest.mark.parametrize(
    ("kind", "dtype", "low", "high"),
    [
        ("uniform", np.float32, 0, 1),
        ("uniform", np.uint8, 0, 255),
        ("uniform", np.int8, -128, 127),
        ("normal", np.uint8, 0, 255),
        ("normal", np.int8, -128, 127),
        ("uniform", np.int64, 0, 1),
        ("normal", np.bool_, 0, 1),
        ("normal", np.float16, -10, 10),
    ],
)
def test_types_and_ranges(kind, dtype, low, high):
    values = fed(open_inputs(f"random:{kind}", spec(dtype, (2, 3, 100)), images=20))
    assert values.dtype == dtype
    assert values.shape == (20, 3, 100)  # ten runs of two images
    assert low <= values.min() < values.max() <= high
    if dtype in (np.uint8, np.int8):
        assert abs(values.mean() - (low + high) / 2) < 3


def test_scalars_are_fed_too():
    assert next(iter(open_inputs("random", spec(np.float32, ()))))["x"].shape == ()


def test_mistakes():
    assert message("random:gauss", spec(np.float32)) == (
        "random:gauss: unknown distribution; use one of uniform, normal"
    )
    assert message("random:norm", spec(np.float32)) == (
        "random:norm: unknown distribution; did you mean 'normal'?"
    )
    assert message("random", spec(np.float32), images=0) == (
        "images 0 is out of range; use 1 or more"
    )
    assert message("random", spec(np.float32, (None, None))) == (
        "input 'x' takes float32 [n, any]; random inputs need its sizes fixed, give "
        "--shape x=… or arrays"
    )
    assert message("random", spec(np.float32), "unit") == (
        "random: random inputs take no labels and no preprocess table"
    )
