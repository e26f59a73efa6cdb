"""Public data sets: where their files are fetched from, and the sums that these must have.

Not the fetching: `fetching.py` does that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicFile:
    """A file of a data set.

    Attributes:
        name: behind the set's base, and on disk.
        md5: 32 hex digits, as published.
        members: of an archive, the files that are kept of it, by their names without folders;
            empty: the file is kept as it is.
    """

    name: str
    md5: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublicSet:
    """A data set that anybody may fetch.

    Attributes:
        name: as users type it.
        summary: what is in it.
        base: URL that the files' names are appended to.
        files: all that training needs.
        topology: which of the paper's networks it is for.
        sums: who publishes the MD5 sums.
    """

    name: str
    summary: str
    base: str
    files: tuple[PublicFile, ...]
    topology: str
    sums: str


_TORONTO = "https://www.cs.toronto.edu/~kriz/"

PUBLIC = {
    found.name: found
    for found in (
        PublicSet(
            "cifar10",
            "50,000 + 10,000 photos of 32 x 32, 10 classes, 170 MB",
            _TORONTO,
            (
                PublicFile(
                    "cifar-10-binary.tar.gz",
                    "c32a1d4ab5d03f1284b67883e8d87530",
                    (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"),
                ),
            ),
            "cifarnet",
            "A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html",
        ),
        PublicSet(
            "cifar100",
            "50,000 + 10,000 photos of 32 x 32, 100 classes, 169 MB",
            _TORONTO,
            (
                PublicFile(
                    "cifar-100-binary.tar.gz",
                    "03b5dce01913d631647c71ecec9e9cb8",
                    ("train.bin", "test.bin"),
                ),
            ),
            "resnet14",
            "A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html",
        ),
        PublicSet(
            "mnist",
            "60,000 + 10,000 handwritten digits of 28 x 28, 10 classes, 12 MB",
            # PyTorch's copy: Y. LeCun's own page publishes no sums and often refuses downloads.
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            (
                PublicFile("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                PublicFile("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
                PublicFile("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
                PublicFile("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
            ),
            "lenet",
            "torchvision, datasets/mnist.py",
        ),
    )
}
