"""Small sweeps of the bundled LeNet for several tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sparsesim.sweeps.metrics import COSTLY
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.spec import SweepSpec

ROOT = Path(__file__).resolve().parent.parent.parent
LENET = ROOT / "models_onnx" / "lenet.onnx"
DIGITS = ROOT / "models_onnx" / "mnist_test_300.npz"
SPACE = {"rows": [4, 8], "cols": [4, 8], "queue_depth": [1, 2], "skipping": ["none", "two_sided"]}


def small(**changes: Any) -> SweepSpec:
    """Sixteen points on one image, with changes."""
    network = {"model": str(LENET), "inputs": str(DIGITS), "images": 1}
    return SweepSpec(**({"name": "small", "networks": [network], "space": SPACE} | changes))


def rows_of(folder: Path) -> list[tuple]:
    """Everything but the seconds, and comparisons that only fronts of earlier sweeps needed."""
    result = load_sweep_result(folder)
    return [
        (
            row.key,
            row.hash,
            row.parameters,
            row.metrics | ({} if row.key in result.front_keys else {COSTLY: None}),
            row.error,
        )
        for row in result.rows
    ]
