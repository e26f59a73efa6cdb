"""100 classes of Tiny ImageNet at 32 x 32 pixels as .npz files, to stand in for CIFAR-100.

    python -m paper.tiny_imagenet ARCHIVE.tar.xz FOLDER

The archive holds train/WNID/images/*.JPEG, val/images/*.JPEG and val/val_annotations.txt. Of its
200 classes the first 100 in the order of their names are taken: 50,000 pictures to train on, as
CIFAR-100 has, and 5,000 to test on, half as many. For short runs there are a fifth of the training
pictures, and the same tripled to 96 x 96. Licence: ImageNet's terms, for research that is not
commercial; the files are not part of sparsesim.
"""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from sparsesim.files import writing

CLASSES = 100
NAME, SMALL, TRIPLED = (f"tiny-imagenet-100{kind}.npz" for kind in ("", "-small", "-tripled"))
_SMALL_A_CLASS = 100


def main() -> None:
    """Reads the archive once and writes the files."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    arrays = _read(source)
    few = np.flatnonzero(np.arange(len(arrays["train_labels"])) % 500 < _SMALL_A_CLASS)
    small = {**arrays, **{key: arrays[key][few] for key in ("train_images", "train_labels")}}
    tripled = {
        key: value.repeat(3, axis=2).repeat(3, axis=3) if value.ndim == 4 else value
        for key, value in small.items()
    }
    for name, chosen in ((NAME, arrays), (SMALL, small), (TRIPLED, tripled)):
        with writing(folder / name, force=True) as beside, beside.open("wb") as file:
            np.savez(file, **chosen)  # type: ignore[arg-type]
        print(name, {key: value.shape for key, value in chosen.items()})


def _read(source: Path) -> dict[str, np.ndarray]:
    """Pictures and labels of both parts."""
    train: dict[str, list[np.ndarray]] = {}
    validation: dict[str, np.ndarray] = {}
    annotations = ""
    with tarfile.open(source) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            parts = member.name.removeprefix("./").split("/")
            if parts[-1] == "val_annotations.txt":
                annotations = file.read().decode()
            elif parts[-1].upper().endswith(".JPEG"):
                pixels = _pixels(file.read())
                if parts[0] == "train":
                    train.setdefault(parts[1], []).append(pixels)
                else:
                    validation[parts[-1]] = pixels
    names = sorted(train)[:CLASSES]
    index = {name: number for number, name in enumerate(names)}
    listed = [line.split("\t")[:2] for line in annotations.splitlines()]
    tests = [(file, name) for file, name in listed if name in index]
    return {
        "train_images": np.stack([pixels for name in names for pixels in train[name]]),
        "train_labels": np.repeat(np.arange(CLASSES), [len(train[name]) for name in names]),
        "test_images": np.stack([validation[file] for file, _ in tests]),
        "test_labels": np.array([index[name] for _, name in tests]),
    }


def _pixels(content: bytes) -> np.ndarray:
    """uint8, shape (3, height, width)."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB")).transpose(2, 0, 1)


if __name__ == "__main__":
    main()
