"""What a search found, as a flat record that becomes JSON; it knows no way to show it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sparsesim.machines import DEFAULT, machine_named

SCHEMA = "sparsesim-search-1"


@dataclass(frozen=True)
class Score:
    """Right answers on a set of images.

    Attributes:
        images: labelled images.
        baseline: right answers of the model as it is.
        together: right answers with all thresholds at once.
    """

    images: int
    baseline: int
    together: int

    @property
    def relative(self) -> float:
        """Accuracy with thresholds over accuracy without."""
        return self.together / self.baseline


@dataclass(frozen=True)
class UnitRow:
    """One threshold.

    Attributes:
        kind: `weights` or `activations`.
        name: of the block or layer.
        layers: that share it.
        threshold: what was chosen; 0: none keeps the accuracy.
        grid: what could be tried.
        right: right answers on the search images for each; None: fewer than needed, or not run.
    """

    kind: str
    name: str
    layers: tuple[str, ...]
    threshold: float
    grid: tuple[float, ...]
    right: tuple[int | None, ...]


@dataclass(frozen=True)
class BlockRow:
    """A line of the paper's tables.

    Attributes:
        name: of the block, or of the layer that is its own.
        weights: elements; weight_zeros: of them zero with the thresholds.
        activation_sparsity: of the tensor that leaves it, thresholds on, test images.
        activation_sparsity_before: the same with all thresholds off.
        cycles: scheme -> total cycles an image with the thresholds; cycles_before: without.
    """

    name: str
    weights: int
    weight_zeros: int
    activation_sparsity: float
    activation_sparsity_before: float
    cycles: dict[str, float]
    cycles_before: dict[str, float]

    @property
    def weight_sparsity(self) -> float:
        """Zeros / elements; 0 where there are none."""
        return self.weight_zeros / self.weights if self.weights else 0.0


@dataclass(frozen=True)
class Joint:
    """The joint search beside the layer-by-layer one, at equal accuracy on the search images.

    Attributes:
        scheme: whose cycles it lowered.
        needed: right answers on the search images that it had to keep.
        layerwise, exchanged: right answers on the search images; `_test`: on the test images.
        layerwise_cycles, exchanged_cycles: an image, all schemes.
        tried: combinations whose accuracy was measured.
    """

    scheme: str
    needed: int
    layerwise: int
    exchanged: int
    layerwise_test: int
    exchanged_test: int
    layerwise_cycles: dict[str, float]
    exchanged_cycles: dict[str, float]
    tried: int


@dataclass(frozen=True)
class SearchResult:
    """A search and what came of it.

    Attributes:
        model, model_sha256: the file.
        search_inputs, test_inputs: the images, as named.
        what: `weights`, `activations` or `both`; by: `block` or `layer`.
        grid, keep, objective: as asked for.
        raw_weights: thresholds mean the file's weights, batch normalisation not folded.
        search, test: right answers.
        units: the thresholds.
        blocks: the table.
        cycles, cycles_before: scheme -> total cycles an image; cycle_images: of so many images.
        accelerator_sha256, device: what they were counted on.
        joint: where the objective was cycles.
        version: of sparsesim.
        weights, weight_zeros: of the model, where a weight that several blocks share is there once;
            of results of earlier versions, the sums over their blocks.
        warnings: of the inputs, and of values that are no numbers.
        machine: the accelerator's.
    """

    model: str
    model_sha256: str
    search_inputs: str
    test_inputs: str
    what: str
    by: str
    grid: str
    keep: float
    objective: str
    raw_weights: bool
    search: Score
    test: Score
    units: tuple[UnitRow, ...]
    blocks: tuple[BlockRow, ...]
    cycles: dict[str, float]
    cycles_before: dict[str, float]
    cycle_images: int
    accelerator_sha256: str
    device: str
    joint: Joint | None
    version: str
    weights: int
    weight_zeros: int
    warnings: tuple[str, ...] = ()
    machine: str = DEFAULT

    @property
    def baseline(self) -> str | None:
        """The scheme that speedups are against; None: none is beside a dense one."""
        found = machine_named(self.machine).yardstick
        return None if found is None else found.name

    @property
    def scheme(self) -> str:
        """The machine's default scheme, whose speedups are shown."""
        return machine_named(self.machine).default_scheme

    @property
    def weight_sparsity(self) -> float:
        """Of the model, eq. 5 over all blocks."""
        return self.weight_zeros / self.weights if self.weights else 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"schema": SCHEMA, **asdict(self)}


def from_json(found: dict[str, Any]) -> SearchResult:
    """What `as_json` gave.

    Raises:
        TypeError, KeyError: it is something else.
    """
    values = {key: value for key, value in found.items() if key != "schema"}
    values["search"], values["test"] = Score(**values["search"]), Score(**values["test"])
    values["units"] = tuple(
        UnitRow(
            row["kind"],
            row["name"],
            tuple(row["layers"]),
            row["threshold"],
            tuple(row["grid"]),
            tuple(row["right"]),
        )
        for row in values["units"]
    )
    blocks = values["blocks"] = tuple(BlockRow(**row) for row in values["blocks"])
    for key in ("weights", "weight_zeros"):
        values.setdefault(key, sum(getattr(row, key) for row in blocks))
    values["warnings"] = tuple(values.get("warnings", ()))
    values["joint"] = Joint(**values["joint"]) if values["joint"] else None
    return SearchResult(**values)
