"""From what a user names to a trace: an ONNX file that is executed, or a trace that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from sparsesim.cli.feeding import Feeding
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs
    from sparsesim.trace import Trace


@dataclass(frozen=True)
class Opened:
    """A trace and what makes it.

    Attributes:
        trace: lazy.
        made: the graph that makes it, its inputs, and the blocks that thresholds name; None where
            the trace is a file.
    """

    trace: Trace
    made: tuple[Graph, Inputs, dict[str, list[str]] | None] | None


def opened(
    model: str,
    reading: Reading,
    feeding: Feeding,
    images: int | None,
    labels: str | None,
    label_offset: int,
    thresholds: str | None,
    quantize: bool,
    seed: int,
    cuts_images: bool = False,
) -> Opened:
    """A trace whose images are executed or read while they are gone through: memory stays bounded.

    Args:
        model: an ONNX file or a saved trace.
        cuts_images: the verb takes the first `images` of a saved trace itself; of a model it takes
            those of one run where none are named.
    Raises:
        InputError: an option that execution takes, given with a saved trace.
    """
    import sparsesim as ss
    from sparsesim.trace.prepare import rewritten
    from sparsesim.trace.store import is_trace

    if is_trace(model):
        given: dict[str, object] = {
            **reading.given(),
            **feeding.given(),
            "--thresholds": thresholds,
            "--quantize": quantize,
            "--labels": labels,
            "--images": images and not cuts_images,
        }
        _refuse_execution(model, given)
        return Opened(ss.load_trace(model), None)
    graph = reading.load(model)
    one_run = cuts_images and images is None
    fed = feeding.open(graph, images, seed, labels, label_offset, one_run)
    wanted = ss.Thresholds.from_toml(thresholds) if thresholds else None
    if wanted is not None and wanted.intrinsic:
        typer.echo(f"{thresholds}: its [intrinsic] is for 'emulate'; left out here", err=True)
    graph, named_blocks = rewritten(graph, fed, wanted, quantize)
    trace = ss.execute(graph, fed, named_blocks=named_blocks, lazy=True)
    return Opened(trace, (graph, fed, named_blocks))


def _refuse_execution(trace: str, given: dict[str, object]) -> None:
    from sparsesim.errors import InputError

    for name, value in given.items():
        if value:
            raise InputError(f"{trace}: is a trace, executed already; leave {name} out")
