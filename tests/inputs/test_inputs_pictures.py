import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from input_samples import fed, pixels, write_pictures
from PIL import Image

from sparsesim.errors import InputError
from sparsesim.inputs import InputSpec, Preprocess, open_inputs


def spec(*shape, dtype=np.float32):
    return (InputSpec("x", shape, np.dtype(dtype)),)


@pytest.fixture
def photo(tmp_path):
    """One RGB photo, 60 rows and 90 columns of smooth colour."""
    rows, columns = np.mgrid[0:60, 0:90]
    values = np.stack([rows * 4, columns * 2, (rows + columns)], axis=-1).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def message(*args):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args))
    return str(error.value)


def test_imagenet_is_what_a_plain_statement_of_it_gives(photo):
    # 60 x 90: the short side to 256 makes it 256 x 384; the centre of 224 starts at 16 and 80.
    large = Image.open(photo).resize((384, 256), Image.Resampling.BILINEAR)
    crop = np.asarray(large.crop((80, 16, 304, 240)), dtype=np.float64)
    wanted = (crop / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    came = fed(open_inputs(photo, spec(None, 3, 224, 224), "imagenet"))
    assert came.dtype == np.float32
    np.testing.assert_allclose(came, wanted.transpose(2, 0, 1)[None], rtol=1e-6, atol=1e-7)
    last = fed(open_inputs(photo, spec(1, 224, 224, 3), "imagenet"))
    np.testing.assert_array_equal(last, came.transpose(0, 2, 3, 1))


def test_caffe_is_what_a_plain_statement_of_it_gives(photo):
    # 256 x 384 again; margins 29 and 157, halves 14.5 and 78.5 round to the even 14 and 78.
    large = Image.open(photo).resize((384, 256), Image.Resampling.BILINEAR)
    crop = np.asarray(large, dtype=np.float64)[14 : 14 + 227, 78 : 78 + 227, ::-1]
    came = fed(open_inputs(photo, spec(None, 3, 227, 227), "imagenet-bgr-mean"))
    np.testing.assert_array_equal(came[0], (crop - [104, 117, 123]).transpose(2, 0, 1))


def test_both_sides_and_bicubic(photo):
    how = Preprocess(resize=(10, 20), resample="bicubic", crop=(10, 12))
    wanted = np.asarray(Image.open(photo).resize((20, 10), Image.Resampling.BICUBIC))[:, 4:16]
    assert (fed(open_inputs(photo, spec(1, 10, 12, 3), how))[0] == wanted).all()


def test_gray_from_colour_and_colour_from_gray(tmp_path, photo):
    gray = np.asarray(Image.open(photo).convert("L"))
    assert (fed(open_inputs(photo, spec(1, 1, 60, 90), "none"))[0, 0] == gray).all()
    Image.fromarray(gray).save(tmp_path / "gray.png")
    came = fed(open_inputs(tmp_path / "gray.png", spec(1, 3, 60, 90), "none"))
    assert (came[0] == gray).all()


@pytest.mark.parametrize(
    "shape", [(None, 1, 4, 5), (None, 4, 5, 1), (None, 4, 5), (None, 20), (None, None, None, 1)]
)
def test_gray_shapes(tmp_path, shape):
    made = pixels(2, channels=1)
    write_pictures(tmp_path, made, ["a.png", "b.png"])
    came = fed(open_inputs(tmp_path, spec(*shape), "none"))
    assert came.shape == (2, *(s or 4 for s in shape[1:2]), *(s or 5 for s in shape[2:]))
    assert (came.reshape(2, -1) == made.reshape(2, -1)).all()


def test_a_fixed_batch_takes_whole_batches(tmp_path):
    made = pixels(5)
    write_pictures(tmp_path, made, [f"{i}.png" for i in range(5)])
    inputs = open_inputs(tmp_path, spec(2, 4, 5, 3), "none")
    assert inputs.count == 2
    assert [f["x"].shape for f in inputs] == [(2, 4, 5, 3)] * 2
    assert (fed(inputs) == made[:4]).all()


def test_integer_inputs_need_no_table(photo):
    raw = np.asarray(Image.open(photo))
    whole = fed(open_inputs(photo, spec(1, 60, 90, 3, dtype=np.uint8)))
    assert whole.dtype == np.uint8
    assert (whole[0] == raw).all()
    signed = fed(open_inputs(photo, spec(1, 60, 90, 3, dtype=np.int8)))
    assert signed.dtype == np.int8
    assert (signed[0] == raw.astype(int) - 128).all()


def test_rounding_for_integers_only_where_asked_for(photo):
    target = spec(1, 60, 90, 3, dtype=np.int8)
    half = Preprocess(scale=0.5, round=True)
    came = fed(open_inputs(photo, target, half))
    assert (came[0] == np.rint(np.asarray(Image.open(photo)) / 2).clip(None, 127)).all()
    assert message(photo, target, Preprocess(scale=0.5)) == (
        "input 'x' takes int8 [1, 60, 90, 3]; preprocess scale 0.5 gives fractions; "
        "change it, or set round = true"
    )


@pytest.mark.parametrize(
    ("shape", "dtype", "how", "problem"),
    [
        (
            (None, 60, 90, 3),
            np.float32,
            None,
            "input 'x' takes float32 [n, 60, 90, 3]; PHOTO holds pixels 0 to 255; preprocess says "
            "how to prepare them: cifar10-imagenet-stats, imagenet, imagenet-bgr-mean, int8, "
            "mnist, none, unit or a .toml file",
        ),
        (
            (None, 32, 32, 3),
            np.float32,
            "unit",
            "PHOTO: is [60, 90, 3] after preprocessing (unit); input 'x' takes float32 "
            "[n, 32, 32, 3]; set resize and crop to fit (--resize, --crop)",
        ),
        (
            (None, 60, 90, 3),
            np.float32,
            Preprocess(layout="nchw", channels="rgb"),
            "input 'x' takes float32 [n, 60, 90, 3]; layout = 'nchw' with channels = 'rgb' "
            "contradicts it",
        ),
        (
            (None, 3, 60, 90),
            np.float32,
            "mnist",
            "input 'x' takes float32 [n, 3, 60, 90]; channels = 'gray' contradicts it",
        ),
        (
            (None, 60, 90, 4),
            np.float32,
            "unit",
            "input 'x' takes float32 [n, 60, 90, 4]; no axis has 1 or 3 channels",
        ),
        (
            (None, 60, 90),
            np.float32,
            "imagenet",
            "input 'x' takes float32 [n, 60, 90], which has no channels; channels = 'rgb' "
            "contradicts it, use 'gray'",
        ),
        (
            (None, 3, 1, 60, 90),
            np.float32,
            "unit",
            "input 'x' takes float32 [n, 3, 1, 60, 90]; pictures feed [n, c, h, w], [n, h, w, c], "
            "[n, h, w] or [n, h*w]; give arrays (.npy or .npz)",
        ),
        (
            (None, 3, 60, 90),
            np.float32,
            Preprocess(mean=(1, 2)),
            "preprocess: mean has 2 values; use 1 or 3",
        ),
        (
            (None, 3, 60, 90),
            np.int8,
            "none",
            "input 'x' takes int8 [n, 3, 60, 90]; preprocess none gives 0 to 255, which is out of "
            "range",
        ),
        (
            (None, 3, 60, 90),
            np.bool_,
            "none",
            "input 'x' takes bool [n, 3, 60, 90]; pictures feed numbers",
        ),
        (
            (None, 3, 60, 90),
            np.float32,
            Preprocess(crop=(60, 91)),
            "PHOTO: crop [60, 91] is larger than the picture, [60, 90]; set resize",
        ),
    ],
)
def test_what_does_not_fit(photo, shape, dtype, how, problem):
    assert message(photo, spec(*shape, dtype=dtype), how) == problem.replace("PHOTO", str(photo))


def test_pictures_of_one_batch_must_agree(tmp_path):
    write_pictures(tmp_path, pixels(1), ["a.png"])
    write_pictures(tmp_path, pixels(1, height=6), ["b.png"])
    assert message(tmp_path, spec(2, 3, None, None), "unit") == (
        f"{tmp_path}: pictures of one batch differ in size after preprocessing; set resize and crop"
    )


def test_two_inputs_need_an_npz(photo):
    two = (*spec(None, 3, 60, 90), InputSpec("z", (None, 2), np.dtype(np.float32)))
    assert message(photo, two, "unit") == (
        f"{photo}: pictures feed one input; the model takes 2 (x, z): give an .npz with an array "
        "for each"
    )


def test_the_hash_covers_files_and_preparation(tmp_path, photo):
    target = spec(None, 3, 60, 90)
    first = open_inputs(photo, target, "unit").sha256
    assert first == open_inputs(photo, target, "unit").sha256
    assert first != open_inputs(photo, target, "none").sha256
    Image.new("RGB", (90, 60)).save(photo)
    assert first != open_inputs(photo, target, "unit").sha256


@given(
    mean=st.floats(-300, 300),
    std=st.floats(0.01, 300),
    scale=st.floats(0.001, 2),
    value=st.integers(0, 255),
)
def test_values_follow_the_formula(tmp_path_factory, mean, std, scale, value):
    path = tmp_path_factory.getbasetemp() / "one.npy"
    np.save(path, np.full((1, 1, 1, 1), value, np.uint8))
    how = Preprocess(mean=mean, std=std, scale=scale)
    came = fed(open_inputs(path, spec(None, 1, 1, 1), how))
    assert came.item() == np.float32((value * scale - mean) / std)
