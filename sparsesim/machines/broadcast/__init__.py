"""The machine `broadcast`; `machine.py` says where each of its rules stands."""

from sparsesim.machines.broadcast.machine import Broadcast

__all__ = ["Broadcast"]
