"""What products of matrices do to a batch: rows, columns and stacks of them keep it, sums don't."""

from __future__ import annotations

from sparsesim.graph.batch.place import LostError, MixesError, Place
from sparsesim.graph.batch.view import View


def matmul(view: View) -> Place:
    """Operands 0 and 1; those behind are zero points."""
    return _product(view, 0, 1)


def quantised_matmul(view: View) -> Place:
    """QLinearMatMul: operands 0 and 3."""
    return _product(view, 0, 3)


def gemm(view: View) -> Place:
    """Transposed where it says so; the bias is added to each row."""
    rank, found = 2, []
    for index, transposed in ((0, view.attribute("transA", 0)), (1, view.attribute("transB", 0))):
        place = view.place(index)
        if place is not None:
            axis = 1 - place.axis if transposed else place.axis
            if axis != index:  # rows of the first operand, columns of the second
                raise MixesError
            found.append(place.along(index))
    bias = view.place(2)
    if bias is not None:
        found.append(bias.along(bias.axis + rank - len(view.shape(2))))
    place = view.together(found)
    if view.name(2) and bias is None:
        view.must_be_alike(2, place.axis - rank + len(view.shape(2)))
    return place


def einsum(view: View) -> Place:
    """By the letter of its axis, which must be one of the output's."""
    equation = str(view.attribute("equation", b"").decode()).replace(" ", "")
    given, arrow, made = equation.partition("->")
    if not arrow or "." in equation:
        raise LostError("names no axes of its output, or leaves some out")
    terms = given.split(",")
    letters = {terms[i][place.axis] for i in view.placed if (place := view.place(i))}
    letter = letters.pop()
    if letters or letter not in made:
        raise MixesError
    for index, term in enumerate(terms):
        place = view.place(index)
        if letter in term and place is None:
            view.must_be_alike(index, term.index(letter))
    places = [place for i in view.placed if (place := view.place(i))]
    return view.together([place.along(made.index(letter)) for place in places])


def _product(view: View, first: int, second: int) -> Place:
    if not {first, second}.issuperset(view.placed):
        raise LostError("takes it as a parameter")
    ranks = len(view.shape(first)), len(view.shape(second))
    stacks = max(*ranks, 2) - 2  # axes before the matrices
    found: list[Place] = []
    for index, rank, row in ((first, ranks[0], True), (second, ranks[1], False)):
        place = view.place(index)
        if place is None:
            continue
        from_the_end = rank - place.axis  # 1: the last axis
        summed = 1 if row or rank == 1 else 2
        if from_the_end == summed:
            raise MixesError
        if from_the_end > 2:
            found.append(place.along(stacks + 2 - from_the_end))
        else:
            kept = stacks + (0 if row else 1)
            found.append(place.along(kept - (not row and ranks[0] == 1)))
    place = view.together(found)
    if place.axis < stacks:  # one of the stack: the other operand may have its own for each item
        for index, rank in ((first, ranks[0]), (second, ranks[1])):
            if view.place(index) is None and rank > 2:
                view.must_be_alike(index, place.axis - stacks + rank - 2)
    return place
