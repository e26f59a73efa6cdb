"""Machines: what turns the operand bits of passes into cycles, under the names users type.

`machine.py` has the contract, `found.py` finds machines by name; a machine is a folder here, and
nothing outside it knows its rules. Importing this loads no library.
"""

from sparsesim.machines.found import DEFAULT, machine_named, machine_names, register_machine
from sparsesim.machines.machine import Machine

__all__ = ["DEFAULT", "Machine", "machine_named", "machine_names", "register_machine"]
