"""`sparsesim data`: fetch a public data set, its sums checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.progress import download_progress


def data(
    name: Annotated[str, typer.Argument(help="A data set (see 'list data').")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for its files.")],
) -> None:
    """Fetch a public data set from its home; what was cut goes on, what is there stays."""
    from sparsesim.errors import SparseSimError, SpecError, nearest
    from sparsesim.train.fetching import fetch
    from sparsesim.train.public import PUBLIC

    if name not in PUBLIC:
        raise SpecError(f"unknown data set '{name}'; {nearest(name, PUBLIC)}")
    if not output.parent.is_dir():
        raise SparseSimError(f"{output}: its folder does not exist")
    if output.exists() and not output.is_dir():
        raise SparseSimError(f"{output}: is a file; name a folder")
    wanted = PUBLIC[name]
    made = not output.exists()
    output.mkdir(exist_ok=True)
    try:
        with download_progress() as show:
            fetch(wanted, output, progress=show)
    finally:
        if made and not any(output.iterdir()):
            output.rmdir()
    options.said(output, f"sparsesim train {wanted.topology} --data {output} -o {wanted.topology}")
