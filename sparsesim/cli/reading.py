"""How a model is read, in the words of the command line: the options, and the graph they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

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


Fix = Annotated[
    list[str] | None,
    typer.Option(
        "--fix",
        help="Make an input a constant, as sr=16000 or x=1,2,3; may be repeated.",
        show_default=False,
    ),
]
CustomOps = Annotated[
    list[str] | None,
    typer.Option(
        "--custom-ops",
        help="A library (.so) of the model's own operators; may be repeated.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Reading:
    """What every verb that reads a model takes."""

    shape: Shape = None
    fix: Fix = None
    custom_ops: CustomOps = None

    def load(self, model: str, raw_weights: bool = False) -> Graph:
        """The model as a graph.

        Raises:
            SpecError: an option that says nothing. ModelError: as `load` does.
        """
        import sparsesim as ss

        return ss.load(
            model,
            raw_weights=raw_weights,
            shapes=self.shapes(),
            fixed=self.fixed(),
            custom_ops=self.custom_ops or (),
        )

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

    def fixed(self) -> dict[str, Any]:
        """The numbers of `--fix` by input: one, or a list of them.

        Raises:
            SpecError: no `=`, an input twice, or what is no number.
        """
        found: dict[str, Any] = {}
        for text in self.fix or []:
            name, equals, words = text.rpartition("=")
            if not equals or not name:
                raise SpecError(f"--fix {text}: has no '='; write INPUT=NUMBER, as sr=16000")
            if name in found:
                raise SpecError(f"--fix {text}: '{name}' was given before; give each input once")
            numbers = [_number(word.strip(), text) for word in words.split(",")]
            found[name] = numbers if len(numbers) > 1 else numbers[0]
        return found

    def given(self) -> dict[str, object]:
        """Options by name, for verbs that take a saved trace, which no option can change."""
        return {"--shape": self.shape, "--fix": self.fix, "--custom-ops": self.custom_ops}


def _number(word: str, text: str) -> bool | int | float:
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    raise SpecError(f"--fix {text}: '{word}' is no number; write INPUT=NUMBER, as sr=16000")
