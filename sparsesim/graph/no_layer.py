"""A model of which nothing runs on the array: there is nothing to estimate or to simulate."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim.errors import ModelError
from sparsesim.graph.host_work import HostWork


def require_layers(source: str, layers: Sequence[object], host: HostWork) -> None:
    """Refuse a model without a layer, and say what the host runs.

    Args:
        source: the model's name.
        layers: of its graph or trace.
        host: what runs there.
    Raises:
        ModelError: there is no layer.
    """
    if layers:
        return
    listed = ", ".join(f"{count} {op}" for op, count in sorted(host.operators.items()))
    why = "".join(f"; {node}: {reason}" for node, reason in list(host.reasons.items())[:1])
    raise ModelError(
        f"{source}: no layer runs on the array; the host runs {listed or 'nothing'}{why}"
    )
