"""`sparsesim report`: a result as text, CSV, Markdown or HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparsesim.cli import options

_SWEEP_KINDS = ("text", "csv", "parquet", "html")


def report(
    result: Annotated[
        str, typer.Argument(help="What 'estimate -o', 'search -o' or 'sweep -o' wrote.")
    ],
    kind: Annotated[
        str,
        typer.Option("--as", help="text, csv, markdown, html; of a sweep also parquet."),
    ] = "text",
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

    if output:
        refuse_existing(output, force)
    if Path(result).is_dir():
        _show_sweep(result, kind, output, force)
        return
    check_kind(kind)
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
    from sparsesim.files import write_text, writing
    from sparsesim.report.console import plain
    from sparsesim.report.sweep import sweep_csv, sweep_text
    from sparsesim.sweeps.result import load_sweep_result, open_details

    if kind not in _SWEEP_KINDS:
        raise SpecError(f"{folder}: is a sweep, which is shown as {', '.join(_SWEEP_KINDS)}")
    if kind == "parquet" and not output:
        raise SpecError("parquet is no text; name a file by -o")
    found = load_sweep_result(folder)
    if kind == "parquet":
        assert output is not None
        with writing(output, force) as beside:
            found.frame().write_parquet(beside)
        options.said(output)
        return
    if kind == "text" and not output:
        options.show(sweep_text(found))
        return
    if kind == "html":
        from sparsesim.report.sweep_html import sweep_html

        with open_details(folder) as details:
            written = sweep_html(found, details)
    else:
        written = sweep_csv(found) if kind == "csv" else plain(sweep_text(found))
    if output:
        write_text(output, written, force)
        options.said(output)
    else:
        typer.echo(written, nl=False)
