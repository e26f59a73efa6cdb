"""A sparsifier or quantiser: a function of an array, its parameters checked, its result too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsesim.errors import InputError, SparseSimError, SpecError

if TYPE_CHECKING:
    from sparsesim.spec.base import Spec

Function = Callable[..., NDArray[Any]]
AsOnnx = Callable[..., str]
Check = Callable[..., None]
DEFAULT_OPSET = 13  # Clip, Round, Where and ReduceMax as the functions here use them


@dataclass(frozen=True)
class TensorFunction:
    """A function of an array under the name that users type.

    Attributes:
        kind: `sparsifier` (it makes zeros) or `quantiser` (it moves values to a grid).
        name: what users type, or `file.py:name`.
        function: takes a read-only array and its parameters by name. A weight comes as
            (filters, K), a gradient as it is, an activation (only in tests) as one tensor.
    """

    kind: str
    name: str
    function: Function

    @property
    def as_onnx(self) -> AsOnnx | None:
        """What builds the same function of ONNX nodes; None: it can't stand behind a layer."""
        return getattr(self.function, "as_onnx", None)

    @property
    def opset(self) -> int:
        """The least opset that these nodes need."""
        return getattr(self.function, "opset", DEFAULT_OPSET)

    @property
    def not_onnx(self) -> str:
        """Why there is no `as_onnx`."""
        return getattr(self.function, "not_onnx", "states no ONNX nodes (as_onnx)")

    @property
    def summary(self) -> str:
        """The first line of the docstring, the parameters, and where it cannot be used."""
        lines = (inspect.getdoc(self.function) or "").splitlines() or ["no docstring"]
        parameters = ", ".join(self._model.model_fields) or "none"
        only = "" if self.as_onnx is not None else "; not behind layers"
        return f"{lines[0].rstrip('.')} (parameters: {parameters}{only})"

    def settings(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters checked against the function's annotations, defaults filled in.

        Raises:
            SpecError: unknown, missing, of the wrong type or out of range, or parameters that don't
                go together.
        """
        checked = self._model(**parameters)
        found = {key: getattr(checked, key) for key in type(checked).model_fields}
        check: Check | None = getattr(self.function, "check", None)
        if check is not None:
            check(**found)
        return found

    def apply(self, values: ArrayLike, **parameters: Any) -> NDArray[Any]:
        """The function of an array, of the same type; the argument stays as it is.

        Args:
            values: finite numbers; of a quantiser floats. float16 is computed in float32.
            parameters: the function's own.
        Raises:
            SpecError: parameters that it refuses, a result of another shape or that is not
                finite, or a function of one's own that fails.
            InputError: NaN or infinity in `values`, or integers for a quantiser.
        """
        array = np.asarray(values)
        if self.kind == "quantiser" and array.dtype.kind != "f":
            raise InputError(f"{self.name}: the array is {array.dtype}; a quantiser takes floats")
        if not np.isfinite(array).all():
            raise InputError(f"{self.name}: the array holds NaN or infinity; give finite numbers")
        given = array.astype(np.float32) if array.dtype == np.float16 else array.view()
        given.flags.writeable = False
        settings = self.settings(parameters)
        try:
            result = np.asarray(self.function(given, **settings))
        except SparseSimError:
            raise
        except Exception as error:  # a user's own function: its mistake, on one line
            raise SpecError(
                f"{self.kind} '{self.name}' fails: {type(error).__name__}: {error}"
            ) from error
        if result.shape != array.shape:
            raise SpecError(
                f"{self.kind} '{self.name}' made shape {result.shape} of {array.shape}; "
                "it must keep the shape"
            )
        with np.errstate(over="ignore"):
            result = result.astype(array.dtype, copy=False)
        if not np.isfinite(result).all():
            raise SpecError(
                f"{self.kind} '{self.name}' made NaN or infinity of finite {array.dtype} numbers"
            )
        return result

    @cached_property
    def _model(self) -> type[Spec]:
        """A specification whose keys are the function's parameters behind the array."""
        from pydantic import create_model

        from sparsesim.spec.base import Spec

        fields: dict[str, Any] = {}
        try:
            hints = get_type_hints(self.function, include_extras=True)
            for name, parameter in list(inspect.signature(self.function).parameters.items())[1:]:
                default = ... if parameter.default is parameter.empty else parameter.default
                fields[name] = (hints.get(name, Any), default)
            return create_model(self.name, __base__=Spec, **fields)
        except Exception as error:
            raise SpecError(
                f"{self.kind} '{self.name}': its parameters cannot be read: {error}"
            ) from error
