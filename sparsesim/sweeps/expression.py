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
        names, known = _names(tree), set(known)
        for name in sorted(names - known):
            raise SpecError(f"condition '{text}': unknown '{name}'; {nearest(name, sorted(known))}")
        return cls(text, names)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true of these values; where one that it reads is None, it is not.

        A comparison of a name that these values lack, as a key that another machine has, says
        nothing: it is neither true nor false, and what it leaves open holds.

        Raises:
            SpecError: it can't be evaluated.
        """
        lacking = self.names - values.keys()
        if any(values[name] is None for name in self.names - lacking):
            return False
        evaluator, parsed = self._parsed
        evaluator.names = values
        try:
            if lacking:
                return self._truth(self._tree, lacking) is not False
            return bool(evaluator.eval(self.text, previously_parsed=parsed))
        except Exception as error:  # simpleeval's, and whatever the operators raise
            raise SpecError(f"condition '{self.text}': {error}") from None

    def is_sure(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true of these values, whatever those are that they lack."""
        lacking = self.names - values.keys()
        if not lacking:
            return self.holds(values)
        evaluator, _ = self._parsed
        evaluator.names = values
        return self._truth(self._tree, lacking) is True

    def _truth(self, node: ast.expr, lacking: frozenset[str]) -> bool | None:
        """Of a part; None: it hangs on what is lacking."""
        if isinstance(node, ast.BoolOp):
            parts = [self._truth(part, lacking) for part in node.values]
            decides = isinstance(
                node.op, ast.Or
            )  # one true part decides an `or`, one false an `and`
            if decides in parts:
                return decides
            return None if None in parts else not decides
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            truth = self._truth(node.operand, lacking)
            return None if truth is None else not truth
        if _names(node) & lacking:
            return None
        evaluator, _ = self._parsed
        return bool(evaluator.eval(ast.unparse(node), previously_parsed=node))

    @cached_property
    def _tree(self) -> ast.expr:
        return ast.parse(self.text.strip(), mode="eval").body

    @cached_property
    def _parsed(self) -> tuple[Any, Any]:
        """Parsed once: a space has a hundred thousand combinations."""
        from simpleeval import EvalWithCompoundTypes

        evaluator = EvalWithCompoundTypes(functions={})
        return evaluator, evaluator.parse(self.text.strip())


def _names(node: ast.AST) -> frozenset[str]:
    """Names that a part reads."""
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))
