"""Einsum of two operands that is a product: batch, row, column and reduced indices.

What sums over an index of one operand only, repeats an index, or reduces nothing is no such
product.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparsesim.graph.decompose.builder import Builder, Uncovered
from sparsesim.graph.decompose.lengths import Lengths

_FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class _Product:
    """Indices by what they do, each group in the order in which it is laid out."""

    first: str
    second: str
    output: str
    batch: str
    rows: str
    columns: str
    reduced: str


def rewrite(b: Builder) -> None:
    """Transpose and Reshape of the operands, MatMul, Reshape and Transpose of the result."""
    if len(b.node.input) != 2:
        raise Uncovered(f"it has {len(b.node.input)} operands; a product has 2")
    if str(b.kind(b.input(0))) not in _FLOATS:
        raise Uncovered(f"its operands are of type {b.kind(b.input(0))}; layers take floats")
    p = _read(b)
    _refuse_broadcast(b, p)
    lengths = Lengths(b)
    first = _laid_out(b, lengths, 0, p.first, (p.batch, p.rows, p.reduced))
    second = _laid_out(b, lengths, 1, p.second, (p.batch, p.reduced, p.columns))
    plain = len(p.rows) == len(p.columns) == 1
    laid = p.batch + p.rows + p.columns
    turned = laid != p.output
    y = b.add("MatMul", first, second, output="" if turned or not plain else b.output())
    if not plain:
        shape = [lengths.fixed(*[0] * len(p.batch))] if p.batch else []
        for index, own, group in ((0, p.first, p.rows), (1, p.second, p.columns)):
            if group:
                shape.append(lengths.of(b.input(index), [own.index(i) for i in group]))
        whole = lengths.joined(*shape) if shape else lengths.fixed()
        y = b.add("Reshape", y, whole, part="split", output="" if turned else b.output())
    if turned:
        order = [laid.index(i) for i in p.output]
        b.add("Transpose", y, part="turned", output=b.output(), perm=order)


def _laid_out(
    b: Builder, lengths: Lengths, operand: int, own: str, groups: tuple[str, str, str]
) -> str:
    """An operand with its indices in order, and one axis for each group behind the batch."""
    name = b.input(operand)
    laid = "".join(groups)
    turned = name
    if laid != own:
        order = [own.index(i) for i in laid]
        turned = b.add("Transpose", name, part="AB"[operand], perm=order)
    batch, *others = groups
    if all(len(group) == 1 for group in others):
        return turned
    shape = [lengths.fixed(*[0] * len(batch))] if batch else []
    shape += [lengths.product(name, [own.index(i) for i in group]) for group in others]
    return b.add("Reshape", turned, lengths.joined(*shape), part=f"{'AB'[operand]}/joined")


def _read(b: Builder) -> _Product:
    terms = b.text("equation").replace(" ", "")
    left, arrow, output = terms.partition("->")
    first, comma, second = left.partition(",")
    if not comma or "," in second:
        raise Uncovered(f"its equation '{terms}' is none of two operands")
    first = _spelt_out(b, first, b.rank(b.input(0)), terms)
    second = _spelt_out(b, second, b.rank(b.input(1)), terms)
    both = first + second
    spread = sorted({i for i in both if i.isdigit()}, reverse=True)
    if not arrow:
        output = "..." + "".join(sorted(i for i in set(both) if both.count(i) == 1 and i.isalpha()))
    if spread and arrow and "..." not in output:
        raise Uncovered(f"its equation '{terms}' sums over what '...' stands for")
    output = output.replace("...", "".join(spread))
    for term in (first, second, output):
        if len(set(term)) < len(term):
            raise Uncovered(f"its equation '{terms}' repeats an index")
    if not set(output) <= set(both):
        raise Uncovered(f"its equation '{terms}' makes an index of nothing")
    for own, other in ((first, second), (second, first)):
        alone = [i for i in own if i not in other and i not in output]
        if alone:
            raise Uncovered(f"it sums over '{alone[0]}', an index of one operand only")
    reduced = "".join(i for i in first if i in second and i not in output)
    if not reduced:
        raise Uncovered("it sums over no index: it is no product")
    batch = "".join(i for i in output if i in first and i in second)
    rows = "".join(i for i in output if i not in second)
    columns = "".join(i for i in output if i not in first)
    return _Product(first, second, output, batch, rows, columns, reduced)


def _spelt_out(b: Builder, term: str, rank: int, terms: str) -> str:
    """A term in which a digit stands for each axis of `...`, 0 the last."""
    letters = term.replace("...", "", 1)
    if not all(i.isalpha() for i in letters):
        raise Uncovered(f"its equation '{terms}' has other signs than letters")
    spread = rank - len(letters)
    if ("..." not in term and spread) or not 0 <= spread <= 10:
        raise Uncovered(f"its equation '{terms}' does not fit its operands")
    return term.replace("...", "".join(str(i) for i in reversed(range(spread))))


def _refuse_broadcast(b: Builder, p: _Product) -> None:
    """An index of length 1 in one operand only is spread by Einsum; no product reduces it."""
    lengths = [
        dict(zip(term, b.facts.shapes[b.input(index)], strict=True))
        for index, term in enumerate((p.first, p.second))
    ]
    for i in p.reduced:
        pair = {operand[i] for operand in lengths}
        if 1 in pair and len(pair) > 1:
            raise Uncovered(f"its index '{i}' has length 1 in one operand only")
