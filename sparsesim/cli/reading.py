"""How a model is read, in the words of the command line: the options, and the graph they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.errors import SpecError

if TYPE_CHECKING:
    from sparsesim.graph import Graph

Shape = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        help="The size of an input that leaves some free, as x=1,3,320,320; may be repeated.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Reading:
    """What every verb that reads a model takes."""

    shape: Shape = None

    def load(self, model: str, raw_weights: bool = False) -> Graph:
        """The model as a graph.

        Raises:
            SpecError: an option that says nothing. ModelError: as `load` does.
        """
        import sparsesim as ss

        return ss.load(model, raw_weights=raw_weights, shapes=self.shapes())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The sizes of `--shape` by input."""
        found: dict[str, tuple[int, ...]] = {}
        for text in self.shape or []:
            name, equals, sizes = text.rpartition("=")
            parts = [part.strip() for part in sizes.split(",")] if sizes.strip() else []
            if not equals or not all(part.isdecimal() for part in parts):
                raise SpecError(f"--shape {text}: is no shape; write INPUT=SIZES, as x=1,3,320,320")
            if name in found:
                raise SpecError(f"--shape {text}: '{name}' was given before; give each input once")
            found[name] = tuple(int(part) for part in parts)
        return found

    def given(self) -> dict[str, object]:
        """Options by name, for verbs that take a saved trace, which no option can change."""
        return {"--shape": self.shape}
