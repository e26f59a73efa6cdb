"""The dense array that a sweep's point is up to, as its details say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparsesim.machines import machine_named
from sparsesim.machines.machine import Machine
from sparsesim.result.older import dense
from sparsesim.spec.base import Spec


def dense_array(iso: Mapping[str, Any]) -> tuple[Machine, Spec]:
    """Its machine and its array, of details that any version wrote.

    Args:
        iso: of the details, not None.
    """
    found = dense(dict(iso))
    machine = machine_named(found["machine"])
    return machine, machine.Array(**found["array"])
