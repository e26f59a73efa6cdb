"""The command line: `sparsesim VERB`; one verb a file. Heavy modules load inside the verbs."""

from __future__ import annotations

import os
import sys
import warnings

import typer

from sparsesim.cli import (
    breakeven,
    choose,
    compare,
    cosim,
    cut,
    data,
    emulate,
    estimate,
    explain,
    export,
    interrupt,
    list_,
    queues,
    report,
    search,
    show,
    sparsify,
    streams,
    sweep,
    synth,
    traffic,
    train,
)
from sparsesim.cli.spread import spread
from sparsesim.errors import SparseSimError

app = typer.Typer(
    help="What would a sparse FPGA accelerator make of this network? Exact cycles, memory and "
    "energy from an ONNX file and real inputs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("show")(spread(show.show))
app.command("estimate")(spread(estimate.estimate))
app.command("choose")(spread(choose.choose))
app.command("report")(spread(report.report))
app.command("compare")(spread(compare.compare))
app.command("explain")(spread(explain.explain))
app.command("breakeven")(spread(breakeven.breakeven))
app.command("queues")(spread(queues.queues))
app.command("sparsify")(spread(sparsify.sparsify))
app.command("search")(spread(search.search))
app.command("sweep")(spread(sweep.sweep))
app.command("cosim")(spread(cosim.cosim))
app.command("emulate")(spread(emulate.emulate))
app.command("cut")(spread(cut.cut))
app.command("export")(spread(export.export))
app.command("synth")(spread(synth.synth))
app.command("traffic")(spread(traffic.traffic))
app.command("train")(spread(train.train))
app.command("data")(spread(data.data))
app.command("list")(spread(list_.list_))


def _print_version(wanted: bool) -> None:
    if wanted:
        import sparsesim

        typer.echo(f"sparsesim {sparsesim.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 2."""
    if sys.platform == "win32":  # builds and sweeps lock files as POSIX does
        print("error: sparsesim runs on Linux and macOS; on Windows use WSL", file=sys.stderr)
        sys.exit(2)
    interrupt.watch()
    streams.prepare()
    if not sys.warnoptions:  # of libraries, for whoever writes Python
        warnings.simplefilter("ignore")
    try:
        try:
            app()
        except Exception:
            interrupt.check()  # what a library makes of a Ctrl-C within it
            raise
        finally:
            sys.stdout.flush()  # a full disk behind it shows here, not while Python exits
    except SparseSimError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except MemoryError:
        print("error: out of memory", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # stdout or the temporary folder on a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it again
        if isinstance(error, BrokenPipeError):  # `| head` has all that it wants
            sys.exit(1)
        where = error.filename or "standard output"
        print(f"error: {where}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:  # a mistake in a file of one's own; ours keeps its traceback
        from sparsesim.own_file import where_failed

        said = where_failed(error)
        if not said:
            raise
        print(f"error: {said}", file=sys.stderr)
        sys.exit(2)
