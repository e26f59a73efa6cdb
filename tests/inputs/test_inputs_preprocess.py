import pytest
from pydantic import ValidationError

from sparsesim.errors import InputError
from sparsesim.inputs import Preprocess, preset_names
from sparsesim.inputs.preprocess import load_preprocess

NAMES = "cifar10-imagenet-stats, imagenet, imagenet-bgr-mean, int8, mnist, none, unit"


def message(named):
    with pytest.raises(InputError) as error:
        load_preprocess(named)
    return str(error.value)


def test_the_presets():
    assert ", ".join(preset_names()) == NAMES
    for name in preset_names():
        assert load_preprocess(name).preset == name
    imagenet = load_preprocess("imagenet")
    assert (imagenet.resize, imagenet.crop, imagenet.channels) == (256, 224, "rgb")
    assert imagenet.scale == 1 / 255
    assert imagenet.mean == (0.485, 0.456, 0.406)
    assert load_preprocess("imagenet-bgr-mean").mean == (104, 117, 123)
    assert load_preprocess("int8").mean == 128


def test_a_preset_gives_way_to_keys_beside_it(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('[preprocess]\npreset = "imagenet"\ncrop = [227, 200]\n')
    own = load_preprocess(str(file))
    assert own == Preprocess(preset="imagenet", crop=(227, 200))
    assert (own.resize, own.crop) == (256, (227, 200))
    assert str(own) == "imagenet, crop (227, 200)"
    assert str(load_preprocess("imagenet")) == "imagenet"
    assert str(Preprocess()) == "none"
    assert load_preprocess(own) is own


def test_unknown_words():
    assert message("imagenett") == (
        "preprocess: unknown preset 'imagenett'; did you mean 'imagenet'?"
    )
    assert message("qqq") == f"preprocess: unknown preset 'qqq'; use one of {NAMES}"
    with pytest.raises(InputError) as error:
        Preprocess(meen=1)
    assert str(error.value) == "preprocess: unknown key 'meen'; did you mean 'mean'?"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("stdd = 1", "unknown key 'stdd'; did you mean 'std'?"),
        ("std = 0", "std = 0 is not allowed; use a number above 0, or one for each channel"),
        ("mean = inf", "mean = inf is not allowed; use a number, or one for each channel"),
        (
            "scale = -1",
            "scale = -1 is not allowed; use a number above 0; each pixel is multiplied by it",
        ),
        ("layout = 'chw'", "layout = 'chw' is not allowed; use 'nchw' or 'nhwc'"),
        ("channels = 1", "channels = 1 is not allowed; use 'rgb', 'bgr' or 'gray'"),
        ("crop = 0", "crop = 0 is not allowed; use pixels of a centred square, or [height, width]"),
        (
            "resize = [1, 2, 3]",
            "resize = [1, 2, 3] is not allowed; use pixels of the short side, or [height, width]",
        ),
        ("resample = 'box'", "resample = 'box' is not allowed; use 'bilinear' or 'bicubic'"),
        ("preset = 3", "preset = 3 is not allowed; use the name of a preset"),
        ("preset = 'units'", "unknown preset 'units'; did you mean 'unit'?"),
        (
            "round = 'often'",
            "round = 'often' is not allowed; use true to round and clamp values for an integer "
            "input, or false",
        ),
    ],
)
def test_mistakes_in_a_table_name_the_file(tmp_path, line, problem):
    file = tmp_path / "own.toml"
    file.write_text(f"[preprocess]\n{line}\n")
    assert message(str(file)) == f"{file}: preprocess: {problem}"


def test_files_that_are_no_tables(tmp_path):
    file = tmp_path / "own.toml"
    assert message(str(file)) == f"{file}: cannot be read: No such file or directory"
    file.write_text("[preprocess")
    assert message(str(file)).startswith(f"{file}: is not TOML: ")
    assert "\n" not in message(str(file))
    file.write_text("mean = 1")
    assert message(str(file)) == f"{file}: has no [preprocess] table"


def test_python_callers_see_pydantic_errors():
    with pytest.raises(ValidationError):
        Preprocess(std=0)
