"""A warning where inputs lie outside the range for which a model was quantised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sparsesim.trace.clipping import Clipped

LARGEST_SHARE = 0.01


def clipped_warnings(runs: Sequence[Mapping[str, Clipped]]) -> list[str]:
    """A line for each input of which more than one value in a hundred saturates.

    Args:
        runs: of each run, as `ImageTrace.clipped` has it.
    """
    found = []
    for name in dict.fromkeys(name for run in runs for name in run):
        mine = [run[name] for run in runs if name in run]
        values = sum(one.values for one in mine)
        share = sum(one.beyond for one in mine) / values if values else 0.0
        if share > LARGEST_SHARE:
            found.append(
                f"input {name}: {share * 100:.1f} % of its values lie outside {mine[0].low:.4g} to "
                f"{mine[0].high:.4g}, the range of the model's first QuantizeLinear, and "
                "saturate; were the inputs scaled as in training?"
            )
    return found
