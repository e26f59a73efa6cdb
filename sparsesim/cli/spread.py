"""Options that come together: a dataclass of them as one parameter of a verb.

`spread` makes each of its fields an option of the command line, so that what all verbs take is
written down once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Any, get_type_hints


def spread(verb: Callable[..., None]) -> Callable[..., None]:
    """A verb as Typer takes it.

    Args:
        verb: a function; parameters whose type is a dataclass get one of its options.
    Returns:
        the verb with the fields of these dataclasses in their place.
    """
    signature = inspect.signature(verb, eval_str=True)
    bundles = {p.name: p.annotation for p in signature.parameters.values() if is_bundle(p)}
    flat: list[Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name in bundles:
            flat += _options(bundles[parameter.name])
        else:
            flat.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(verb)
    def typed(**given: Any) -> None:
        for name, bundle in bundles.items():
            given[name] = bundle(**{one.name: given.pop(one.name) for one in fields(bundle)})
        verb(**given)

    # Typer reads the signature; annotations as text would be looked up in the wrong module.
    typed.__signature__ = signature.replace(parameters=flat)  # type: ignore[attr-defined]
    typed.__annotations__ = {}
    return typed


def is_bundle(parameter: Parameter) -> bool:
    """Whether a parameter stands for several options."""
    return isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)


def _options(bundle: Any) -> list[Parameter]:
    hints = get_type_hints(bundle, include_extras=True)
    return [
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(bundle)
    ]
