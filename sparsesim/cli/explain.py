"""`sparsesim explain`: what bounds a layer, and which parameter lifts it."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options


def explain(
    result: Annotated[str, typer.Argument(help="A JSON file of 'estimate -o'.")],
    layer: Annotated[str, typer.Argument(help="A layer's name.")],
) -> None:
    """What bounds one layer (work, imbalance, drain, DRAM ...) and which parameter lifts it."""
    from sparsesim.report.explain import explain as explained
    from sparsesim.result import load_result

    options.show(explained(load_result(result), layer))
