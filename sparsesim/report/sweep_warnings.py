"""What every report of a sweep must say of its inputs."""

from __future__ import annotations

from sparsesim.sweeps.result import SweepResult


def sweep_warnings(result: SweepResult) -> list[tuple[str, str]]:
    """(network, warning), each once."""
    found = {
        (workload.network, said): None
        for workload, facts in result.workloads.items()
        for said in facts.get("warnings", ())
    }
    return list(found)
