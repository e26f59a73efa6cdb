"""Inputs that the model's file has values for: they keep these, so nothing may be fed to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sparsesim.errors import InputError


def refuse_defaults(given: Iterable[str], defaults: Collection[str], where: str = "") -> None:
    """Refuse arrays that would be ignored.

    Args:
        given: names of arrays.
        defaults: names of such inputs.
        where: how the error begins.
    Raises:
        InputError: one is named as the other.
    """
    for name in given:
        if name in defaults:
            raise InputError(
                f"{where}input '{name}' has a value in the model's file, which it keeps; leave its "
                f"array out, or fix it at another value: --fix {name}=..., or load's `fixed`"
            )
