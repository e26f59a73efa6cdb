"""The base of what users write in TOML or in Python: frozen, checked, with one-line errors.

Not for values that flow between steps: those are plain frozen dataclasses.
"""

from __future__ import annotations

import hashlib
import json
import numbers
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from sparsesim.errors import SpecError
from sparsesim.spec.messages import one_line


class Spec(BaseModel):
    """A frozen specification; a wrong key or value raises `SpecError`, from TOML as from Python.

    Types are strict (`"16"`, `16.0` and `true` are no whole numbers). A validator of a subclass
    raises `ValueError` with the rest of the line behind `key value`, such as `is unknown; ...`;
    one over the whole model with the whole line. A field of type tuple needs
    `Field(strict=False)`, as TOML only has lists.

    Raises:
        SpecError: unknown key, missing key, wrong type, out of range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**{key: _plain(value) for key, value in values.items()})
        except ValidationError as error:
            raise SpecError(one_line(error, type(self))) from None

    # So marked, pydantic doesn't call it for nested specs, and their errors carry the outer key.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def with_(self, /, **changes: Any) -> Self:
        """A copy with some keys changed, checked as a new one is.

        Args:
            changes: keys of this specification and their new values.
        Raises:
            SpecError: as on construction.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(values | changes))

    def sha256(self) -> str:
        """64 hex digits over the canonical JSON: keys sorted, no spaces, `name` left out.

        Two specifications with the same content have the same digest, whatever their names and
        the order in which their keys were written.
        """
        content = self.model_dump(mode="json", exclude={"name"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """NumPy's numbers (a sweep's axis, a count) as Python's own; anything else as it is."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    return value
