"""`sparsesim report`: a result as text, CSV, Markdown or HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options

if TYPE_CHECKING:
    from sparsesim.sweeps.result import SweepResult

_SWEEP_KINDS = ("text", "csv", "parquet", "markdown", "html", "png", "svg", "toml")

_CHOICE_KINDS = ("text", "html", "toml")


def report(
    result: Annotated[
        str, typer.Argument(help="What 'estimate', 'choose', 'search' or 'sweep' -o wrote.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--as",
            help="text, csv, markdown, html; of a sweep also parquet, png and svg (a folder of "
            "charts), and toml (the accelerator of --point).",
        ),
    ] = "text",
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write there; default: print.")
    ] = None,
    point: Annotated[
        str | None,
        typer.Option("--point", help="Of a sweep: one point, by the start of its key."),
    ] = None,
    force: options.Force = False,
) -> None:
    """Show a stored result; nothing is computed anew."""
    from sparsesim.choice.file import is_choice
    from sparsesim.errors import SpecError
    from sparsesim.files import refuse_existing, write_text
    from sparsesim.report import check_kind, render
    from sparsesim.report.text import text
    from sparsesim.result import load_result
    from sparsesim.search.files import is_search

    if Path(result).is_dir():
        _show_sweep(result, kind, output, point, force)
        return
    if point is not None:
        raise SpecError(f"{result}: is no sweep; leave --point out")
    if output:
        refuse_existing(output, force)
    if is_choice(result):
        _show_choice(result, kind, output, force)
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


def _show_choice(path: str, kind: str, output: str | None, force: bool) -> None:
    from sparsesim.choice.file import load_choice
    from sparsesim.errors import SpecError, nearest
    from sparsesim.files import write_text
    from sparsesim.report.choice import choice_text
    from sparsesim.report.choice_words import saved
    from sparsesim.report.console import plain

    if kind not in _CHOICE_KINDS:
        raise SpecError(f"--as {kind}: no report of a choice; {nearest(kind, _CHOICE_KINDS)}")
    found = load_choice(path)
    if kind == "text" and not output:
        options.show(choice_text(found))
        return
    if kind == "html":
        from sparsesim.report.choice_html import choice_html

        written = choice_html(found)
    else:
        written = saved(found) if kind == "toml" else plain(choice_text(found))
    if output:
        write_text(output, written, force)
        options.said(output)
    else:
        typer.echo(written, nl=False)


def _show_search(path: str, kind: str, output: str | None) -> None:
    from sparsesim.errors import SpecError
    from sparsesim.report.search import search_report
    from sparsesim.search.files import load_search

    if kind != "text" or output:
        raise SpecError(f"{path}: is a search, which is shown as text on the terminal only")
    options.show(search_report(load_search(path)))


def _show_sweep(folder: str, kind: str, output: str | None, point: str | None, force: bool) -> None:
    from sparsesim.errors import SpecError, nearest
    from sparsesim.files import refuse_existing, refuse_filled, write_text, writing
    from sparsesim.sweeps.result import load_sweep_result

    if kind not in _SWEEP_KINDS:
        raise SpecError(f"--as {kind}: no report of a sweep; {nearest(kind, _SWEEP_KINDS)}")
    if (kind == "toml") != (point is not None):
        raise SpecError("--as toml and --point KEY go together; give both or none")
    if kind in ("parquet", "png", "svg") and not output:
        what = "a file" if kind == "parquet" else "a folder for the charts"
        raise SpecError(f"{kind} is no text; name {what} by -o")
    if output and kind in ("png", "svg"):
        refuse_filled(Path(output), force)
    elif output:
        refuse_existing(output, force)
    found = load_sweep_result(folder)
    if kind in ("png", "svg"):
        assert output is not None
        _write_images(found, folder, kind, Path(output))
    elif kind == "parquet":
        assert output is not None
        with writing(output, force) as beside:
            found.frame().write_parquet(beside)
        options.said(output)
    elif kind == "text" and not output:
        from sparsesim.report.sweep import sweep_text

        options.show(sweep_text(found))
    else:
        written = _sweep_text(found, folder, kind, point)
        if output:
            write_text(output, written, force)
            options.said(output)
        else:
            typer.echo(written, nl=False)


def _sweep_text(found: SweepResult, folder: str, kind: str, point: str | None) -> str:
    from sparsesim.report.console import plain
    from sparsesim.report.sweep import sweep_csv, sweep_text
    from sparsesim.sweeps.result import open_details

    if kind == "csv":
        return sweep_csv(found)
    if kind == "text":
        return plain(sweep_text(found))
    if kind == "markdown":
        from sparsesim.report.sweep_markdown import sweep_markdown

        return sweep_markdown(found)
    if kind == "toml":
        from sparsesim.report.sweep_tables import accelerator_toml

        return accelerator_toml(found.row(str(point)), folder)
    from sparsesim.report.sweep_html import sweep_html

    with open_details(folder) as details:
        return sweep_html(found, details)


def _write_images(found: SweepResult, folder: str, kind: str, into: Path) -> None:
    from sparsesim.errors import SpecError
    from sparsesim.files import write_folder
    from sparsesim.report.sweep_images import sweep_images
    from sparsesim.sweeps.result import open_details

    if not len(found.answers):
        raise SpecError(f"{folder}: no point was measured that keeps the constraints; none to draw")
    with open_details(folder) as details:
        write_folder(into, dict(sweep_images(found, details, kind)))
    options.said(into)
