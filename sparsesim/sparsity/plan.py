"""What each layer gets by each table of a thresholds file, checked; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from sparsesim.errors import SpecError
from sparsesim.graph import Graph
from sparsesim.graph.blocks import Block, blocks
from sparsesim.sparsity.choose import Choice, choose
from sparsesim.sparsity.function import TensorFunction
from sparsesim.sparsity.left import left
from sparsesim.sparsity.onnx_nodes import OnnxNodes
from sparsesim.sparsity.quantisers import QUANTISERS
from sparsesim.sparsity.registry import Registry
from sparsesim.sparsity.sparsifiers import SPARSIFIERS
from sparsesim.spec.thresholds import RULE_TABLES, Rule, Thresholds

Plan = dict[str, dict[str, Choice]]


def plan(graph: Graph, thresholds: Thresholds) -> Plan:
    """Table -> layer -> what it gets, for every table of rules.

    Args:
        graph: the graph.
        thresholds: the rules.
    Raises:
        SpecError: a pattern that matches nothing, an unknown function or wrong parameters, a
            function that cannot stand behind a layer, a layer called by name that its rule cannot
            change.
    """
    return plan_among(graph, blocks(graph, thresholds.blocks), thresholds)


def plan_among(graph: Graph, found: Iterable[Block], thresholds: Thresholds) -> Plan:
    """As `plan`, with the graph's blocks at hand."""
    found = tuple(found)
    planned = {}
    for table in _tables(thresholds):
        rules = getattr(thresholds, table)
        planned[table] = choose(graph, found, rules, table)
        if table in RULE_TABLES:
            check_rules(rules, table)
    for table, choices in planned.items():
        left(graph, table, active(choices))  # refuses those that are called by name
    return planned


def active(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Without the thresholds of 0, which change nothing: so a layer is taken out of a pattern."""
    return {layer: choice for layer, choice in choices.items() if not _is_nothing(choice.rule)}


def _is_nothing(rule: object) -> bool:
    """An arithmetic, of the table `intrinsic`, always is something."""
    if not isinstance(rule, Rule):
        return False
    return rule.is_magnitude and np.float32(rule.parameters[0][1]) == 0


def check_rules(rules: Mapping[str, Rule], table: str) -> None:
    """Find the function of each rule and check its parameters.

    Args:
        rules: by pattern.
        table: `weights`, `activations` or `gradients`.
    Raises:
        SpecError: as `plan`, the line named first.
    """
    for pattern, rule in rules.items():
        try:
            function = function_of(rule)
            settings = function.settings(dict(rule.parameters))
            if table == "activations":
                trial = OnnxNodes("trial", np.float32, 4, function.opset)
                build_nodes(function, trial, "x", settings)
        except SpecError as error:
            raise SpecError(f"{table}.{pattern}: {error}") from None


def function_of(rule: Rule) -> TensorFunction:
    """The sparsifier or quantiser that a rule names.

    Raises:
        SpecError: there is none, or what holds it doesn't load.
    """
    return _registry(rule.kind).find(rule.name)


def build_nodes(
    function: TensorFunction, nodes: OnnxNodes, tensor: str, settings: Mapping[str, object]
) -> str:
    """Build a function's ONNX nodes behind a tensor; the name of what they make.

    Raises:
        SpecError: it has none, or not with these settings.
    """
    if function.as_onnx is None:
        known = ", ".join(_registry(function.kind).behind_layers())
        raise SpecError(
            f"{function.kind} '{function.name}' {function.not_onnx}, so it cannot stand behind a "
            f"layer as plain ONNX; {function.kind}s that can: {known}"
        )
    return function.as_onnx(nodes, tensor, **settings)


def _registry(kind: str) -> Registry:
    return QUANTISERS if kind == QUANTISERS.kind else SPARSIFIERS


def _tables(thresholds: Thresholds) -> list[str]:
    """Every key that holds rules by pattern."""
    fields = type(thresholds).model_fields
    return [key for key in fields if key != "blocks" and isinstance(getattr(thresholds, key), dict)]
