"""What `show` says is of one image: of those that one run takes, each has its share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.graph.batch import BatchAxis


def of_one_image(graph: Graph, wanted: BatchAxis) -> tuple[Graph, dict[str, Any]]:
    """A graph whose shapes are those of a run of as few images as it may have.

    Args:
        graph: as loaded.
        wanted: what the user says of batch axes.
    Returns:
        the graph; and, for `an_image`: `images_per_run`, `batch_axes` by input, `warnings`.
    """
    import numpy as np

    from sparsesim.graph.batch import find_batches, of_one_batch
    from sparsesim.graph.shapes import declared_shape
    from sparsesim.inputs import InputSpec
    from sparsesim.inputs.feed import doubts, images_per_run

    found = find_batches(graph, wanted)
    specs = []
    for value in graph.inputs:
        sizes = declared_shape(value) or ()
        batch, dtype = found[value.name], graph.types.get(value.name, np.dtype(np.float32))
        why = batch.why if batch.doubt else ""
        specs.append(InputSpec(value.name, sizes, dtype, batch.axis, why))
    return of_one_batch(graph, found), {
        "images_per_run": images_per_run(specs),
        "batch_axes": {spec.name: spec.batch_axis for spec in specs},
        "warnings": list(doubts(specs)),
    }


def an_image(facts: dict[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a run as those of an image: its MACs.

    Args:
        facts: of `show`, of one run.
        about: of `of_one_image`; comes in beside them.
    """
    size = about["images_per_run"]
    host = facts["host"]
    return {
        **facts,
        "layers": [{**layer, "macs": _share(layer["macs"], size)} for layer in facts["layers"]],
        "macs": _share(facts["macs"], size),
        "host": {**host, "macs": {node: _share(n, size) for node, n in host["macs"].items()}},
        **about,
    }


def _share(macs: int | None, size: int) -> int | float | None:
    """Of one image; what is unknown stays so."""
    if macs is None or macs < 0:
        return macs
    return macs / size if macs % size else macs // size
