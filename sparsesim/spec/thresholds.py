"""Thresholds: which sparsifier or quantiser each layer gets, and where, in TOML or in Python.

    [blocks]                     # optional: names for groups of layers
    unit1 = ["layer1.0.*"]
    [weights]                    # pattern over layers or blocks -> a sparsifier or a quantiser
    "*" = 0.01                   # a number is a magnitude threshold
    "conv2" = { sparsifier = "top_k", keep = 0.3 }
    "fc" = { quantiser = "fixed_point", width = 8, fraction = 6 }
    [activations]                # of a layer's output
    "layer1.*" = 0.05
    [gradients]                  # of a layer's weights, while it is trained
    "*" = { sparsifier = "own.py:halves" }   # a function of a file beside this one
    [intrinsic]                  # of the products and sums within a layer, while it is emulated
    "conv*" = { acc_bits = 16, overflow = "saturate" }

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sparsesim.errors import SpecError
from sparsesim.spec.arithmetic import Arithmetic
from sparsesim.spec.base import Spec
from sparsesim.spec.messages import show
from sparsesim.spec.toml import load_spec

MAGNITUDE = "magnitude"
LARGEST_THRESHOLD = 3.4e38  # ONNX's Shrink keeps its threshold in float32
RULE_TABLES = ("weights", "activations", "gradients")

Kind = Literal["sparsifier", "quantiser"]
KINDS: tuple[Kind, ...] = ("sparsifier", "quantiser")


@dataclass(frozen=True)
class Rule:
    """A function by name and its parameters. `str()` gives it in words, such as `magnitude 0.01`.

    Attributes:
        name: of the function, or `file.py:name`.
        parameters: (name, value) pairs, in the order in which they were written.
        kind: `sparsifier` or `quantiser`.
    """

    name: str
    parameters: tuple[tuple[str, Any], ...]
    kind: Kind = "sparsifier"

    def __str__(self) -> str:
        if self.is_magnitude and isinstance(self.parameters[0][1], int | float):
            return f"{MAGNITUDE} {self.parameters[0][1]:g}"
        return " ".join([self.name, *(f"{key} {value}" for key, value in self.parameters)])

    @property
    def is_magnitude(self) -> bool:
        """It is a magnitude threshold and nothing else."""
        return self.kind == "sparsifier" and [self.name, *dict(self.parameters)] == [
            MAGNITUDE,
            "threshold",
        ]


Rules = dict[str, Rule]


class Thresholds(Spec):
    """Sparsifiers and quantisers by patterns over layer and block names.

    Args:
        name: how reports call it; not part of `sha256()`.
        blocks: block name -> patterns over layer names; a layer lies in one block at most.
        weights: pattern -> a threshold on the magnitude (real units, 0 or more; at or below it a
            weight becomes zero), or a table with `sparsifier` or `quantiser` and its parameters.
        activations: the same for the layer's output, behind its fused activation; of the functions
            only what can be said in plain ONNX nodes.
        gradients: the same for the gradients of the layer's weights, used by training alone.
        intrinsic: pattern -> the arithmetic of the layer's products and sums, used by emulation
            alone.
    Raises:
        SpecError: unknown key, a threshold below 0 or not finite.
    Source: docs/model.md, "Sparsity"; Loroch et al. 2018, section 2.
    """

    name: str = "custom"
    blocks: dict[str, Annotated[tuple[str, ...], Field(min_length=1, strict=False)]] = Field(
        default_factory=dict
    )
    weights: Rules = Field(default_factory=dict)
    activations: Rules = Field(default_factory=dict)
    gradients: Rules = Field(default_factory=dict)
    intrinsic: dict[str, Arithmetic] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read_rules(cls, values: dict[str, Any]) -> dict[str, Any]:
        values = dict(values)
        for key in RULE_TABLES:
            if isinstance(values.get(key), Mapping):
                values[key] = {
                    pattern: _rule(f"{key}.{pattern}", value)
                    for pattern, value in values[key].items()
                }
        return values

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """From a TOML file; its name becomes `name`, and `file.py:name` counts from its folder.

        Raises:
            SpecError: no such file, not TOML, or what it holds is refused.
        """
        read = load_spec(cls, path)
        folder = Path(path).parent
        tables = {key: dict(getattr(read, key)) for key in RULE_TABLES}
        for rules in tables.values():
            for pattern, rule in rules.items():
                if is_own_file(rule.name):
                    rules[pattern] = replace(rule, name=str(folder / rule.name))
        return read.with_(**tables)

    def sha256(self) -> str:
        """64 hex digits over the content, `name` left out.

        The order of lines counts: of two patterns that are equally specific the later one wins.
        Of a function of one's own its file's content counts, not where it lies.

        Raises:
            SpecError: such a file that cannot be read.
        """
        content = self.model_dump(mode="json", exclude={"name"})
        for key in RULE_TABLES:
            for rule in content[key].values():
                rule["name"] = _digest_of(rule["name"])
        ordered = {key: list(table.items()) for key, table in content.items()}
        text = json.dumps(ordered, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def is_own_file(name: str) -> bool:
    """Whether a function's name is `file.py:name`."""
    path, colon, _ = name.rpartition(":")
    return bool(colon) and path.endswith(".py")


def _digest_of(name: str) -> str:
    """A function's name; of an own file its content's digest for its path."""
    if not is_own_file(name):
        return name
    path, _, function = name.rpartition(":")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from None
    return f"{hashlib.sha256(content).hexdigest()}:{function}"


def _rule(where: str, value: Any) -> Rule:
    if isinstance(value, Rule):
        return value
    if isinstance(value, Mapping):
        parameters = dict(value)
        named = [kind for kind in KINDS if kind in parameters]
        if len(named) != 1:
            came = "both are there" if named else "both are missing"
            raise ValueError(f"{where}: {came}: give 'sparsifier' or 'quantiser', or a number")
        kind, name = named[0], parameters.pop(named[0])
        if not isinstance(name, str):
            raise ValueError(f"{where}.{kind} {show(name)} is not text; name a {kind}")
        return Rule(name, tuple(parameters.items()), kind)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{where} {show(value)} is no threshold; use a number or a table")
    threshold = float(value)
    if not math.isfinite(threshold):
        raise ValueError(f"{where} {threshold} is not a finite number; use 0 or more")
    if not 0 <= threshold <= LARGEST_THRESHOLD:
        raise ValueError(f"{where} {threshold:g} is out of range; use 0 to {LARGEST_THRESHOLD}")
    return Rule(MAGNITUDE, (("threshold", threshold),))
