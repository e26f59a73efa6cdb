"""How a model is fed, in the words of the command line: the options, and the inputs they give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.errors import SpecError

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs, Preprocess

BatchAxisOption = Annotated[
    list[str] | None,
    typer.Option(
        "--batch-axis",
        help="Along which axis of the inputs images lie: 0; 'none': a run is one image; or by "
        "input, as x=1,state=none. Default: found in the model.",
        show_default=False,
    ),
]
Resize = Annotated[
    str | None,
    typer.Option(
        "--resize",
        help="Pixels of the short side, or HEIGHT,WIDTH, or 'none', in place of --preprocess's.",
        show_default=False,
    ),
]
Crop = Annotated[
    str | None,
    typer.Option(
        "--crop",
        help="Pixels of a centred square, or HEIGHT,WIDTH, or 'none', in place of --preprocess's.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Feeding:
    """What every verb that runs a model takes."""

    inputs: options.InputsOption = None
    batch_axis: BatchAxisOption = None
    preprocess: options.PreprocessOption = None
    resize: Resize = None
    crop: Crop = None

    def open(
        self,
        graph: Graph,
        images: int | None,
        seed: int,
        labels: str | None = None,
        label_offset: int = 0,
        one_run: bool = False,
    ) -> Inputs:
        """The inputs that were named; there is no silent default.

        Args:
            images: the first so many; None: all there are, or `one_run`.
        Raises:
            InputError: none were named, or they are not what the model takes.
        """
        from sparsesim.errors import InputError
        from sparsesim.inputs import open_inputs
        from sparsesim.inputs.feed import images_per_run
        from sparsesim.trace.execute import input_specs

        specs = input_specs(graph, batch_axes(self.batch_axis))
        if not specs and self.inputs != "random":
            raise InputError(f"{graph.source}: the model takes no inputs; use --inputs random")
        if self.inputs is None:
            takes = ", ".join(f"'{spec.name}' {spec}" for spec in specs)
            raise InputError(f"--inputs is missing; the model takes {takes}; 'random' draws some")
        named = Path(labels) if labels else None
        if one_run:
            images = images_per_run(specs)
        found = open_inputs(
            self.inputs,
            specs,
            self.prepared(),
            named,
            images,
            seed,
            graph.as_loaded.defaults,
        )
        if found.labels is not None and label_offset:
            found = replace(found, labels=found.labels + label_offset)
        return found

    def prepared(self) -> Preprocess | str | None:
        """The preprocessing that was named, with sizes of its own where these were given.

        Raises:
            SpecError: sizes that are none, or nothing to give them to.
        """
        if self.resize is None and self.crop is None:
            return self.preprocess
        if self.preprocess is None:
            option = "--crop" if self.resize is None else "--resize"
            raise SpecError(
                f"{option}: changes a preprocessing; give --preprocess ('none': pixels as they are)"
            )
        from sparsesim.inputs.preprocess import with_sizes

        return with_sizes(
            self.preprocess, _pixels("--resize", self.resize), _pixels("--crop", self.crop)
        )

    def given(self) -> dict[str, object]:
        """Options by name, for verbs that take a saved trace, which no option can change."""
        return {
            "--inputs": self.inputs,
            "--batch-axis": self.batch_axis,
            "--preprocess": self.preprocess,
            "--resize": self.resize,
            "--crop": self.crop,
        }


def batch_axes(words: list[str] | None) -> dict[str, int | None] | str | int | None:
    """What `--batch-axis` says: of all inputs, or by input; None: nothing.

    Raises:
        SpecError: no axis, or an input twice.
    """
    found: dict[str, int | None] = {}
    for word in (word.strip() for text in words or [] for word in text.split(",")):
        name, equals, axis = word.rpartition("=")
        if not (axis.isdecimal() or axis == "none") or (equals and not name):
            raise SpecError(
                f"--batch-axis {word}: is no axis; write 0 and up, 'none', or by input, as x=1"
            )
        if name in found or (found and (not name or "" in found)):
            raise SpecError(
                f"--batch-axis {word}: another was given before; give one for all inputs, or one "
                "for each"
            )
        found[name] = None if axis == "none" else int(axis)
    if "" in found:
        return "none" if found[""] is None else found[""]
    return found or None


def _pixels(option: str, text: str | None) -> int | tuple[int, int] | str | None:
    """`224`, `240,320` or `none` as `with_sizes` takes it."""
    if text is None or text == "none":
        return text
    sizes = [part.strip() for part in text.split(",")]
    if len(sizes) > 2 or not all(size.isdecimal() for size in sizes):
        raise SpecError(f"{option} {text}: is no size; write PIXELS, HEIGHT,WIDTH or 'none'")
    return int(sizes[0]) if len(sizes) == 1 else (int(sizes[0]), int(sizes[1]))
