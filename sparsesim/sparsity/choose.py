"""Which rule of a thresholds file each layer gets: the most specific pattern that matches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sparsesim.errors import SpecError
from sparsesim.graph import Graph
from sparsesim.graph.blocks import Block, near_misses
from sparsesim.spec.thresholds import Rule

_WILDCARDS = re.compile(r"\[[^]]*\]|[*?]")


@dataclass(frozen=True)
class Choice:
    """What a layer gets, and by which line of the file.

    Attributes:
        where: the line, such as `weights.conv*`.
        rule: the function and its parameters.
        pattern: that of the line, such as `conv*`.
    """

    where: str
    rule: Rule
    pattern: str


def choose(
    graph: Graph, blocks: Iterable[Block], rules: Mapping[str, Rule], table: str
) -> dict[str, Choice]:
    """Layer name -> what it gets; layers that no pattern matches are left out.

    A pattern matches a layer by its name or its block's. A layer's exact name goes before a
    block's exact name, this before the pattern with the most literal characters; of equals the
    later one wins.

    Args:
        graph: the graph.
        blocks: all of its blocks.
        rules: by pattern.
        table: `weights`, say; for errors.
    Raises:
        SpecError: a pattern that matches nothing.
    """
    block_of = {layer: block.name for block in blocks for layer in block.layers}
    return choose_by_name(block_of, rules, table, graph.reasons)


def choose_by_name(
    block_of: Mapping[str, str],
    rules: Mapping[str, Rule],
    table: str,
    reasons: Mapping[str, str] | None = None,
) -> dict[str, Choice]:
    """As `choose`, for layers that no graph holds (a network in training).

    Args:
        block_of: layer -> its block.
        rules, table: as there.
        reasons: names that are no layers -> why, for errors.
    Raises:
        SpecError: a pattern that matches nothing.
    """
    best: dict[str, tuple[tuple[int, int, int], Choice]] = {}
    for line, (pattern, rule) in enumerate(rules.items()):
        matched = False
        for layer, block in block_of.items():
            rank = _rank(pattern, layer, block)
            if rank is None:
                continue
            matched = True
            key = (*rank, line)
            if layer not in best or key > best[layer][0]:
                best[layer] = key, Choice(f"{table}.{pattern}", rule, pattern)
        if not matched:
            raise SpecError(_no_match(reasons or {}, f"{table}: '{pattern}'", pattern, block_of))
    return {layer: best[layer][1] for layer in block_of if layer in best}


def _rank(pattern: str, layer: str, block: str) -> tuple[int, int] | None:
    """How specific a pattern is for a layer, or None where it does not match."""
    if pattern == layer:
        return 2, 0
    if pattern == block:
        return 1, 0
    if fnmatchcase(layer, pattern) or fnmatchcase(block, pattern):
        return 0, len(_WILDCARDS.sub("", pattern))
    return None


def _no_match(
    reasons: Mapping[str, str], where: str, pattern: str, block_of: Mapping[str, str]
) -> str:
    if pattern in reasons:
        reason = reasons[pattern]
        return f"{where} runs on the host, where nothing is sparsified: {reason}"
    hint = near_misses(pattern, [*block_of, *block_of.values()])
    return f"{where} matches no layer and no block; {hint}"
