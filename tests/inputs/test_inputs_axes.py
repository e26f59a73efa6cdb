"""How arrays are cut into runs: along the batch axis, wherever it lies, or not at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs
from sparsesim.inputs.feed import doubts, images_per_run
from sparsesim.inputs.memory import feed_memory


def spec(shape, axis, name="x", dtype=np.float32, doubt=""):
    return InputSpec(name, shape, np.dtype(dtype), axis, doubt)


def fed_by_both(tmp_path, arrays, specs, images=None):
    """Runs as fed from memory, and from a file; they must be the same."""
    np.savez(tmp_path / "v.npz", **arrays)
    from_file = open_inputs(tmp_path / "v.npz", specs, images=images)
    feeds = list(from_file)
    if images is None:
        for one, other in zip(feeds, feed_memory(arrays, specs), strict=True):
            for name in one:
                assert np.array_equal(one[name], other[name])
                assert one[name].shape == other[name].shape
    return from_file, feeds


@settings(max_examples=40)
@given(
    axis=st.integers(0, 2),
    batch=st.sampled_from([None, 1, 2, 3]),
    rows=st.integers(1, 7),
    fortran=st.booleans(),
)
def test_cut_along_any_axis(tmp_path_factory, axis, batch, rows, fortran):
    """Joined again along that axis, runs are the array, less what would not fill one."""
    size = batch or 1
    shape = [4, 5]
    shape.insert(axis, rows)
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    stored = np.asfortranarray(values) if fortran else values
    sizes = [4, None]
    sizes.insert(axis, batch)
    specs = (spec(tuple(sizes), axis),)
    folder = tmp_path_factory.mktemp("cut")
    if rows < size:
        with pytest.raises(InputError, match="the model's batch is fixed"):
            feed_memory({"x": stored}, specs)
        return
    inputs, feeds = fed_by_both(folder, {"x": stored}, specs)
    assert (inputs.count, inputs.images_per_run) == (rows // size, size)
    assert inputs.images == rows // size * size
    assert all(feed["x"].shape[axis] == size for feed in feeds)
    joined = np.concatenate([feed["x"] for feed in feeds], axis)
    assert np.array_equal(joined, values.take(range(rows // size * size), axis))


def test_an_input_that_a_run_takes_whole(tmp_path):
    """Atoms and bonds: one array is one run, several on an axis of their own are several."""
    specs = (spec((None, 8), None, "atoms"), spec((None, 3), None, "bonds"))
    atoms, bonds = np.ones((24, 8), np.float32), np.ones((52, 3), np.float32)
    inputs, feeds = fed_by_both(tmp_path, {"atoms": atoms, "bonds": bonds}, specs)
    assert (inputs.count, inputs.images_per_run) == (1, 1)
    assert (feeds[0]["atoms"].shape, feeds[0]["bonds"].shape) == ((24, 8), (52, 3))
    assert inputs.source == f"{tmp_path}/v.npz (1 of 1 images)"
    many = np.arange(5 * 24 * 8, dtype=np.float32).reshape(5, 24, 8)
    inputs, feeds = fed_by_both(tmp_path, {"atoms": many, "bonds": bonds}, specs)
    assert inputs.count == 5
    assert all(np.array_equal(feed["atoms"], one) for feed, one in zip(feeds, many, strict=True))
    assert all(np.array_equal(feed["bonds"], bonds) for feed in feeds)


def test_a_picture_without_a_batch_axis(tmp_path):
    """One array of channels, rows and columns is one image; ten of them are ten."""
    one = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    inputs, feeds = fed_by_both(tmp_path, {"x": one}, (spec((3, 4, 5), None),))
    assert inputs.count == 1
    assert np.array_equal(feeds[0]["x"], one)
    ten = np.stack([one + i for i in range(10)])
    inputs, feeds = fed_by_both(tmp_path, {"x": ten}, (spec((3, 4, 5), None),), images=7)
    assert inputs.source == f"{tmp_path}/v.npz (7 of 10 images)"
    assert np.array_equal(np.stack([feed["x"] for feed in feeds]), ten[:7])


def test_pictures_for_an_input_without_a_batch_axis(tmp_path):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), np.uint8)
    for index, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    inputs = open_inputs(tmp_path, (spec((3, 4, 5), None),), "none")
    assert (inputs.count, inputs.images_per_run) == (2, 1)
    came = np.stack([feed["x"] for feed in inputs])
    assert np.array_equal(came, pixels.transpose(0, 3, 1, 2))
    last = open_inputs(tmp_path, (spec((4, 5, 3, 2), 3),), "none")
    assert (last.count, last.images_per_run) == (1, 2)
    assert np.array_equal(next(iter(last))["x"], pixels.transpose(1, 2, 3, 0))


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_a_scalar(tmp_path, shape, dtype):
    """Of rank 0, alone or beside images; as an array, never as a NumPy scalar."""
    value = np.full(shape, 16000, dtype)
    specs = (spec((1, 4), 0), spec((), None, "rate", dtype))
    arrays = {"x": np.ones((3, 4), np.float32), "rate": value}
    inputs, feeds = fed_by_both(tmp_path, arrays, specs)
    assert inputs.count == 3
    for feed in feeds:
        assert type(feed["rate"]) is np.ndarray
        assert (feed["rate"].shape, feed["rate"].dtype, int(feed["rate"])) == ((), dtype, 16000)
    alone = open_inputs(tmp_path / "v.npz", specs[1:])
    assert [int(feed["rate"]) for feed in alone] == [16000]
    drawn = list(open_inputs("random", specs, images=2))
    assert [feed["rate"].shape for feed in drawn] == [(), ()]


def test_a_scalar_for_each_run(tmp_path):
    specs = (spec((1, 4), 0), spec((), None, "rate"))
    arrays = {"x": np.ones((3, 4), np.float32), "rate": np.array([1, 2, 3], np.float32)}
    _, feeds = fed_by_both(tmp_path, arrays, specs)
    assert [float(feed["rate"]) for feed in feeds] == [1, 2, 3]


def test_states_beside_a_fixed_batch(tmp_path):
    """Two sequences a run along axis 1, their state along axis 1, and one state for all."""
    specs = (spec((7, 2, 8), 1), spec((1, 2, 4), 1, "h"), spec((1, 1, 4), 1, "c"))
    x = np.arange(7 * 6 * 8, dtype=np.float32).reshape(7, 6, 8)
    h = np.arange(6 * 4, dtype=np.float32).reshape(1, 6, 4)
    inputs, feeds = fed_by_both(tmp_path, {"x": x, "h": h, "c": np.zeros((1, 1, 4))}, specs)
    assert (inputs.count, inputs.images_per_run, inputs.images) == (3, 2, 6)
    assert np.array_equal(feeds[2]["x"], x[:, 4:6])
    assert np.array_equal(feeds[2]["h"], h[:, 4:6])
    assert all((feed["c"] == np.zeros((1, 1, 4))).all() for feed in feeds)


def test_images_left_over_from_a_fixed_batch(tmp_path):
    specs = (spec((4, 2), 0),)
    arrays = {"x": np.arange(20, dtype=np.float32).reshape(10, 2)}
    inputs, _ = fed_by_both(tmp_path, arrays, specs)
    assert (inputs.count, inputs.images) == (2, 8)
    assert inputs.source == f"{tmp_path}/v.npz (8 of 10 images, 2 left out)"
    assert inputs.warnings == ("2 of 10 images left out: the model's batch is fixed at 4",)
    for images, source in ((8, "8 of 10 images"), (6, "4 of 10 images, 2 left out")):
        inputs, _ = fed_by_both(tmp_path, arrays, specs, images=images)
        assert inputs.source == f"{tmp_path}/v.npz ({source})"
    with pytest.raises(InputError) as error:
        open_inputs(tmp_path / "v.npz", specs, images=3)
    assert str(error.value) == (
        f"images 3 is out of range; use 4 to 10, all of {tmp_path}/v.npz; the model's batch is "
        "fixed at 4"
    )
    drawn = open_inputs("random", specs, images=9)
    assert (drawn.count, drawn.images, drawn.warnings) == (
        2,
        8,
        ("1 of 9 images left out: the model's batch is fixed at 4",),
    )
    assert open_inputs("random", specs).images == 4
    with pytest.raises(InputError) as error:
        open_inputs("random", specs, images=3)
    assert str(error.value) == "images 3 is out of range; use 4 or more; the model's batch is fixed"


def test_what_is_only_assumed_is_said():
    fixed = spec((24, 8), None, doubt="its first axis is fixed to 24")
    assert doubts((fixed, spec((1, 8), 0, "y"))) == (
        "input 'x' [24, 8]: its first axis is fixed to 24; one run is taken for one image, "
        "--batch-axis x=0 says otherwise",
    )
    two = (spec((4, 8), 0), spec((2, 8), 0, "y"))
    assert images_per_run(two) == images_per_run(two[::-1]) == 1
    assert doubts(two) == (
        "inputs take 2 and 4 images each; one run is taken for one image, --batch-axis says "
        "otherwise",
    )
    assert images_per_run((spec((4, 8), 0), spec((1, 8), 0, "y"))) == 4


@pytest.mark.parametrize(
    ("given", "axis", "array", "said"),
    [
        (
            (24, 8),
            None,
            (48, 8),
            "input 'x': is [48, 8]; input 'x' takes float32 [24, 8] whole; --batch-axis x=0 cuts "
            "it along its first axis",
        ),
        ((None, 8), None, (24, 7), "input 'x': is [24, 7]; input 'x' takes float32 [any, 8]"),
        ((3, 4, 5), None, (4, 5), "input 'x': is [4, 5]; input 'x' takes float32 [3, 4, 5]"),
        ((3, None), 1, (4, 5), "input 'x': is [4, 5]; input 'x' takes float32 [3, n]"),
        ((), None, (2, 2), "input 'x': is [2, 2]; input 'x' takes float32 []"),
    ],
)
def test_arrays_that_do_not_fit(given, axis, array, said):
    with pytest.raises(InputError) as error:
        feed_memory({"x": np.zeros(array, np.float32)}, (spec(given, axis),))
    assert str(error.value) == said
