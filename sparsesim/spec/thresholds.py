"""Thresholds: which sparsifier each layer's weights and activations get, in TOML or in Python.

    [blocks]                     # optional: names for groups of layers
    unit1 = ["layer1.0.*"]
    [weights]                    # pattern over layers or blocks -> a sparsifier
    "*" = 0.01                   # a number is a magnitude threshold
    "conv2" = { sparsifier = "top_k", keep = 0.3 }
    [activations]
    "layer1.*" = 0.05

A pattern matches a layer by its name or by the name of its block: `*` any characters (`/` and `.`
too), `?` one, `[ab]` one of these. The most specific one wins: a layer's exact name, then a block's
exact name, then the pattern with the most literal characters; of equals the later line.

It knows no model and calls no sparsifier: `sparsesim.sparsity` does.
"""

from __future__ import annotations

import hashlib
import json
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sparsesim.spec.base import Spec
from sparsesim.spec.messages import show
from sparsesim.spec.toml import load_spec

MAGNITUDE = "magnitude"
LARGEST_THRESHOLD = 3.4e38  # ONNX's Shrink keeps its threshold in float32


@dataclass(frozen=True)
class Rule:
    """A sparsifier and its parameters. `str()` gives it in words, such as `magnitude 0.01`.

    Attributes:
        sparsifier: its name.
        parameters: (name, value) pairs, in the order in which they were written.
    """

    sparsifier: str
    parameters: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        if self.sparsifier == MAGNITUDE and len(self.parameters) == 1:
            return f"{MAGNITUDE} {self.parameters[0][1]:g}"
        return " ".join([self.sparsifier, *(f"{key} {value}" for key, value in self.parameters)])


Rules = dict[str, Rule]


class Thresholds(Spec):
    """Sparsifiers by patterns over layer and block names.

    Args:
        name: how reports call it; not part of `sha256()`.
        blocks: block name -> patterns over layer names; a layer lies in one block at most.
        weights: pattern -> a threshold on the magnitude (real units, 0 or more; at or below it a
            weight becomes zero), or a table with `sparsifier` and its parameters.
        activations: pattern -> a threshold on the magnitude of the layer's output, behind its fused
            activation.
    Raises:
        SpecError: unknown key, a threshold below 0 or not finite, a sparsifier other than
            `magnitude` for activations.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """

    name: str = "custom"
    blocks: dict[str, Annotated[tuple[str, ...], Field(min_length=1, strict=False)]] = Field(
        default_factory=dict
    )
    weights: Rules = Field(default_factory=dict)
    activations: Rules = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read_rules(cls, values: dict[str, Any]) -> dict[str, Any]:
        values = dict(values)
        for key in ("weights", "activations"):
            if isinstance(values.get(key), Mapping):
                values[key] = {
                    pattern: _rule(f"{key}.{pattern}", value)
                    for pattern, value in values[key].items()
                }
        return values

    @model_validator(mode="after")
    def _activations_are_thresholds(self) -> Self:
        for pattern, rule in self.activations.items():
            if rule.sparsifier != MAGNITUDE:
                raise ValueError(
                    f"activations.{pattern}: sparsifier '{rule.sparsifier}' came; use a magnitude "
                    "threshold: what selects by the data cannot be saved as plain ONNX"
                )
        return self

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """From a TOML file; its name becomes `name`.

        Raises:
            SpecError: no such file, not TOML, or what it holds is refused.
        """
        return load_spec(cls, path)

    def sha256(self) -> str:
        """64 hex digits over the content, `name` left out.

        The order of lines counts: of two patterns that are equally specific the later one wins.
        """
        content = self.model_dump(mode="json", exclude={"name"})
        ordered = {key: list(table.items()) for key, table in content.items()}
        text = json.dumps(ordered, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _rule(where: str, value: Any) -> Rule:
    if isinstance(value, Rule):
        return value
    if isinstance(value, Mapping):
        parameters = dict(value)
        sparsifier = parameters.pop("sparsifier", None)
        if not isinstance(sparsifier, str):
            raise ValueError(f"{where}: key 'sparsifier' is missing; name one, or give a number")
        return Rule(sparsifier, tuple(parameters.items()))
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{where} {show(value)} is no threshold; use a number or a table")
    threshold = float(value)
    if not math.isfinite(threshold):
        raise ValueError(f"{where} {threshold} is not a finite number; use 0 or more")
    if not 0 <= threshold <= LARGEST_THRESHOLD:
        raise ValueError(f"{where} {threshold:g} is out of range; use 0 to {LARGEST_THRESHOLD}")
    return Rule(MAGNITUDE, (("threshold", threshold),))
