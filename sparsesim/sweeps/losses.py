"""Thresholds by the accuracy that they may lose: an axis whose values a search finds.

The second half of the labelled images is what the search looks at; points are measured on images of
the first half, which it never saw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from sparsesim.spec.base import Spec

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs
    from sparsesim.spec.thresholds import Thresholds


_LOSS = "loss "


class LossSearch(Spec):
    """How thresholds are searched, as the options of `sparsesim search`.

    Args:
        what: `weights`, `activations` or `both`.
        by: weights get a threshold a `block` or a `layer`.
        grid: `quantiles:N` or `halving`.
        objective: of all thresholds at once that lose no more on the search images; `together`:
            each as high as by itself, and all lowered alike; `cycles`: those with the fewest
            cycles on the default accelerator, which takes much longer.
        images: labelled images to search on, at most.
    Raises:
        SpecError: unknown key, or a value that a search does not take.
    """

    what: Literal["weights", "activations", "both"] = "both"
    by: Literal["block", "layer"] = "layer"
    grid: str = "quantiles:20"
    objective: Literal["together", "cycles"] = "together"
    images: int = 1000


def loss_name(loss: float) -> str:
    """What points call the thresholds of a loss: `loss 0.01`."""
    return f"{_LOSS}{loss:g}"


def is_loss(thresholds: str) -> bool:
    """Whether a point's thresholds were searched; no file is called so."""
    return thresholds.startswith(_LOSS)


def halves(inputs: Inputs) -> tuple[Inputs, Inputs]:
    """Images to measure on, and images to search on."""
    from sparsesim.search.images import two_parts

    return two_parts(inputs)


def search_thresholds(
    graph: Graph,
    inputs: Inputs,
    loss: float,
    how: LossSearch,
    progress: Callable[[str, int, int], Any],
) -> Thresholds:
    """The thresholds that a search finds.

    Args:
        graph: of the model.
        inputs: labelled images that no point is measured on.
        loss: share of the right answers that may be lost, 0 up to 1.
        how: to search.
        progress: called with what goes on, how much of it is done, and of how much.
    Raises:
        InputError: no labels, or a model no better than chance.
    """
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import part
    from sparsesim.search.searching import SearchSpec, find_thresholds

    count = inputs.at_most(how.images)
    first = part(inputs, 0, count)
    # What the search tests on is not looked at here: a point's own accuracy says what came of it.
    test = part(inputs, 0, inputs.at_most(5))
    spec = SearchSpec(
        what=how.what,
        by=how.by,
        grid=Grid.read(how.grid),
        keep=1 - loss,
        objective=how.objective,
        spend=1 - loss if how.objective == "cycles" else None,
    )
    return find_thresholds(graph, first, test, spec, progress=progress).thresholds
