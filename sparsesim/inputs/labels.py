"""Labels of pictures: from a file, in the pictures' order or by their names.

Not labels that lie in the data's own file (npz, CIFAR): those readers make `Labels` themselves.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs import idx

# Never guessed, only where asked for: in cat_07_281.jpg the label is 281.
FROM_NAMES = "file-names"


@dataclass(frozen=True, eq=False)
class Labels:
    """Classes of pictures.

    Args:
        values: int64, one a picture.
        origin: where they came from, for the report.
    """

    values: np.ndarray
    origin: str


def checked(values: np.ndarray, total: int, where: str) -> np.ndarray:
    """Labels as int64, shape (total,).

    Raises:
        InputError: not whole numbers, another count, or one below 0.
    """
    if values.dtype.kind not in "iu":
        raise InputError(f"{where}: labels are {values.dtype}; use whole numbers, one an image")
    if values.shape not in ((total,), (total, 1)):
        raise InputError(f"{where}: holds labels of shape {values.shape} for {total} images")
    flat = values.reshape(-1).astype(np.int64)
    if total and flat.min() < 0:
        index = int(flat.argmin())
        raise InputError(f"{where}: label {flat[index]} of image {index} is out of range; use 0 up")
    return flat


def read_labels(path: Path, total: int, names: tuple[str, ...] | None) -> Labels:
    """Labels from a file that the user named, or that lay beside the pictures.

    Args:
        path: .npy or .json (a list) or .txt (one a line) in the pictures' order; .csv or .tsv with
            columns `file` and `label`, or without a header as `file,label` or `class, wnid, file,
            name`; MNIST idx1; or the word `file-names`.
        total: pictures.
        names: their file names; None: the rows of a table are in the pictures' order.
    Raises:
        InputError: unreadable, or a picture without a label.
    """
    if str(path) == FROM_NAMES:
        return Labels(_from_names(names), "file names")
    try:
        values, files = _read(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError, csv.Error):
        raise InputError(f"{path}: is damaged, or holds no labels") from None
    if files is None or names is None:
        return Labels(checked(values, total, str(path)), path.name)
    checked(values, len(files), str(path))
    by_name = dict(zip(files, values.tolist(), strict=True))
    found = []
    for name in names:
        label = by_name.get(name, by_name.get(name.rsplit("/", 1)[-1]))
        if label is None:
            raise InputError(f"{path}: has no label for {name}")
        found.append(label)
    return Labels(np.array(found, dtype=np.int64), path.name)


def _from_names(names: tuple[str, ...] | None) -> np.ndarray:
    if names is None:
        raise InputError(f"labels {FROM_NAMES}: these images are not files; name a labels file")
    found = []
    for name in names:
        numbers = re.findall(r"\d+", Path(name).stem)
        if not numbers:
            raise InputError(f"labels {FROM_NAMES}: {name} has no number in its name")
        found.append(int(numbers[-1]))
    return np.array(found, dtype=np.int64)


def _read(path: Path) -> tuple[np.ndarray, list[str] | None]:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.load(path, allow_pickle=False), None
    if suffix == ".json":
        return np.asarray(json.loads(path.read_text(encoding="utf-8"))), None
    if suffix in (".csv", ".tsv", ".txt"):
        return _table(path, "\t" if suffix == ".tsv" else ",")
    if idx.is_idx(path):
        return idx.read_labels(path), None
    raise InputError(f"{path}: unknown kind of labels; use .csv, .tsv, .txt, .json, .npy or idx")


def _table(path: Path, delimiter: str) -> tuple[np.ndarray, list[str] | None]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    if not rows:
        raise InputError(f"{path}: holds no labels")
    label_at, file_at, headed = _columns(rows[0][1], path)
    values, files = [], []
    for line, row in rows[headed:]:
        try:
            values.append(int(row[label_at]))
            files.append("" if file_at is None else row[file_at])
        except (ValueError, IndexError):
            raise InputError(
                f"{path}: line {line}: '{delimiter.join(row)}' has no whole number as its label"
            ) from None
    return np.array(values, dtype=np.int64), None if file_at is None else files


def _columns(first: list[str], path: Path) -> tuple[int, int | None, bool]:
    """Column of the label, column of the file (None: in order), and whether there is a header."""
    header = [cell.lower() for cell in first]
    if "label" in header:
        return header.index("label"), header.index("file") if "file" in header else None, True
    known = {1: (0, None, False), 2: (1, 0, False), 4: (0, 2, False)}
    if len(first) not in known:
        raise InputError(
            f"{path}: has {len(first)} columns and no header; name the columns file and label"
        )
    return known[len(first)]
