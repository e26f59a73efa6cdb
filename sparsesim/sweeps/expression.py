"""Conditions of a sweep: short expressions over parameters and metrics, `rows == cols`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sparsesim.errors import SpecError, nearest


@dataclass(frozen=True)
class Expression:
    """A condition.

    Attributes:
        text: as it was written.
        names: that it reads.
    """

    text: str
    names: frozenset[str]

    @classmethod
    def read(cls, text: str, known: Iterable[str]) -> Expression:
        """Parse a condition.

        Args:
            text: comparisons, `and`, `or`, `not`, `in`, arithmetic; names, numbers, strings.
            known: names that it may read.
        Raises:
            SpecError: no expression, or an unknown name.
        """
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError:
            raise SpecError(
                f"condition '{text}': is no expression; write as rows == cols"
            ) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Call | ast.Attribute | ast.Lambda | ast.NamedExpr):
                raise SpecError(f"condition '{text}': may only compare, count and combine")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        known = set(known)
        for name in sorted(names - known):
            raise SpecError(f"condition '{text}': unknown '{name}'; {nearest(name, sorted(known))}")
        return cls(text, frozenset(names))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true of these values; where one that it reads is None, it is not.

        Raises:
            SpecError: it can't be evaluated.
        """
        if any(values[name] is None for name in self.names):
            return False
        evaluator, parsed = self._parsed
        evaluator.names = values
        try:
            return bool(evaluator.eval(self.text, previously_parsed=parsed))
        except Exception as error:  # simpleeval's, and whatever the operators raise
            raise SpecError(f"condition '{self.text}': {error}") from None

    @cached_property
    def _parsed(self) -> tuple[Any, Any]:
        """Parsed once: a space has a hundred thousand combinations."""
        from simpleeval import EvalWithCompoundTypes

        evaluator = EvalWithCompoundTypes(functions={})
        return evaluator, evaluator.parse(self.text.strip())
