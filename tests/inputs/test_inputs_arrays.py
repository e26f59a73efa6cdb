import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from input_samples import fed, pixels

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, open_inputs


def spec(*shape, dtype=np.float32, name="x"):
    return InputSpec(name, shape, np.dtype(dtype))


SPEC = (spec(None, 2, 3),)
VALUES = np.arange(24, dtype=np.float32).reshape(4, 2, 3)


def message(*args, **options):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args, **options))
    return str(error.value)


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_images_one_by_one(tmp_path, save):
    path = tmp_path / ("v.npy" if save is np.save else "v.npz")
    save(path, VALUES)
    inputs = open_inputs(path, SPEC)
    assert [f["x"].shape for f in inputs] == [(1, 2, 3)] * 4
    assert (fed(inputs) == VALUES).all()
    assert inputs.source == f"{path} (4 of 4 images)"
    assert (fed(open_inputs(path, SPEC, images=3)) == VALUES[:3]).all()


def test_the_hash_is_of_what_is_fed(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    np.savez(tmp_path / "b.npz", x=VALUES.astype(np.float64))
    one, two = (open_inputs(tmp_path / f, SPEC) for f in ("a.npy", "b.npz"))
    assert one.sha256 == two.sha256
    assert one.sha256 != open_inputs(tmp_path / "a.npy", SPEC, images=3).sha256


@pytest.mark.parametrize("stored", [np.asfortranarray(VALUES), VALUES.astype(">f8"), VALUES[0]])
def test_orders_widths_and_a_lacking_batch_axis(tmp_path, stored):
    np.save(tmp_path / "v.npy", stored)
    came = fed(open_inputs(tmp_path / "v.npy", SPEC))
    assert came.dtype == np.float32
    assert (came == VALUES[: len(came)]).all()
    assert len(came) == (4 if stored.ndim == 3 else 1)


@given(
    shape=st.tuples(*[st.integers(1, 4)] * 3),
    fortran=st.booleans(),
    batch=st.sampled_from([None, 1, 2, 3]),
    version=st.sampled_from([(1, 0), (2, 0)]),
)
@settings(max_examples=40)
def test_slices_equal_the_whole(tmp_path_factory, shape, fortran, batch, version):
    values = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    path = tmp_path_factory.getbasetemp() / "whole.npy"
    with path.open("wb") as file:
        order = np.asfortranarray(values) if fortran else values
        np.lib.format.write_array(file, order, version)
    runs = shape[0] // (batch or 1)
    if runs:
        target = (spec(batch, None, None, dtype=np.int32),)
        assert (fed(open_inputs(path, target)) == values[: runs * (batch or 1)]).all()


@pytest.mark.parametrize("key", ["x", "images", "data", "whatever"])
@pytest.mark.parametrize("label", ["labels", "y"])
def test_names_in_an_npz(tmp_path, key, label):
    np.savez(tmp_path / "v.npz", **{key: VALUES, label: [3, 1, 2, 0]})
    inputs = open_inputs(tmp_path / "v.npz", SPEC, images=3)
    assert (fed(inputs) == VALUES[:3]).all()
    assert inputs.labels.tolist() == [3, 1, 2]
    assert inputs.labels.dtype == np.int64
    assert inputs.source == (f"{tmp_path}/v.npz (3 of 4 images; labels from its array '{label}')")


def test_an_input_may_be_named_as_labels_are(tmp_path):
    np.savez(tmp_path / "v.npz", y=VALUES, labels=np.arange(4))
    inputs = open_inputs(tmp_path / "v.npz", (spec(None, 2, 3, name="y"),))
    assert (fed(inputs, "y") == VALUES).all()
    assert inputs.labels.tolist() == [0, 1, 2, 3]


def test_several_inputs_and_one_for_all_images(tmp_path):
    two = (spec(None, 2, 3), spec(None, 5, dtype=np.int64, name="ids"), spec(1, 2, name="h"))
    ids = np.arange(20).reshape(4, 5)
    np.savez(tmp_path / "v.npz", x=VALUES, ids=ids, h=np.ones((1, 2)))
    inputs = open_inputs(tmp_path / "v.npz", two)
    assert inputs.count == 4
    assert (fed(inputs, "ids") == ids).all()
    assert (fed(inputs, "h") == np.ones((4, 2))).all()
    np.savez(tmp_path / "v.npz", x=VALUES, ids=ids[:3], h=np.ones((1, 2)))
    assert message(tmp_path / "v.npz", two) == (
        f"{tmp_path}/v.npz: arrays disagree on the number of images: 'x' 4, 'ids' 3; --batch-axis "
        "says which axes hold them"
    )
    np.savez(tmp_path / "v.npz", x=VALUES, id=ids)
    assert message(tmp_path / "v.npz", two) == (
        f"{tmp_path}/v.npz: holds id, x; give an .npz with an array named 'h', as the input"
    )
    np.save(tmp_path / "v.npy", VALUES)
    assert message(tmp_path / "v.npy", two) == (
        f"{tmp_path}/v.npy: holds one array without a name; give an .npz with an array named "
        "'h', as the input"
    )
    assert message(tmp_path / "v.npz", two[:1] * 2, "unit") == (
        f"{tmp_path}/v.npz: preprocess works on one input; the model takes 2"
    )


def test_scalars(tmp_path):
    both = (spec(None, 2, 3), spec(name="t"))
    np.savez(tmp_path / "v.npz", x=VALUES, t=0.5)
    feeds = list(open_inputs(tmp_path / "v.npz", both))
    assert len(feeds) == 4
    assert all(f["t"].shape == () and f["t"] == 0.5 for f in feeds)


def test_a_fixed_batch(tmp_path):
    np.savez(tmp_path / "v.npz", x=VALUES[[0, 1, 2]], labels=[5, 6, 7])
    inputs = open_inputs(tmp_path / "v.npz", (spec(2, 2, 3),))
    assert inputs.count == 1
    assert (fed(inputs) == VALUES[:2]).all()
    assert inputs.labels.tolist() == [[5, 6]]


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_uint8_pixels_go_through_preprocessing(tmp_path, layout):
    made = pixels(3)
    np.savez(
        tmp_path / "v.npz",
        x=made if layout == "nhwc" else made.transpose(0, 3, 1, 2),
        labels=[1, 2, 3],
    )
    target = (spec(None, 3, 4, 5),)
    inputs = open_inputs(tmp_path / "v.npz", target, "unit")
    np.testing.assert_allclose(fed(inputs), made.transpose(0, 3, 1, 2) / 255, rtol=1e-6)
    assert inputs.labels.tolist() == [1, 2, 3]
    raw = (spec(None, 4, 5, 3, dtype=np.int8),)
    assert (fed(open_inputs(tmp_path / "v.npz", raw)) == made.astype(int) - 128).all()


def test_gray_and_flat_pixels(tmp_path):
    made = pixels(3, channels=1)
    np.save(tmp_path / "g.npy", made[..., 0])
    assert (
        fed(open_inputs(tmp_path / "g.npy", (spec(None, 1, 4, 5),), "none"))
        == made.transpose(0, 3, 1, 2)
    ).all()
    np.save(tmp_path / "f.npy", made.reshape(3, 20))
    assert (
        fed(open_inputs(tmp_path / "f.npy", (spec(None, 20),), "none")) == made.reshape(3, 20)
    ).all()


def test_uint8_arrays_for_uint8_inputs_are_fed_untouched(tmp_path):
    np.save(tmp_path / "v.npy", pixels(3))
    target = (spec(None, 4, 5, 3, dtype=np.uint8),)
    assert (fed(open_inputs(tmp_path / "v.npy", target)) == pixels(3)).all()


@pytest.mark.parametrize(
    ("values", "target", "problem"),
    [
        (VALUES[:, :1], SPEC[0], "F: is [4, 1, 3]; input 'x' takes float32 [n, 2, 3]"),
        (VALUES[0, 0], SPEC[0], "F: is [3]; input 'x' takes float32 [n, 2, 3]"),
        (VALUES[:0], SPEC[0], "F: holds no images"),
        (
            VALUES.astype(np.int64),
            SPEC[0],
            "F: is int64; input 'x' takes float32 [n, 2, 3]; convert it, or give uint8 pixels and "
            "a preprocess table",
        ),
        (
            VALUES,
            spec(None, 2, 3, dtype=np.int64),
            "F: is float32; input 'x' takes int64 [n, 2, 3]; convert it",
        ),
        (
            VALUES.astype(np.int64) * 20,
            spec(None, 2, 3, dtype=np.uint8),
            "input 'x', image 2: 340 is out of range; uint8 takes 0 to 255",
        ),
        (
            VALUES.astype(np.float64) * 1e38,
            SPEC[0],
            "input 'x', image 0: holds a NaN or an infinity; inputs must be finite",
        ),
        (np.array(["a"]), SPEC[0], "F: holds <U1; use plain numbers"),
        (
            pixels(2, channels=2),
            spec(None, 4, 5, 2),
            "F: is [2, 4, 5, 2]; pixels are [n, h, w, c], [n, c, h, w] with 1 or 3 channels, "
            "[n, h, w] or [n, h*w]",
        ),
        (
            pixels(2),
            spec(None, 4, 5, 3),
            "input 'x' takes float32 [n, 4, 5, 3]; F holds pixels 0 to 255; preprocess says how "
            "to prepare them: cifar10-imagenet-stats, imagenet, imagenet-bgr-mean, int8, mnist, "
            "none, unit or a .toml file",
        ),
    ],
)
def test_what_does_not_fit(tmp_path, values, target, problem):
    path = tmp_path / "v.npy"
    np.save(path, values)
    assert message(path, (target,)) == problem.replace("F", str(path), 1)


def test_preprocessing_is_for_pixels(tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, VALUES)
    assert message(path, SPEC, "unit") == (
        f"{path}: is float32; preprocess works on uint8 pixels: leave it out"
    )


def test_two_arrays_of_unknown_names(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, a=VALUES, b=VALUES)
    assert message(path, SPEC) == (
        f"{path}: holds a, b; give an .npz with an array named 'x', as the input"
    )
    np.savez(path)
    assert message(path, SPEC) == (
        f"{path}: holds nothing; give an .npz with an array named 'x', as the input"
    )


def test_labels_that_do_not_fit(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, x=VALUES, labels=[1, 2, 3])
    assert message(path, SPEC) == (
        f"{path}: array 'labels': holds labels of shape (3,) for 4 images"
    )
    assert open_inputs(path, SPEC, labels="none").labels is None
    (tmp_path / "l.txt").write_text("4\n5\n6\n7\n")
    assert open_inputs(path, SPEC, labels=tmp_path / "l.txt").labels.tolist() == [4, 5, 6, 7]


def test_python_objects_are_never_unpickled(tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, np.array([{}], dtype=object))
    assert message(path, SPEC) == f"{path}: holds object; use plain numbers"


def test_cut_and_damaged_files(tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, VALUES)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert message(path, SPEC) == f"{path}: is cut short; has 95 of 96 bytes of values"
    path.write_bytes(whole[:20])
    assert message(path, SPEC) == f"{path}: is no NumPy array, or a damaged one"
    path.write_bytes(whole.replace(b"(4, 2, 3)", b"(-4,2, 3)"))
    assert message(path, SPEC) == f"{path}: is no NumPy array, or a damaged one"
    packed = tmp_path / "v.npz"
    packed.write_bytes(b"no zip")
    assert message(packed, SPEC) == f"{packed}: is no .npz file, or a damaged one"
    np.savez(packed, x=np.tile(VALUES, (1000, 1, 1)))
    stored = bytearray(packed.read_bytes())
    stored[50_000] ^= 255  # among the values: the CRC does not hold
    packed.write_bytes(stored)
    assert message(packed, SPEC) == f"{packed}: array 'x': is damaged"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.npy", b"no array")
    assert message(packed, SPEC) == f"{packed}: array 'x': is no NumPy array, or a damaged one"


def test_any_damage_is_one_line(tmp_path):
    np.savez_compressed(tmp_path / "v.npz", x=VALUES, labels=np.arange(4))
    np.save(tmp_path / "v.npy", VALUES)
    draw = np.random.default_rng(0)
    for path in (tmp_path / "v.npz", tmp_path / "v.npy"):
        whole = path.read_bytes()
        for _ in range(150):
            broken = bytearray(whole)
            for at in draw.integers(0, len(whole), 3):
                broken[at] = draw.integers(0, 256)
            path.write_bytes(broken[: draw.integers(1, len(whole) + 1)])
            try:
                list(open_inputs(path, SPEC))
            except InputError as error:
                assert "\n" not in str(error)


def test_reading_leaves_nothing_open(tmp_path):
    np.savez(tmp_path / "v.npz", x=VALUES)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        assert fed(open_inputs(tmp_path / "v.npz", SPEC)).shape == (4, 2, 3)
