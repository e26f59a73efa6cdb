"""Table 6: total weight sparsity of every network, from what tables 1 to 5 measured."""

from __future__ import annotations

from paper.page import Page, difference, share
from paper.published import published
from paper.searched import CIFARNET, LENET, PENALTIES, RESNET14


def write() -> None:
    """The page."""
    from paper import resnet50
    from sparsesim.search.files import load_search

    printed = published("table6")["weights"]
    ours: dict[str, list[float | None]] = {}
    for table in (LENET, CIFARNET, RESNET14):
        ours[table.network] = [
            table.measured(penalty, "halving").weight_sparsity for penalty in PENALTIES
        ]
    ours["AlexNet"] = [None, None]
    ours["ResNet 50"] = [load_search(resnet50._FILE).weight_sparsity, None]
    page = Page(
        "table6",
        "Table 6: total weight sparsity",
        "Written by `python -m paper table6` (`paper/totals.py`) from what tables 1, 2, 3 and 5 "
        "measured.",
    )
    rows = []
    for network, values in ours.items():
        row = [network]
        for penalty, value in zip(PENALTIES, values, strict=True):
            theirs = printed[penalty].get(network)
            row += [share(theirs), share(value), difference(value, theirs)]
        rows.append(row)
    page.table(["network", "L2 paper", "L2 ours", "diff.", "L1 paper", "L1 ours", "diff."], rows)
    page.text(
        "AlexNet's fully connected layers, which hold 94 % of its weights, could not be had; "
        "ResNet-50 has vector-quantised weights and was not trained with L1 (nor was it in the "
        "paper, with success)."
    )
    page.remarks()
    page.write()
