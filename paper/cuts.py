"""Where to cut ResNet-14 over devices: is it behind unit 1 of each block, as section 3.1 has it?"""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from paper.page import Page, share
from paper.places import MEASURED, MODELS, Places
from paper.searched import RESNET14, RESNET14_CIFAR10, Searched, test_images
from sparsesim.files import write_text

NETWORKS = (RESNET14_CIFAR10, RESNET14)
_IMAGES = 200


def measure(places: Places) -> None:
    """Every cut of the models trained with L2; seconds."""
    import sparsesim as ss
    from sparsesim.cuts import rank_cuts
    from sparsesim.search.images import part

    for table in NETWORKS:
        graph = ss.load(MODELS / f"{table.model}-l2.onnx")
        found = rank_cuts(graph, part(test_images(table, places, graph), 0, _IMAGES))
        kept = {
            "images": found.images,
            "float_bits": found.float_bits,
            "given": asdict(found.given) if found.given else None,
            "cuts": [asdict(cut) for cut in found.cuts],
            "blocks": [asdict(block) for block in found.blocks],
        }
        write_text(_file(table), json.dumps(kept, indent=1) + "\n", force=True)


def write() -> None:
    """The page, from what was measured."""
    page = Page(
        "cuts",
        "Where to cut ResNet-14",
        "Written by `python -m paper cuts` (`paper/cuts.py`) from the models trained with L2; "
        "`sparsesim cut MODEL --inputs …` gives the same of any network. ResNet-50's: "
        "[docs/results/cuts.md](../results/cuts.md).",
    )
    page.text(
        "The paper takes sparse activations for good places to split a network over devices, and "
        "names unit 1 of each block (section 3.1). What is sent is bytes, in which the tensor's "
        "size counts, too."
    )
    for table in NETWORKS:
        _network(page, table)
    page.remarks()
    page.write()


def _network(page: Page, table: Searched) -> None:
    found = json.loads(_file(table).read_text(encoding="utf-8"))
    by_rank = {cut["rank"]: cut for cut in found["cuts"]}
    units = {b["block"]: by_rank[b["rank"]] for b in found["blocks"] if b["rank"] is not None}
    page.heading(f"`{table.model}-l2`, {found['images']} test images")
    rows = []
    for _, group in groupby(units.items(), key=lambda item: item[0].partition("/")[0]):
        members = list(group)
        ranks = sorted(cut["rank"] for _, cut in members)
        for name, cut in members:
            sent = cut["sent"]
            rows.append(
                [
                    name,
                    share(sent["sparsity"]),
                    f"{sent['bytes']['dense']['mean']:,.0f}",
                    f"{_sent(sent):,.0f}",
                    sent["best"],
                    f"{cut['rank']}{' ▸' if cut['is_frontier'] else ''}",
                    f"{ranks.index(cut['rank']) + 1} of {len(ranks)}",
                    f"{cut['macs_in_front']:.1%}",
                ]
            )
    page.table(
        ["cut behind", "zeros", "dense bytes", "sent bytes", "format",
         f"rank of {len(found['cuts'])}", "in its block", "MACs in front"],
        rows,
    )  # fmt: skip
    page.text(
        f"Bytes an image, values at {found['float_bits']} bits. The picture itself takes "
        f"{_sent(found['given']):,.0f}. ▸: no cut with as few MACs in front sends less."
    )


def _sent(sent: dict[str, Any]) -> float:
    return float(sent["bytes"][sent["best"]]["mean"])


def _file(table: Searched) -> Path:
    return MEASURED / f"{table.model}-l2-cuts.json"
