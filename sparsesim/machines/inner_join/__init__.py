"""The machine `inner_join`; `machine.py` says where each of its rules stands."""

from sparsesim.machines.inner_join.machine import InnerJoin

SCHEMES = tuple(scheme.name for scheme in InnerJoin.schemes)
CLASSES = tuple(one.key for one in InnerJoin.classes)

__all__ = ["CLASSES", "SCHEMES", "InnerJoin"]
