import json
from pathlib import Path

import numpy as np
import pytest
from input_samples import idx_bytes

from sparsesim.errors import InputError
from sparsesim.inputs.labels import read_labels

NAMES = ("a.png", "sub/b.png")


def values(path, names=NAMES):
    return read_labels(path, 2, names).values.tolist()


def message(path, names=NAMES, total=2):
    with pytest.raises(InputError) as error:
        read_labels(path, total, names)
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("l.csv", "file,label\nb.png,4\na.png,3\nother.png,9\n"),
        ("l.csv", "label,file,more\n4,sub/b.png,x\n3,a.png,y\n"),
        ("l.csv", "\ufeffa.png,3\n\nb.png, 4\n"),
        ("l.tsv", "4\tn04\tb.png\tbee, wild\n3\tn03\ta.png\tant\n"),
        ("l.txt", "3\n4\n"),
        ("l.csv", "label\n3\n4\n"),
        ("l.json", "[3, 4]"),
    ],
)
def test_tables_and_lists(tmp_path, file, text):
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert values(tmp_path / file) == [3, 4]


def test_arrays_and_idx(tmp_path):
    np.save(tmp_path / "l.npy", np.array([[3], [4]], np.uint8))
    assert values(tmp_path / "l.npy") == [3, 4]
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx_bytes(np.array([3, 4], np.uint8)))
    assert values(tmp_path / "labels-idx1-ubyte", None) == [3, 4]


def test_rows_of_a_table_serve_pictures_without_names_in_order(tmp_path):
    (tmp_path / "l.csv").write_text("file,label\nb.png,4\na.png,3\n")
    assert values(tmp_path / "l.csv", None) == [4, 3]


def test_numbers_in_names():
    found = read_labels(Path("file-names"), 2, ("cat_07_281.jpg", "7/cat_3.png"))
    assert found.values.tolist() == [281, 3]
    assert message(Path("file-names"), ("cat.png", "b1.png")) == (
        "labels file-names: cat.png has no number in its name"
    )
    assert message(Path("file-names"), None) == (
        "labels file-names: these images are not files; name a labels file"
    )


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("l.csv", "a.png,3\n", "has no label for sub/b.png"),
        ("l.csv", "a.png,cat\n", "line 1: 'a.png,cat' has no whole number as its label"),
        ("l.csv", "file,label\na.png\n", "line 2: 'a.png' has no whole number as its label"),
        ("l.csv", "1,2,3\n", "has 3 columns and no header; name the columns file and label"),
        ("l.csv", "", "holds no labels"),
        ("l.csv", "a.png,-1\nb.png,2\n", "label -1 of image 0 is out of range; use 0 up"),
        ("l.txt", "1\n2\n3\n", "holds labels of shape (3,) for 2 images"),
        ("l.json", "[1, 2", "is damaged, or holds no labels"),
        ("l.json", json.dumps([1.5, 2]), "labels are float64; use whole numbers, one an image"),
        ("l.npy", "no array", "is damaged, or holds no labels"),
        ("l.doc", "1", "unknown kind of labels; use .csv, .tsv, .txt, .json, .npy or idx"),
    ],
)
def test_mistakes_name_the_file(tmp_path, file, text, problem):
    (tmp_path / file).write_text(text)
    assert message(tmp_path / file) == f"{tmp_path / file}: {problem}"


def test_a_missing_file(tmp_path):
    path = tmp_path / "l.csv"
    assert message(path) == f"{path}: cannot be read: No such file or directory"
