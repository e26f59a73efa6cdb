"""The machine `systolic`; `machine.py` says where each of its rules stands."""

from sparsesim.machines.systolic.machine import Systolic

__all__ = ["Systolic"]
