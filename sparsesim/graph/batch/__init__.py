"""Which axis of each input holds images: the order of decision that every verb shares.

An image is one sample. It lies along the batch axis, which is, in this order: where the operators
that read the input have their batch by ONNX's definition (Conv, pooling, LSTM …); a first axis of
free length along which no operator mixes; else none, and one run is one image. An axis of length 1
holds one image whatever it means, so a first one may serve. What the user says goes before all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sparsesim.errors import ModelError, nearest
from sparsesim.graph.batch.known import free_lengths, known
from sparsesim.graph.batch.place import Place
from sparsesim.graph.batch.walk import Known, walk
from sparsesim.graph.infer import infer
from sparsesim.graph.layers import Graph
from sparsesim.graph.recurrent import internal

__all__ = ["NONE", "Batch", "BatchAxis", "find_batches", "of_one_batch"]


@dataclass(frozen=True)
class Batch:
    """Where an input holds its images.

    Attributes:
        axis: from 0 up; None: it holds one, or part of one, and is fed whole.
        why: in words; where `doubt`, why no axis could be taken.
        doubt: it is only an assumption that there is none.
    """

    axis: int | None
    why: str
    doubt: bool = False


BatchAxis = int | str | None | Mapping[str, int | str | None]
"""What a user says: an axis for all inputs, `none`, or either by input; None: find it."""

NONE = "none"


def find_batches(graph: Graph, wanted: BatchAxis = None) -> dict[str, Batch]:
    """The batch axis of each input of a graph; the order in which they stand decides nothing.

    Args:
        graph: a loaded model.
        wanted: what the user says; inputs left out of a mapping are looked at.
    Raises:
        ModelError: no such input, or no such axis of it.
    """
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in graph.inputs}
    given = _given(wanted, ranks, graph.source)
    if ranks.keys() <= given.keys():
        return given
    sized = known(graph)
    free = {name for name, sizes in free_lengths(graph).items() if 0 in sizes}
    found = {name: _by_definition(sized, name, rank) for name, rank in ranks.items()} | given
    undecided = [name for name, batch in found.items() if batch.doubt and name in free]
    decided = {name: batch for name, batch in found.items() if name not in undecided}
    return _beside(sized, found | _by_freedom(sized, decided, undecided))


def _given(wanted: BatchAxis, ranks: Mapping[str, int], where: str) -> dict[str, Batch]:
    if wanted is None:
        return {}
    said = "it was said so"
    if not isinstance(wanted, Mapping):
        # A scalar has no axis: what is said of all inputs is not meant for it.
        wanted = {name: wanted if rank else NONE for name, rank in ranks.items()}
    found = {}
    for name, axis in wanted.items():
        if name not in ranks:
            hint = nearest(name, ranks) if ranks else "it takes none"
            raise ModelError(f"{where}: has no input '{name}' to give a batch axis; {hint}")
        if axis is None or axis == NONE:
            found[name] = Batch(None, said)
        elif isinstance(axis, int) and 0 <= axis < ranks[name]:
            found[name] = Batch(axis, said)
        else:
            allowed = f"0 to {ranks[name] - 1}, or {NONE}" if ranks[name] else NONE
            raise ModelError(
                f"{where}: batch axis {axis} of input '{name}' is out of range; use {allowed}"
            )
    return found


def _by_definition(sized: Known, name: str, rank: int) -> Batch:
    """Where the operators that read an input have their batch; a doubtful one where none does."""
    if rank == 0:
        return Batch(None, "it is a scalar")
    shape = sized.shapes[name]
    verdicts = [walk(sized, {name: _place(sized, name, axis)}) for axis in range(rank)]
    hindrance = ""
    for axis, verdict in enumerate(verdicts):
        if not verdict.defined:
            continue
        if shape[axis] == 1 or not verdict.mixes:
            return Batch(axis, f"{verdict.defined} has its batch there")
        hindrance = hindrance or (
            f"{verdict.defined} has its batch along axis {axis}, but {verdict.mixes}"
        )
    if shape[0] == 1:
        return Batch(0, "its first axis has length 1")
    if not hindrance and all(verdict.elsewhere for verdict in verdicts):
        return Batch(None, f"{verdicts[0].elsewhere} has its batch along none of its axes")
    fixed = f"its first axis is fixed to {shape[0]}, and no operator has its batch there"
    return Batch(None, hindrance or fixed, doubt=True)


def _by_freedom(
    sized: Known, decided: Mapping[str, Batch], undecided: Sequence[str]
) -> dict[str, Batch]:
    """Inputs with a free first axis that no operator defines: together, where they share a name."""
    begun = _places(sized, decided)
    lengths = {name: _place(sized, name, 0).length for name in undecided}
    found: dict[str, Batch] = {}
    clean: list[str] = []
    for length in dict.fromkeys(lengths.values()):
        members = {n: Place(0, length) for n in undecided if lengths[n] == length}
        if {place.length for place in begun.values()} - {length}:
            why = "its first axis is free, and is not the one that holds the images of others"
        else:
            verdict = walk(sized, begun | members)
            hindrance = verdict.mixes or verdict.lost
            why = f"its first axis is free, but {hindrance}" if hindrance else ""
        if why:
            found |= dict.fromkeys(members, Batch(None, why, doubt=True))
        else:
            clean += members
    if len({lengths[name] for name in clean}) > 1:
        why = "free first axes of several inputs differ, and only one could hold the images"
        return found | dict.fromkeys(clean, Batch(None, why, doubt=True))
    return found | dict.fromkeys(
        clean, Batch(0, "its first axis is free, and no operator mixes along it")
    )


def _beside(sized: Known, found: dict[str, Batch]) -> dict[str, Batch]:
    """Inputs of a fixed first axis, as long as the batch of others, go with that if nothing mixes.

    What is measured of each picture lies beside the pictures, and is joined to them row by row.
    """
    begun = _places(sized, found)
    doubtful = [name for name, batch in found.items() if batch.doubt]
    lengths = {place.length for place in begun.values()}
    members = {name: _place(sized, name, 0) for name in doubtful}
    members = {name: place for name, place in members.items() if {place.length} == lengths}
    if not members:
        return found
    verdict = walk(sized, begun | members)
    if verdict.mixes or verdict.lost:
        return found
    why = "its first axis is as long as the batch of others, and no operator mixes along them"
    return found | dict.fromkeys(members, Batch(0, why))


def _places(sized: Known, found: Mapping[str, Batch]) -> dict[str, Place]:
    """Where inputs hold several images."""
    places = {
        name: _place(sized, name, batch.axis)
        for name, batch in found.items()
        if batch.axis is not None
    }
    return {name: place for name, place in places.items() if place.length != 1}


def _place(sized: Known, name: str, axis: int) -> Place:
    return Place(axis, sized.shapes[name][axis] or 1)


def of_one_batch(graph: Graph, found: Mapping[str, Batch]) -> Graph:
    """The graph with shapes in which a free batch is 1, and other free lengths are unknown."""
    axes = {name: batch.axis for name, batch in found.items()}
    shapes, _ = infer(graph.model, graph.constants, graph.custom_ops, axes)
    inside, _ = internal(graph.layers, shapes, graph.constants)
    return replace(graph, shapes={**shapes, **inside})
