"""The machine `stream`; `machine.py` says where each of its rules stands."""

from sparsesim.machines.stream.machine import Stream

SCHEMES = tuple(scheme.name for scheme in Stream.schemes)
CLASSES = tuple(one.key for one in Stream.classes)

__all__ = ["CLASSES", "SCHEMES", "Stream"]
