"""The trained models that tables 1 to 3 search, copied from their trainings; a page on them."""

from __future__ import annotations

import hashlib
import json
import shutil

from paper.gradients import TRAININGS, collect
from paper.places import MODELS, Places
from paper.searched import PENALTIES, TABLES
from sparsesim.files import write_text

_LICENCES = {
    "mnist": "Apache-2.0; trained on MNIST (LeCun, Cortes and Burges; commonly CC BY-SA 3.0)",
    "cifar10": "Apache-2.0; trained on CIFAR-10 (Krizhevsky 2009; free with citation)",
    "tiny-imagenet-100.npz": "for research that is not commercial, as Tiny ImageNet (ImageNet's "
    "terms) that it was trained on",
}


def copy(places: Places) -> None:
    """Models and records of trainings that came to their end."""
    collect(places)
    MODELS.mkdir(parents=True, exist_ok=True)
    for name in _names():
        source = places.runs / name / "model.onnx"
        if (TRAININGS / name).is_dir() and source.is_file():
            shutil.copy(source, MODELS / f"{name}.onnx")


def write() -> None:
    """`models_onnx/paper/README.md`."""
    lines = [
        "`models_onnx/paper/`: the models of tables 1 to 3 of `docs/paper`, each trained by "
        "`sparsesim train`.",
        "",
        "Written by `python -m paper models` (`paper/models.py`). The recipes are those of "
        "`sparsesim/train/recipes` but for what stands under changes; `paper/runs.py` has the "
        "commands. Accuracy is that of the whole test set behind the last epoch.",
        "",
        "| file | data | epochs | changes | top-1 | licence |",
        "|---|---|---:|---|---:|---|",
    ]
    sums = []
    for name in _names():
        path = MODELS / f"{name}.onnx"
        if not path.is_file():
            continue
        record = json.loads((TRAININGS / name / "training.json").read_text(encoding="utf-8"))
        recipe, data = record["recipe"], record["data"]["source"]
        penalties = ", ".join(f"{key} {recipe[key]:g}" for key in ("l1", "l2") if recipe[key])
        lines.append(
            f"| `{path.name}` | {data} | {recipe['epochs']} | {penalties} | "
            f"{record['test_accuracy'][-1]:.2%} | {_LICENCES[data]} |"
        )
        sums.append(f"| `{path.name}` | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |")
    lines += ["", "| file | sha256 |", "|---|---|", *sums, ""]
    lines += [
        "The test images play a part in no training; the search of tables 1 to 3 uses one half of "
        "them, its test the other.",
    ]
    write_text(MODELS / "README.md", "\n".join(lines) + "\n", force=True)
    print("Wrote models_onnx/paper/README.md")


def _names() -> list[str]:
    return [f"{table.model}-{penalty.lower()}" for table in TABLES for penalty in PENALTIES]
