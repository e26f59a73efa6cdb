"""Where things lie: data sets and models that are not part of sparsesim, and what is made here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "paper" / "measured"
REMARKS = ROOT / "paper" / "remarks"
PAGES = ROOT / "docs" / "paper"
MODELS = ROOT / "models_onnx" / "paper"


@dataclass(frozen=True)
class Places:
    """Folders that the user names.

    Attributes:
        data: holds `mnist`, `cifar10` and `tiny-imagenet-100.npz`.
        more: holds `models/` and `imagenet-sample-1000/` (AlexNet, ResNet-50 and photos).
        runs: trainings of `python -m paper.train`.
    """

    data: Path
    more: Path
    runs: Path
