"""`sparsesim report`: a result as text, CSV, Markdown or HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparsesim.cli import options


def report(
    result: Annotated[
        str, typer.Argument(help="What 'estimate -o', 'search -o' or 'sweep -o' wrote.")
    ],
    kind: Annotated[str, typer.Option("--as", help="text, csv, markdown or html.")] = "text",
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write there; default: print.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Show a stored result; nothing is computed anew."""
    from sparsesim.files import refuse_existing, write_text
    from sparsesim.report import check_kind, render
    from sparsesim.report.text import text
    from sparsesim.result import load_result
    from sparsesim.search.files import is_search

    check_kind(kind)
    if output:
        refuse_existing(output, force)
    if Path(result).is_dir():
        _show_sweep(result, kind, output, force)
        return
    if is_search(result):
        _show_search(result, kind, output)
        return
    found = load_result(result)
    if output:
        write_text(output, render(found, kind), force)
        options.said(output)
    elif kind == "text":
        options.show(text(found))
    else:
        typer.echo(render(found, kind), nl=False)


def _show_search(path: str, kind: str, output: str | None) -> None:
    from sparsesim.errors import SpecError
    from sparsesim.report.search import search_report
    from sparsesim.search.files import load_search

    if kind != "text" or output:
        raise SpecError(f"{path}: is a search, which is shown as text on the terminal only")
    options.show(search_report(load_search(path)))


def _show_sweep(folder: str, kind: str, output: str | None, force: bool) -> None:
    from sparsesim.errors import SpecError
    from sparsesim.files import write_text
    from sparsesim.report.console import plain
    from sparsesim.report.sweep import sweep_csv, sweep_text
    from sparsesim.sweep.result import load_sweep_result

    if kind not in ("text", "csv"):
        raise SpecError(f"{folder}: is a sweep, which is shown as text or csv")
    found = load_sweep_result(folder)
    if output:
        write_text(output, sweep_csv(found) if kind == "csv" else plain(sweep_text(found)), force)
        options.said(output)
    elif kind == "csv":
        typer.echo(sweep_csv(found), nl=False)
    else:
        options.show(sweep_text(found))
