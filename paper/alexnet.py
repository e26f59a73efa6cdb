"""Table 4: AlexNet. The convolutions' ImageNet weights are to be had, the other layers' are not.

So there is no accuracy and no search: activations are measured, and of the weights how many a
threshold would take, and which threshold would give the paper's sparsity.
"""

from __future__ import annotations

import json

import numpy as np

from paper.page import Page, difference, share
from paper.places import MEASURED, Places
from paper.published import published
from sparsesim.files import write_text

_FILE = MEASURED / "alexnet.json"
_MODEL = "models/alexnet-features/alexnet_features_imagenet.onnx"
_SHARES = (0.05, 0.1, 0.25, 0.5)


def measure(places: Places) -> None:
    """Count zeros of 1,000 photos, and sort the weights."""
    import sparsesim as ss
    from paper.photos import photos
    from sparsesim.trace.zeros import activation_zeros

    graph = ss.load(places.more / _MODEL)
    inputs = photos(places, graph)
    table = activation_zeros(graph, inputs.feeds())
    layers = []
    aims = published("table4")["weights"]["L2"]
    for number, (layer, row) in enumerate(zip(graph.layers, table.layers, strict=True), start=1):
        weight = np.abs(graph.constants[layer.weight]).reshape(-1)
        name = f"conv{number}"
        layers.append(
            {
                "name": name,
                "weights": int(weight.size),
                "zeros": int(np.count_nonzero(weight == 0)),
                "deviation": float(graph.constants[layer.weight].std()),
                "quantiles": [float(np.quantile(weight, share)) for share in _SHARES],
                "threshold_of_paper": float(np.quantile(weight, aims[name])),
                "activation_sparsity": row.sparsity,
            }
        )
    record = {"images": table.images, "layers": layers}
    write_text(_FILE, json.dumps(record, indent=1) + "\n", force=True)


def write() -> None:
    """The page, from what was measured."""
    found = json.loads(_FILE.read_text(encoding="utf-8"))
    printed = published("table4")
    page = Page(
        "table4",
        "Table 4: AlexNet, weight and activation sparsity",
        "Written by `python -m paper table4` (`paper/alexnet.py`) from torchvision's AlexNet "
        f"convolutions (BSD-3) on {found['images']:,} ImageNet photos, one a class "
        "(non-commercial research).",
    )
    page.text(
        "**No accuracy, no search**: the fully connected layers' weights could not be had, so no "
        "threshold can be said to keep the accuracy, and the rows fc6 to fc8 are missing."
    )
    page.heading("Activation sparsity")
    theirs = printed["activations"]["L2"]
    page.table(
        ["layer", "L2 paper", "ours, no thresholds", "diff."],
        [
            [
                row["name"],
                share(theirs[row["name"]]),
                share(row["activation_sparsity"]),
                difference(row["activation_sparsity"], theirs[row["name"]]),
            ]
            for row in found["layers"]
        ],
    )
    page.heading("Weights")
    aims = printed["weights"]["L2"]
    page.table(
        [
            "layer",
            "weights",
            "exact zeros",
            "std",
            *(f"{s:.0%} lie below" for s in _SHARES),
            "paper's sparsity",
            "needs threshold",
            "in std",
        ],
        [
            [
                row["name"],
                f"{row['weights']:,}",
                f"{row['zeros']:,}",
                f"{row['deviation']:.4f}",
                *(f"{q:.4f}" for q in row["quantiles"]),
                share(aims[row["name"]]),
                f"{row['threshold_of_paper']:.4f}",
                f"{row['threshold_of_paper'] / row['deviation']:.2f}",
            ]
            for row in found["layers"]
        ],
    )
    page.remarks()
    page.write()
