"""Table 6: total weight sparsity of every network, from what tables 1 to 5 measured."""

from __future__ import annotations

from paper.page import Page, difference, share
from paper.published import published
from paper.searched import PENALTIES, TABLES


def write() -> None:
    """The page."""
    from paper import resnet50
    from sparsesim.search.files import load_search

    printed = published("table6")["weights"]
    rows: list[tuple[str, str, list[float | None]]] = []
    for table in TABLES:
        ours = [table.measured(penalty, "halving").weight_sparsity for penalty in PENALTIES]
        rows.append((table.name, table.network, [*ours]))
    rows.append(("AlexNet", "AlexNet", [None, None]))
    rows.append(("ResNet-50", "ResNet 50", [load_search(resnet50._FILE).weight_sparsity, None]))
    page = Page(
        "table6",
        "Table 6: total weight sparsity",
        "Written by `python -m paper table6` (`paper/totals.py`) from what tables 1, 2, 3 and 5 "
        "measured.",
    )
    lines = []
    for name, network, values in rows:
        line = [name]
        for penalty, value in zip(PENALTIES, values, strict=True):
            theirs = printed[penalty].get(network)
            line += [share(theirs), share(value), difference(value, theirs)]
        lines.append(line)
    page.table(["network", "L2 paper", "L2 ours", "diff.", "L1 paper", "L1 ours", "diff."], lines)
    page.text(
        "AlexNet's fully connected layers, which hold 94 % of its weights, could not be had; "
        "ResNet-50 has vector-quantised weights and was not trained with L1 (nor was it in the "
        "paper, with success)."
    )
    page.remarks()
    page.write()
