"""Checkpoints: what a killed training needs to go on as if nothing had happened.

Written whole or not at all. Only tensors and plain values are in it, so that reading one runs no
code of its maker's.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsesim.errors import InputError
from sparsesim.files import writing

VERSION = 1
# What zipfile, torch and pickle raise on other or damaged files.
_DAMAGE = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    TypeError,
    LookupError,
    AttributeError,
    ValueError,
    NotImplementedError,
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state behind a step.

    Attributes:
        recipe: the recipe's keys and values, and `map`: SHA-256 of rules for gradients, if any.
        data_sha256: of the data set.
        network: state of the network, tensors by name.
        momentum: of the optimiser, a tensor for each parameter; None before the first step.
        history: arrays of `History` by name.
        step: steps done.
    """

    recipe: dict[str, Any]
    data_sha256: str
    network: dict[str, Any]
    momentum: list[Any]
    history: dict[str, Any]
    step: int


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write it over an older one.

    Raises:
        SparseSimError: it cannot be written; an older one stays.
    """
    import torch

    # In memory first: of a full disk PyTorch's own writer makes an error of several lines.
    packed = io.BytesIO()
    torch.save({"version": VERSION, **vars(checkpoint)}, packed)
    with writing(path, force=True) as beside:
        beside.write_bytes(packed.getbuffer())


def load_checkpoint(
    path: Path, recipe: dict[str, Any], data_sha256: str, classes: int
) -> Checkpoint:
    """The checkpoint of a training, if it is one of this recipe on this data.

    Args:
        path: of `save_checkpoint`.
        recipe: what goes on; `epochs` may differ, with a constant learning rate.
        data_sha256: of the data set that it goes on with.
        classes: of that data set.
    Raises:
        InputError: absent, damaged, or of another training.
    """
    import torch

    if not path.is_file():
        raise InputError(f"{path}: no such file; there is nothing to resume")
    damaged = f"{path}: is no checkpoint, or damaged"
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:  # torch does not look at the sums of tensors
                raise InputError(damaged)
        found = torch.load(path, weights_only=True)
        version = found.pop("version")
        checkpoint = Checkpoint(**found)
    except _DAMAGE:
        raise InputError(damaged) from None
    if version != VERSION:
        raise InputError(f"{path}: has version {version}; this sparsesim reads {VERSION}")
    if checkpoint.recipe.get("map") != recipe.get("map"):
        raise InputError(f"{path}: was trained with another map of gradients, or none; use that")
    free = {"name", "map"} | ({"epochs"} if recipe["schedule"] == "constant" else set())
    for key, value in recipe.items():
        came = checkpoint.recipe.get(key)
        if key not in free and came != value:
            raise InputError(f"{path}: was trained with {key} {came}, not {value}; use that")
    *_, last = checkpoint.network.values()  # of the layer whose outputs are the classes
    if last.shape[0] != classes:
        raise InputError(
            f"{path}: was trained on {last.shape[0]} classes; the data set has {classes}"
        )
    if checkpoint.data_sha256 != data_sha256:
        raise InputError(f"{path}: was trained on other data; use that")
    return checkpoint
