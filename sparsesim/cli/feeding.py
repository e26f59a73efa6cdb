"""How a model is fed, in the words of the command line: the options, and the inputs they give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparsesim.cli import options

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs


@dataclass(frozen=True)
class Feeding:
    """What every verb that runs a model takes."""

    inputs: options.InputsOption = None
    preprocess: options.PreprocessOption = None

    def open(
        self,
        graph: Graph,
        images: int | None,
        seed: int,
        labels: str | None = None,
        label_offset: int = 0,
    ) -> Inputs:
        """The inputs that were named; there is no silent default.

        Raises:
            InputError: none were named, or they are not what the model takes.
        """
        from sparsesim.errors import InputError
        from sparsesim.inputs import open_inputs
        from sparsesim.trace.execute import input_specs

        specs = input_specs(graph)
        if not specs and self.inputs != "random":
            raise InputError(f"{graph.source}: the model takes no inputs; use --inputs random")
        if self.inputs is None:
            takes = ", ".join(f"'{spec.name}' {spec}" for spec in specs)
            raise InputError(f"--inputs is missing; the model takes {takes}; 'random' draws some")
        named = Path(labels) if labels else None
        found = open_inputs(self.inputs, specs, self.preprocess, named, images, seed)
        if found.labels is not None and label_offset:
            found = replace(found, labels=found.labels + label_offset)
        return found

    def given(self) -> dict[str, object]:
        """Options by name, for verbs that take a saved trace, which no option can change."""
        return {"--inputs": self.inputs, "--preprocess": self.preprocess}
