"""Which kind of source a user named, and the inputs it gives.

Not the reading: each kind has its module, named after it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsesim.errors import InputError
from sparsesim.inputs import arrays, random
from sparsesim.inputs.defaults import refuse_defaults
from sparsesim.inputs.feed import Inputs, InputSpec
from sparsesim.inputs.labels import Labels, read_labels

if TYPE_CHECKING:
    from sparsesim.inputs.pictures import Pictures
    from sparsesim.inputs.preprocess import Preprocess

NO_LABELS = "none"


def open_inputs(
    source: str | Path,
    expected: tuple[InputSpec, ...],
    preprocess: Preprocess | str | None = None,
    labels: Path | None = None,
    images: int | None = None,
    seed: int = 0,
    defaults: Collection[str] = (),
) -> Inputs:
    """Inputs from what a user named.

    Args:
        source: .npy, .npz; a folder, zip or pattern of pictures, or one picture; MNIST idx or CIFAR
            files or a folder of them; or `random`, `random:uniform`, `random:normal`.
        expected: the model's inputs.
        preprocess: for pixels 0 to 255: a table, a preset's name or a .toml file.
        labels: a labels file; None: those that come with the source; the word `none`: no labels;
            the word `file-names`: the last number in each picture's name.
        images: take the first so many; None: all (1 where random).
        seed: of random inputs.
        defaults: inputs that the model's file has values for, which they keep: none may be fed.
    Returns:
        inputs that stream in bounded memory.
    Raises:
        InputError: nothing of that name, damaged, or not what the model takes.
    """
    for spec in expected:
        if spec.dtype.kind not in "fiub":
            raise InputError(f"input '{spec.name}' takes {spec}; only numbers can be fed")
    if random.is_random(str(source)):
        if labels is not None or preprocess is not None:
            raise InputError(f"{source}: random inputs take no labels and no preprocess table")
        return random.feed_random(str(source), expected, images, seed)
    path = Path(source)
    try:
        if path.suffix.lower() in (".npy", ".npz") and path.is_file():
            return _open_arrays(path, expected, preprocess, labels, images, defaults)
        pictures = find_pictures(path)
        if len(expected) != 1:
            names = ", ".join(spec.name for spec in expected)
            raise InputError(
                f"{path}: pictures feed one input; the model takes {len(expected)} ({names}): give "
                "an .npz with an array for each"
            )
        return _feed(pictures, expected[0], preprocess, labels, images)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _open_arrays(
    path: Path,
    expected: tuple[InputSpec, ...],
    preprocess: Preprocess | str | None,
    labels: Path | None,
    images: int | None,
    defaults: Collection[str],
) -> Inputs:
    stored = arrays.read_stored(path)
    refuse_defaults(stored, defaults, f"{path}: ")
    chosen = arrays.choose(stored, expected, path)

    def find_labels(total: int) -> Labels | None:
        if labels is None:
            return arrays.own_labels(stored, chosen, total, path)
        return _given(labels, total, None)

    spec = expected[0]
    values = chosen[spec.name]
    if len(expected) > 1 and preprocess is not None:
        raise InputError(f"{path}: preprocess works on one input; the model takes {len(expected)}")
    pixels = values.dtype == np.uint8
    if preprocess is not None and not pixels:
        raise InputError(
            f"{values.where}: is {values.dtype}; preprocess works on uint8 pixels: leave it out"
        )
    unprepared = pixels and (
        spec.dtype.kind == "f" or (spec.dtype == np.int8 and len(values.shape) > 2)
    )
    if len(expected) == 1 and (preprocess is not None or unprepared):
        from sparsesim.inputs import pixels as pixel_arrays

        found = pixel_arrays.pictures(values, lambda: find_labels(values.shape[0]))
        return _feed(found, spec, preprocess, None, images)
    return arrays.feed_arrays(chosen, expected, find_labels, images, path)


def find_pictures(path: Path) -> Pictures:
    """Pictures of a file, folder or pattern, whatever kind it is; not arrays.

    Raises:
        InputError: nothing of that name, or no kind that is known.
    """
    # Inside: Pillow and pydantic cost start-up time, and arrays need neither.
    from sparsesim.inputs import cifar, cifar_png, folder, idx, idx_pictures

    if path.is_dir():
        if strip := cifar_png.find_in(path):
            return cifar_png.pictures(strip)
        if images := idx.find_in(path):
            return idx_pictures.pictures(images)
        if files := cifar.find_in(path):
            return cifar.pictures(files, str(path))
        return folder.folder_pictures(path)
    if not path.is_file():
        wild = [i for i, part in enumerate(path.parts) if any(c in part for c in "*?[")]
        if wild:
            pattern = str(Path(*path.parts[wild[0] :]))
            return folder.folder_pictures(Path(*path.parts[: wild[0]]), pattern)
        raise InputError(f"{path}: no such file or folder")
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return folder.zip_pictures(path)
    if suffix == ".bin":
        return cifar.pictures((path,), str(path))
    if cifar_png.is_strip(path):
        return cifar_png.pictures(path)
    if suffix in folder.SUFFIXES:
        return folder.file_picture(path)
    if idx.is_idx(path):
        return idx_pictures.pictures(path)
    raise InputError(
        f"{path}: unknown kind of inputs; use .npy, .npz, {', '.join(folder.SUFFIXES)}, .zip, a "
        "folder, MNIST idx, CIFAR .bin, or the word random"
    )


def _feed(
    pictures: Pictures,
    spec: InputSpec,
    preprocess: Preprocess | str | None,
    labels: Path | None,
    images: int | None,
) -> Inputs:
    from sparsesim.inputs.pictures import feed_pictures

    if labels is None:
        return feed_pictures(pictures, spec, preprocess, pictures.own_labels, images)
    return feed_pictures(
        pictures,
        spec,
        preprocess,
        lambda: _given(labels, pictures.total, pictures.names),
        images,
    )


def _given(labels: Path, total: int, names: tuple[str, ...] | None) -> Labels | None:
    return None if str(labels) == NO_LABELS else read_labels(Path(labels), total, names)
