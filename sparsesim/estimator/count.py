"""Second and third step of an estimate: passes counted under a scheme, and their transfers."""

from __future__ import annotations

from sparsesim.estimator.prepare import Prepared
from sparsesim.estimator.setting import Setting
from sparsesim.machines.asked import counted_by
from sparsesim.machines.counted import Counted
from sparsesim.machines.scheme import Scheme
from sparsesim.memory import Schedule, schedule


def count(prepared: Prepared, scheme: Scheme, on: Setting) -> Counted:
    """Cycles of each pass, and where they went."""
    laid_out = prepared.activations, prepared.weights
    return counted_by(on.rules, *laid_out, prepared.passes, prepared.pairs, scheme, on.array)


def timed(prepared: Prepared, counted: Counted, scheme: Scheme, on: Setting) -> Schedule:
    """The layer's cycles with transfers overlapped; dense blocks where the scheme is."""
    return schedule(prepared.plan, counted.cycles, on.bits_per_cycle, scheme.is_dense)
