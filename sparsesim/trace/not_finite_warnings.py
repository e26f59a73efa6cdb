"""A warning where a network gives NaN or infinity: its zeros, and so its cycles, mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def not_finite_warnings(runs: Sequence[Mapping[str, int]]) -> list[str]:
    """One line, or none.

    Args:
        runs: of each run, as `ImageTrace.not_finite` has it.
    """
    met = [run for run in runs if run]
    if not met:
        return []
    first = next(iter(met[0]))
    outputs = list(dict.fromkeys(w for run in met for w in run if w.startswith("output ")))
    where = outputs[0] if outputs else first
    more = f" and {len(outputs) - 1} more" if len(outputs) > 1 else ""
    holds = "holds" if len(outputs) == 1 else "hold" if outputs else "gives"
    begins = f", first met in {first}" if outputs and first not in outputs else ""
    return [
        f"{where}{more} {holds} NaN or infinity in {len(met)} of {len(runs)} "
        f"{'run' if len(runs) == 1 else 'runs'}{begins}; such values count as non-zero, so that "
        "sparsity and cycles are those of a dense network"
    ]
