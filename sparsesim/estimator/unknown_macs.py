"""The warning that MACs on the host are not known."""

from __future__ import annotations

from sparsesim.graph.host_work import HostWork

_LONGEST = 40  # letters of a name: those of fused operators can be hundreds long


def unknown_macs(host: HostWork) -> tuple[str, ...]:
    """One sentence where some are unknown."""
    if not host.unknown:
        return ()
    first, many = host.unknown[0], len(host.unknown)
    name = first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…"
    which = (
        f"host operator {name} holds" if many == 1 else f"{many} host operators (first {name}) hold"
    )
    return (f"{which} MACs that are not known: MAC coverage is at most what is given",)
