"""`sparsesim report`: a result as text, CSV, Markdown or HTML."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options


def report(
    result: Annotated[str, typer.Argument(help="A JSON file of 'estimate -o', or of 'search -o'.")],
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
