"""MACs of Einsum: its operands are joined from left to right, two at a time."""

from __future__ import annotations

from math import prod

import onnx

from sparsesim.graph.host_macs.known import Known, UnknownError, attribute


def _einsum(node: onnx.NodeProto, known: Known) -> int | None:
    """Of each pair all lengths of its indices, after sums over indices that one alone has."""
    equation = attribute(node, "equation", b"").decode().replace(" ", "")
    left, arrow, wanted = equation.partition("->")
    shapes = [known.shape(name) for name in node.input]
    terms = [_spelt(term, shape) for term, shape in zip(left.split(","), shapes, strict=True)]
    if len(terms) < 2:
        return None
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for index, length in zip(term, shape, strict=True):
            lengths[index] = max(lengths.get(index, 1), length)
    kept = _output(terms, wanted) if arrow else _implied(terms)
    macs, joined = 0, set(terms[0])
    for number, term in enumerate(terms[1:], 1):
        later = kept.union(*terms[number + 1 :])
        mine, other = joined & (later | set(term)), set(term) & (later | joined)
        macs += prod(lengths[index] for index in mine | other)
        joined = (mine | other) & later
    return macs


def _spelt(term: str, shape: tuple[int, ...]) -> list[str]:
    """The indices of a term; those that an ellipsis stands for are numbered from the last."""
    before, dots, after = term.partition("...")
    hidden = len(shape) - len(before) - len(after)
    if hidden < 0 or (hidden and not dots):
        raise UnknownError(term)
    return [*before, *(f".{number}" for number in range(hidden, 0, -1)), *after]


def _output(terms: list[list[str]], wanted: str) -> set[str]:
    hidden = {index for term in terms for index in term if index[0] == "."}
    return set(wanted.replace(".", "")) | (hidden if "..." in wanted else set())


def _implied(terms: list[list[str]]) -> set[str]:
    """Without an arrow: what an ellipsis hides, and indices that stand once."""
    every = [index for term in terms for index in term]
    return {index for index in every if index[0] == "." or every.count(index) == 1}


STANDARD = {"Einsum": _einsum}
