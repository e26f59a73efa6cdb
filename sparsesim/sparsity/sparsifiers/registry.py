"""Sparsifiers by name: the built-in ones, registered ones, and those of installed packages.

A sparsifier is a function of an array that gives an array of the same shape with more zeros. Rows
are filters and columns the reduction, in the K order of docs/model.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesim.errors import InputError, SpecError, nearest

if TYPE_CHECKING:
    from sparsesim.spec.base import Spec

ENTRY_POINTS = "sparsesim.sparsifiers"
BUILT_IN = ("magnitude", "n_m", "top_k")  # each a file here; loaded when first asked for

Function = Callable[..., NDArray[Any]]
_registered: dict[str, Sparsifier] = {}


@dataclass(frozen=True)
class Sparsifier:
    """A function of an array under the name that users type.

    Attributes:
        name: what users type.
        function: takes a read-only array of shape (filters, K) and its parameters by name.
    """

    name: str
    function: Function

    @property
    def summary(self) -> str:
        """The first line of the function's docstring, and its parameters."""
        lines = (inspect.getdoc(self.function) or "").splitlines() or ["no docstring"]
        parameters = ", ".join(self._model.model_fields) or "none"
        return f"{lines[0].rstrip('.')} (parameters: {parameters})"

    def settings(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters checked against the function's annotations, defaults filled in.

        Raises:
            SpecError: unknown, missing, of the wrong type or out of range.
        """
        checked = self._model(**parameters)
        return {key: getattr(checked, key) for key in type(checked).model_fields}

    def apply(self, values: ArrayLike, **parameters: Any) -> NDArray[Any]:
        """The array with more zeros; the argument stays as it is.

        Args:
            values: finite numbers, shape (filters, K).
            parameters: the sparsifier's own.
        Raises:
            SpecError: parameters that it refuses, or a result of another shape.
            InputError: NaN or infinity in `values`.
        """
        array = np.asarray(values).view()
        array.flags.writeable = False
        if not np.isfinite(array).all():
            raise InputError(f"{self.name}: the array holds NaN or infinity; give finite numbers")
        result = np.asarray(self.function(array, **self.settings(parameters)))
        if result.shape != array.shape:
            raise SpecError(
                f"sparsifier '{self.name}' made shape {result.shape} of {array.shape}; "
                "it must keep the shape"
            )
        return result.astype(array.dtype, copy=False)

    @cached_property
    def _model(self) -> type[Spec]:
        """A specification whose keys are the function's parameters behind the array."""
        from pydantic import create_model

        from sparsesim.spec.base import Spec

        hints = get_type_hints(self.function, include_extras=True)
        fields: dict[str, Any] = {}
        for name, parameter in list(inspect.signature(self.function).parameters.items())[1:]:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (hints.get(name, Any), default)
        return create_model(self.name, __base__=Spec, **fields)


def sparsifier(name: str) -> Callable[[Function], Function]:
    """Register a function of an array as a sparsifier; a decorator.

    Args:
        name: what users type. Ranges of parameters stand in annotations, such as
            `Annotated[float, Field(ge=0)]`.
    Raises:
        SpecError: the name is taken.
    """

    def register(function: Function) -> Function:
        taken = name in _registered or name in BUILT_IN
        if taken and function.__module__ != f"{__package__}.{name}":
            raise SpecError(f"sparsifier '{name}' is already registered; use another name")
        _registered[name] = Sparsifier(name, function)
        return function

    return register


def find_sparsifier(name: str) -> Sparsifier:
    """The sparsifier of that name.

    Raises:
        SpecError: there is none, or an installed package's doesn't load.
    """
    if name not in _registered and name in BUILT_IN:
        import_module(f"{__package__}.{name}")
    if name in _registered:
        return _registered[name]
    installed = _installed()
    if name not in installed:
        raise SpecError(f"unknown sparsifier '{name}'; {nearest(name, sparsifier_names())}")
    try:
        function = installed[name].load()
    except Exception as error:
        raise SpecError(
            f"sparsifier '{name}' of {installed[name].value} does not load: {error}"
        ) from error
    return _registered.setdefault(name, Sparsifier(name, function))


def sparsifier_names() -> tuple[str, ...]:
    """Every name that `find_sparsifier` knows, sorted."""
    return tuple(sorted({*BUILT_IN, *_registered, *_installed()}))


def summaries() -> dict[str, str]:
    """Every name with what it does in a line; of one that does not load, why."""
    lines = {}
    for name in sparsifier_names():
        try:
            lines[name] = find_sparsifier(name).summary
        except SpecError as error:
            lines[name] = str(error)
    return lines


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
