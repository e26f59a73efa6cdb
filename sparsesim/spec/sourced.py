"""Packaged specifications made of figures, each with the document it stands in."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from sparsesim.errors import nearest
from sparsesim.spec.packaged import PackagedSpec


class SourcedSpec(PackagedSpec):
    """A specification with a source beside its figures.

    Args:
        sources: key of a figure to the document it stands in; the packaged files have one for
            each figure, a user's own may go without.
    Raises:
        SpecError: a source of what is no figure.
    """

    _figures: ClassVar[tuple[str, ...]]

    sources: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def figures(cls) -> tuple[str, ...]:
        """The keys that hold a figure."""
        return cls._figures

    @model_validator(mode="after")
    def _sources_are_of_figures(self) -> Self:
        for key in self.sources:
            if key not in self._figures:
                raise ValueError(f"unknown key 'sources.{key}'; {nearest(key, self._figures)}")
        return self

    def __hash__(self) -> int:  # the sources are a dict, which has no hash of its own
        return hash((type(self), self.sha256()))
