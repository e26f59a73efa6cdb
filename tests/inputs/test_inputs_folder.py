import warnings
import zipfile

import numpy as np
import pytest
from input_samples import RGB, fed, pixels, png, write_pictures
from PIL import Image

from sparsesim.errors import InputError
from sparsesim.inputs import open_inputs

NAMES = ["a.png", "b.png", "c.png"]


def message(*args, **options):
    with pytest.raises(InputError) as error:
        list(open_inputs(*args, **options))
    return str(error.value)


def as_fed(made):
    return made.transpose(0, 3, 1, 2)


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    made = pixels(3)
    write_pictures(tmp_path, made[::-1], NAMES[::-1])
    (tmp_path / "notes.txt").write_text("no picture")
    write_pictures(tmp_path, made[:2], [".hidden.png", "__MACOSX/a.png"])
    inputs = open_inputs(tmp_path, (RGB,), "none")
    assert (fed(inputs) == as_fed(made)).all()
    assert inputs.labels is None
    assert not inputs.random
    assert inputs.source == f"{tmp_path} (3 of 3 images; preprocess none; rgb nchw)"
    assert (fed(open_inputs(tmp_path, (RGB,), "none", images=2)) == as_fed(made[:2])).all()


def test_a_zip_is_never_extracted(tmp_path):
    made = pixels(3)
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for picture, name in zip(made, ["../a.png", "/etc/b.png", "c.png"], strict=True):
            archive.writestr(name, png(picture))
    inputs = open_inputs(tmp_path / "p.zip", (RGB,), "none", labels="none")
    assert (fed(inputs) == as_fed(made)).all()
    assert [p.name for p in tmp_path.iterdir()] == ["p.zip"]


def test_labels_beside_are_found(tmp_path):
    write_pictures(tmp_path, pixels(3), NAMES)
    (tmp_path / "labels.tsv").write_text(
        "7\tn1\tc.png\tcat\n5\tn2\ta.png\tdog\n6\tn3\tb.png\tcow\n"
    )
    inputs = open_inputs(tmp_path, (RGB,), "none")
    assert inputs.labels.tolist() == [5, 6, 7]
    assert inputs.labels.dtype == np.int64
    assert inputs.source.endswith("; labels from labels.tsv)")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for name in NAMES:
            archive.write(tmp_path / name, f"photos/{name}")
    assert open_inputs(tmp_path / "p.zip", (RGB,), "none", images=2).labels.tolist() == [5, 6]
    assert open_inputs(tmp_path / "b.png", (RGB,), "none").labels.tolist() == [6]


def test_sub_folders_are_classes(tmp_path):
    names = ["set/cat/images/1.png", "set/ant/images/2.png", "set/cat/images/3.png"]
    write_pictures(tmp_path, pixels(3), names)
    inputs = open_inputs(tmp_path, (RGB,), "none")
    assert inputs.labels.tolist() == [0, 1, 1]  # ant, cat, cat
    assert inputs.source.endswith("; labels from 2 sub-folders)")
    write_pictures(tmp_path, pixels(1), ["loose.png"])
    assert open_inputs(tmp_path, (RGB,), "none").labels is None


def test_patterns_and_numbers_in_names(tmp_path):
    made = pixels(3)
    write_pictures(tmp_path, made, ["ant_0_12.png", "cat_0_4.png", "cat_1_3.png"])
    inputs = open_inputs(tmp_path / "cat_*.png", (RGB,), "none", labels="file-names")
    assert (fed(inputs) == as_fed(made[1:])).all()
    assert inputs.labels.tolist() == [4, 3]
    assert message(tmp_path / "dog_*.png", (RGB,), "none") == (
        f"{tmp_path}/dog_*.png: holds no images; use .png, .jpg, .jpeg, .bmp"
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_colour_modes_become_rgb(tmp_path, mode):
    picture = Image.fromarray(pixels(1)[0]).convert(mode)
    suffix = "jpg" if mode == "CMYK" else "png"
    picture.save(tmp_path / f"a.{suffix}")
    with Image.open(tmp_path / f"a.{suffix}") as stored:
        wanted = np.asarray(stored.convert("RGB"))
    assert (fed(open_inputs(tmp_path, (RGB,), "none")) == as_fed(wanted[None])).all()


def test_deep_pixels_are_refused(tmp_path):
    Image.fromarray(np.full((4, 5), 40000, np.uint16)).save(tmp_path / "a.png")
    assert message(tmp_path, (RGB,), "none") == (
        f"{tmp_path}/a.png: has pixels of mode I;16; use 8 bits a channel"
    )


@pytest.mark.parametrize("kept", [0, 10, 40, 70])
def test_cut_pictures_are_named(tmp_path, kept):
    write_pictures(tmp_path, pixels(2), ["a.png", "b.png"])
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[:kept])
    problem = f"{tmp_path}/b.png: is no picture, or a damaged or cut one"
    assert message(tmp_path, (RGB,), "none") == problem


def test_damaged_zips(tmp_path):
    path = tmp_path / "p.zip"
    path.write_bytes(b"no zip")
    assert message(path, (RGB,), "none") == f"{path}: is no zip file, or a damaged one"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", png(pixels(1)[0]))
    stored = bytearray(path.read_bytes())
    stored[60] ^= 255  # inside the picture: the CRC does not hold
    path.write_bytes(stored)
    assert message(path, (RGB,), "none") == f"{path}: a.png is damaged or encrypted"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no picture")
    assert message(path, (RGB,), "none") == (
        f"{path}: holds no images; use .png, .jpg, .jpeg, .bmp"
    )


def test_reading_leaves_nothing_open(tmp_path):
    write_pictures(tmp_path, pixels(3), NAMES)
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for source in (tmp_path, tmp_path / "p.zip"):
            assert fed(open_inputs(source, (RGB,), "none", labels="none")).shape[1] == 3
