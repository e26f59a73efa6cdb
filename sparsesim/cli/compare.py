"""`sparsesim compare`: what changed between two results."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options


def compare(
    before: Annotated[str, typer.Argument(help="A JSON file of 'estimate -o'.")],
    after: Annotated[str, typer.Argument(help="Another.")],
) -> None:
    """What changed between two results, layer by layer."""
    from sparsesim.report.compare import compare as compared
    from sparsesim.result import load_result

    options.show(compared(load_result(before), load_result(after)))
