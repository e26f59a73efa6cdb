"""Functions of an array by name: built-in ones, registered ones, installed packages', own files'.

One registry serves sparsifiers, another quantisers; a function gives an array of the same shape.
Rows are filters and columns the reduction, in the K order of docs/model.md.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from sparsesim.errors import SpecError, nearest
from sparsesim.own_entry import load_entry
from sparsesim.own_file import load_function
from sparsesim.sparsity.function import DEFAULT_OPSET, AsOnnx, Check, Function, TensorFunction
from sparsesim.spec.thresholds import is_own_file

F = TypeVar("F", bound=Function)


class Registry:
    """All functions of one kind.

    Args:
        kind: `sparsifier` or `quantiser`, as errors call them.
        package: where the built-in ones lie, each a file of its name.
        built_in: their names; a file is loaded when it is first asked for.
        entry_point_group: under which installed packages offer theirs.
    """

    def __init__(
        self, kind: str, package: str, built_in: tuple[str, ...], entry_point_group: str
    ) -> None:
        self.kind, self.package, self.built_in = kind, package, built_in
        self.entry_point_group = entry_point_group
        self._registered: dict[str, TensorFunction] = {}

    def register(
        self,
        name: str,
        *,
        as_onnx: AsOnnx | None = None,
        opset: int = DEFAULT_OPSET,
        not_onnx: str = "",
        check: Check | None = None,
    ) -> Callable[[F], F]:
        """Register a function of an array; a decorator.

        Args:
            name: what users type. Ranges of parameters stand in annotations, such as
                `Annotated[float, Field(ge=0)]`.
            as_onnx: builds the same function of ONNX nodes, `(builder, tensor, **parameters)` ->
                the tensor that they make; without it the function can't stand behind a layer.
            opset: the least that these nodes need.
            not_onnx: why there is no `as_onnx`, such as `selects by rank`.
            check: takes all parameters by name and raises SpecError where they don't go together,
                each of them being right by itself.
        Raises:
            SpecError: the name is taken.
        """

        def register(function: F) -> F:
            # On the function itself, so that one found by its file or entry point has them too.
            if as_onnx is not None:
                function.as_onnx, function.opset = as_onnx, opset  # type: ignore[attr-defined]
            if not_onnx:
                function.not_onnx = not_onnx  # type: ignore[attr-defined]
            if check is not None:
                function.check = check  # type: ignore[attr-defined]
            own = function.__module__ == f"{self.package}.{name}"
            if not own and (name in self._registered or name in self.built_in):
                raise SpecError(f"{self.kind} '{name}' is already registered; use another name")
            self._registered[name] = TensorFunction(self.kind, name, function)
            return function

        return register

    def find(self, name: str) -> TensorFunction:
        """The function of that name, or the one of `file.py:name`.

        Raises:
            SpecError: there is none, or what holds it doesn't load.
        """
        if name in self._registered:
            return self._registered[name]
        if name in self.built_in:
            return self._kept(name, getattr(import_module(f"{self.package}.{name}"), name))
        if is_own_file(name):
            return TensorFunction(self.kind, name, load_function(name))
        installed = self._installed()
        if name not in installed:
            raise SpecError(f"unknown {self.kind} '{name}'; {nearest(name, self.names())}")
        return self._kept(name, load_entry(self.kind, name, installed[name]))

    def names(self) -> tuple[str, ...]:
        """Every name that `find` knows, own files left out, sorted."""
        return tuple(sorted({*self.built_in, *self._registered, *self._installed()}))

    def summaries(self) -> dict[str, str]:
        """Every name with what it does in a line; of one that does not load, why."""
        lines = {}
        for name in self.names():
            try:
                lines[name] = self.find(name).summary
            except SpecError as error:
                lines[name] = str(error)
        return lines

    def behind_layers(self) -> list[str]:
        """The built-in and registered names that can stand behind a layer."""
        named = sorted({*self.built_in, *self._registered})
        return [name for name in named if self.find(name).as_onnx is not None]

    def _kept(self, name: str, function: Any) -> TensorFunction:
        return self._registered.setdefault(name, TensorFunction(self.kind, name, function))

    def _installed(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self.entry_point_group)}
