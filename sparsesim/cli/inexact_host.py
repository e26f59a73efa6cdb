"""What verbs say whose results hold no warnings: host operators that are inexact here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sparsesim.engine.runtime_products import Saturates, saturates

if TYPE_CHECKING:
    from sparsesim.graph import Graph


def tell_inexact_host(graph: Graph, saturates: Saturates = saturates) -> None:
    """A line on stderr where ONNX Runtime's 8-bit products on the host saturate.

    Args:
        graph: as it will be executed.
        saturates: which kernels do; default: those of this processor.
    """
    from sparsesim.estimator.saturation import host_warning
    from sparsesim.trace.saturation import inexact_host

    nodes = inexact_host(graph, saturates)
    if nodes:
        typer.echo(f"warning: {host_warning(nodes)}", err=True)
