"""A machine's own table of parameters, and whether it can be one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sparsesim.errors import SpecError, nearest
from sparsesim.machines import Machine
from sparsesim.spec.base import Spec

_NAMING = ("cheap_keys", "curve_keys", "short_keys")


@lru_cache(maxsize=64)  # a sweep makes accelerators by the thousand
def keys_of_array(machine: Machine, taken: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of its array, which is looked at once.

    Args:
        machine: whose.
        taken: keys of every accelerator, of which it may have none.
    Raises:
        SpecError: it has one; a key without a default; a name of none of its keys; it is no `Spec`.
    """
    wrong = _wrong(machine, taken)
    if wrong:
        raise SpecError(f"machine '{machine.name}': {wrong}")
    return tuple(machine.Array.model_fields)


def _wrong(machine: Machine, taken: tuple[str, ...]) -> str:
    array: Any = machine.Array
    if not (isinstance(array, type) and issubclass(array, Spec)):
        return "its Array is no class derived from sparsesim.spec.base.Spec"
    for key, field in array.model_fields.items():
        if key in taken:
            return f"its Array has '{key}', a key of every accelerator"
        if field.is_required():
            return f"its Array has no default for '{key}'; give one"
    for what in _NAMING:
        for key in getattr(machine, what):
            if key not in array.model_fields:
                hint = nearest(key, array.model_fields)
                return f"its {what} have '{key}', no key of its Array; {hint}"
    return ""
