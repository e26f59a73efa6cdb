"""One command a table or figure: `python -m paper NAME ... [--data DIR] [--more DIR] [--runs DIR]`.

With the folders named, what a page needs is measured first; without, the page is written from what
was measured before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from paper import alexnet, beyond, cuts, gradients, models, resnet50, searched, totals
from paper.places import Places
from sparsesim.errors import SparseSimError


def _pages() -> dict[str, tuple[Callable[[Places], None] | None, Callable[[], None]]]:
    """Name -> how it is measured, and how it is written."""
    found: dict[str, tuple[Callable[[Places], None] | None, Callable[[], None]]] = {}
    found["models"] = models.copy, models.write
    for table in searched.TABLES:
        found[table.table] = partial(searched.measure, table), partial(searched.write, table)
    found["table4"] = (alexnet.measure, alexnet.write)
    found["table5"] = (resnet50.measure, resnet50.write)
    found["table6"] = (None, totals.write)
    found["activations"] = (beyond.measure_activations, beyond.write_activations)
    found["joint"] = (beyond.measure_joint, beyond.write_joint)
    found["cuts"] = (cuts.measure, cuts.write)
    found["figure2"] = (gradients.collect, gradients.write_figure2)
    for figure in gradients.EVOLUTIONS:
        found[figure.figure] = gradients.collect, partial(gradients.write_evolution, figure)
    found["traffic"] = (gradients.collect, beyond.write_traffic)
    return found


def main() -> None:
    """Measures and writes the pages that were named."""
    pages = _pages()
    parser = argparse.ArgumentParser(prog="python -m paper", description=__doc__)
    parser.add_argument("names", nargs="+", help=", ".join([*pages, "all"]))
    parser.add_argument(
        "--data", type=Path, help="folder of mnist, cifar10, tiny-imagenet-100.npz (paper/runs.py)"
    )
    parser.add_argument("--more", type=Path, help="folder of models and imagenet-sample-1000")
    parser.add_argument("--runs", type=Path, help="folder of trainings, of python -m paper.train")
    options = parser.parse_args()
    names = list(pages) if options.names == ["all"] else options.names
    if unknown := [name for name in names if name not in pages]:
        parser.error(f"no table or figure '{unknown[0]}'; use {', '.join([*pages, 'all'])}")
    none = Path("/nonexistent")
    places = Places(options.data or none, options.more or none, options.runs or none)
    try:
        for name in names:
            measure, write = pages[name]
            needs = options.data
            if name in ("table4", "table5"):
                needs = options.more
            elif measure in (gradients.collect, models.copy):
                needs = options.runs
            if measure and needs:
                measure(places)
            write()
    except SparseSimError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
