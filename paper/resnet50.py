"""Table 5: ResNet-50 on ImageNet photos, with vector-quantised weights.

A layer has at most 256 different rows of weights, so a threshold takes many equal weights at once.
Searched on 400 of the 1,000 photos and tested on the other 600, which behave like training images.
"""

from __future__ import annotations

from paper.page import Page, difference, share
from paper.places import MEASURED, Places
from paper.published import published
from paper.searched import SCHEMES, without_paths
from sparsesim.search.files import load_search, save_search

_FILE = MEASURED / "resnet50.json"
_MODEL = "models/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx"
_SEARCHED = 400
UNITS = {"block1": 3, "block2": 4, "block3": 6, "block4": 3}


def named_blocks() -> dict[str, list[str]]:
    """The paper's names for torchvision's: layer1.0 is block1/unit_1."""
    found = {"conv1": ["conv1.*"]}
    for number, (block, units) in enumerate(UNITS.items(), start=1):
        for unit in range(units):
            found[f"{block}/unit_{unit + 1}"] = [f"layer{number}.{unit}.*"]
    return found


def measure(places: Places) -> None:
    """The search; twenty minutes on two cores."""
    import sparsesim as ss
    from paper.photos import photos
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import part
    from sparsesim.search.searching import SearchSpec, find_thresholds

    graph = ss.load(places.more / _MODEL)
    inputs = photos(places, graph)
    found = find_thresholds(
        graph,
        part(inputs, 0, _SEARCHED),
        part(inputs, _SEARCHED, inputs.count),
        SearchSpec(grid=Grid.read("halving"), cycle_images=2, memory_mib=6000),
        named_blocks=named_blocks(),
        raw=ss.load(places.more / _MODEL, raw_weights=True),
        progress=lambda label, done, total: print(f"{label} {done}/{total}", flush=True),
    )
    result = without_paths(found.result, "resnet50_pqf_large_vq.onnx", "imagenet-sample-1000")
    save_search(result, _FILE, force=True)


def write() -> None:
    """The page, from what was measured."""
    found = load_search(_FILE)
    printed = published("table5")
    page = Page(
        "table5",
        "Table 5: ResNet-50, weight and activation sparsity",
        "Written by `python -m paper table5` (`paper/resnet50.py`) from the ResNet-50 of uber-"
        "research/permute-quantize-finetune (Uber non-commercial licence) on 1,000 ImageNet photos "
        "(non-commercial research).",
    )
    page.text(
        "**Every number here is of vector-quantised weights**: a layer has at most 256 different "
        "code words. "
        f"The search saw {found.search.images} photos, the test the other {found.test.images}; the "
        "photos behave like training images."
    )
    weights, activations = printed["weights"]["L2"], printed["activations"]["L2"]
    rows = []
    for row in found.blocks:
        rows.append(
            [
                row.name,
                share(weights[row.name]),
                share(row.weight_sparsity),
                difference(row.weight_sparsity, weights[row.name]),
                share(activations[row.name]),
                share(row.activation_sparsity),
                difference(row.activation_sparsity, activations[row.name]),
                share(row.activation_sparsity_before),
                *(f"{row.cycles[scheme]:,.0f}" for scheme in SCHEMES),
            ]
        )
    total = published("table6")["weights"]["L2"]["ResNet 50"]
    rows.append(
        [
            "all",
            share(total),
            share(found.weight_sparsity),
            difference(found.weight_sparsity, total),
            *[""] * 4,
            *(f"{found.cycles[scheme]:,.0f}" for scheme in SCHEMES),
        ]
    )
    page.table(
        ["layer", "weights, paper", "ours", "diff.", "activations, paper", "ours", "diff.", "off",
         *SCHEMES],
        rows,
    )  # fmt: skip
    page.text(
        "off: activation sparsity with all weight thresholds off. The last four columns are total "
        f"cycles an image on the 16 x 16 array, mean of {found.cycle_images} photos."
    )
    test = found.test
    page.text(
        f"Top-1 on the test photos: {test.baseline / test.images:.2%} before, "
        f"{test.together / test.images:.2%} with all thresholds, relative {test.relative:.3f} "
        f"(paper {printed['relative_accuracy']['L2']:.3f})."
    )
    page.remarks()
    page.write()
