"""One axis of a space: the values that one parameter takes, listed or as a range."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from sparsesim.errors import SpecError
from sparsesim.spec.base import Spec

MOST_VALUES = 10_000


class Range(Spec):
    """Values from one end to the other, both included: `{ from = 4, to = 32, times = 2 }`.

    Args:
        from: the first value.
        to: no value is above.
        step: from each value to the next, above 0; 1 where neither is given.
        times: factor from each to the next instead, above 1; then `from` is above 0.
    Raises:
        SpecError: both `step` and `times`, ends the wrong way round, over 10,000 values.
    """

    from_: Annotated[int | float, Field(alias="from")]
    to: int | float
    step: float | None = Field(default=None, gt=0)
    times: float | None = Field(default=None, gt=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Range:
        if self.step is not None and self.times is not None:
            raise ValueError("has both 'step' and 'times'; give one of them")
        if self.to < self.from_:
            raise ValueError(f"has to = {self.to} below from = {self.from_}")
        if self.times is not None and self.from_ <= 0:
            raise ValueError(f"has times, so from = {self.from_} must be above 0")
        return self

    def values(self) -> tuple[int | float, ...]:
        """All of them, rising."""
        found: list[int | float] = []
        value = self.from_
        while value <= self.to:
            if len(found) == MOST_VALUES:
                raise SpecError(f"a range of over {MOST_VALUES:,} values; take a larger step")
            is_whole = isinstance(self.from_, int) and float(value).is_integer()
            found.append(int(value) if is_whole else value)
            n = len(found)  # not by adding up: a step of 0.1 would drift
            value = self.from_ * self.times**n if self.times else self.from_ + n * (self.step or 1)
        return tuple(found)


def axis(name: str, given: Any) -> tuple[Any, ...]:
    """The values of an axis.

    Args:
        name: the parameter, for errors.
        given: a value, a list of them, or the table of a `Range`.
    Raises:
        SpecError: none, one twice, or a wrong range.
    """
    if isinstance(given, dict):
        try:
            values = Range(**given).values()
        except SpecError as error:
            raise SpecError(f"{name}: {error}") from None
    else:
        values = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not values:
        raise SpecError(f"{name}: has no values")
    for index, value in enumerate(values):
        if value in values[:index]:
            raise SpecError(f"{name}: has {value!r} twice")
    return values
