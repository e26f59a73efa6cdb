"""What every report of a sweep must say of its inputs."""

from __future__ import annotations

import re

from sparsesim.sweeps.result import SweepResult

_NUMBER = re.compile(r"\d[\d.,]*|(?<=run)s\b")  # and what hangs on it


def sweep_warnings(result: SweepResult) -> list[tuple[str, str]]:
    """(network, warning), each once: where only numbers differ, that of the most images."""
    workloads = sorted(result.workloads.items(), key=lambda pair: pair[0].images)
    found: dict[tuple[str, str], str] = {}
    for workload, facts in workloads:
        for said in facts.get("warnings", ()):
            found[workload.network, _NUMBER.sub("", said)] = said
    order = [network.name for network in result.spec.named_networks()]
    told = [(network, said) for (network, _), said in found.items()]
    return sorted(told, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))


def drawn_inputs(result: SweepResult) -> list[tuple[str, str]]:
    """(network, what is to be said of its random inputs)."""
    return [
        (network.name, "ran on drawn images: its zeros are not a real network's")
        for network in result.spec.named_networks()
        if network.inputs.startswith("random")
    ]
