"""Blocks: named groups of layers, and the tensor that leaves each.

By default a block is the part of a layer's name before its last `/` or `.`; users name others by
patterns over layer names: `*` any characters (`/` and `.` too), `?` one, `[ab]` one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from sparsesim import elementwise
from sparsesim.errors import SpecError
from sparsesim.graph.layers import Graph, Layer
from sparsesim.graph.names import block_of
from sparsesim.graph.reads import reads

# Operators besides the element-wise ones that still belong to the block whose tensors they read.
_GATHERING = {
    "Add",
    "BatchNormalization",
    "Cast",
    "Concat",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "Exp",
    "Identity",
    "Max",
    "Mean",
    "Min",
    "Mul",
    "Neg",
    "PRelu",
    "QuantizeLinear",
    "Sub",
    "Sum",
}
_SAME_ZEROS = {"DequantizeLinear", "Dropout", "Identity"}


@dataclass(frozen=True)
class Block:
    """A named group of layers.

    Attributes:
        name: as users write it.
        layers: names of its layers, in execution order.
        leaving: the tensor whose sparsity is the block's activation sparsity.
    """

    name: str
    layers: tuple[str, ...]
    leaving: str


def blocks(graph: Graph, named: Mapping[str, Sequence[str]] | None = None) -> tuple[Block, ...]:
    """All blocks of a graph; every layer lies in exactly one.

    Args:
        graph: the graph.
        named: block name -> patterns over layer names; other layers keep their default block.
    Returns:
        blocks in the order of their first layers.
    Raises:
        SpecError: a pattern that matches no layer, a layer in two named blocks, a name that is
            another layer's default block.
    """
    chosen = _chosen(graph, named or {})
    members: dict[str, list[Layer]] = {}
    for layer in graph.layers:
        name = chosen.get(layer.name, block_of(layer.name))
        if layer.name not in chosen and named and name in named:
            raise SpecError(
                f"blocks.{name}: layer '{layer.name}', which it does not hold, has a default "
                "block of that name; use another name"
            )
        members.setdefault(name, []).append(layer)
    steps = list(_steps(graph))
    return tuple(
        Block(name, tuple(layer.name for layer in layers), _leaving(graph, steps, layers))
        for name, layers in members.items()
    )


def near_misses(pattern: str, known: Iterable[str]) -> str:
    """A hint for a pattern that matches nothing: `near misses: conv1, conv2`.

    Args:
        pattern: what came.
        known: what there is.
    """
    known = list(dict.fromkeys(known))
    close = get_close_matches(pattern, known, n=3, cutoff=0.5)
    if close:
        return "near misses: " + ", ".join(close)
    more = ", ..." if len(known) > 3 else ""
    return "use one of " + ", ".join(known[:3]) + more if known else "the model has no layers"


def _chosen(graph: Graph, named: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Layer -> named block."""
    names = [layer.name for layer in graph.layers]
    chosen: dict[str, str] = {}
    for block, patterns in named.items():
        for pattern in patterns:
            hits = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
            if not hits:
                raise SpecError(
                    f"blocks.{block}: '{pattern}' matches no layer; {near_misses(pattern, names)}"
                )
            for name in hits:
                other = chosen.setdefault(name, block)
                if other != block:
                    raise SpecError(
                        f"blocks.{other} and blocks.{block} both hold layer '{name}'; "
                        "a layer lies in one block"
                    )
    return chosen


@dataclass(frozen=True)
class _Step:
    """A layer, or one host node, by what it reads and makes."""

    layer: str
    op: str
    read: frozenset[str]
    made: tuple[str, ...]


def _steps(graph: Graph) -> Iterator[_Step]:
    """In execution order; constants are left out of what is read."""
    constant = graph.constants.keys()
    for step in graph.steps:
        if isinstance(step, Layer):
            yield _Step(step.name, step.op, frozenset(step.reads) - constant, step.makes)
            continue
        for index in step.nodes:
            node = graph.model.graph.node[index]
            made = tuple(name for name in node.output if name)
            yield _Step("", node.op_type, frozenset(reads(node)) - constant, made)


def _leaving(graph: Graph, steps: list[_Step], layers: list[Layer]) -> str:
    """The last tensor of the block's region that something outside it reads.

    The region is the outputs of the block's layers, and what host nodes make of these and of
    tensors that were there before the block (a shortcut around it).
    """
    if len(layers) == 1:
        return layers[0].leaving
    own = {layer.name for layer in layers}
    before = _before(graph, steps, own)
    region = {name for layer in layers for name in layer.makes}
    source: dict[str, str] = {}
    outside = set(graph.outputs)
    for step in steps:
        if step.layer:
            inside = step.layer in own
        else:
            grows = step.op in _GATHERING or step.op in elementwise.MODULES
            inside = grows and bool(step.read & region) and step.read <= region | before
        if not inside:
            outside |= step.read
        elif not step.layer:
            region.update(step.made)
            if step.op in _SAME_ZEROS and len(step.read) == 1:
                source[step.made[0]] = next(iter(step.read))
    made = [name for step in steps for name in step.made if name in region]
    leaving = next((name for name in reversed(made) if name in outside), made[-1])
    # Where the tensor leaves quantised and dequantised, the quantised one is what is stored.
    outputs = {name for layer in layers for name in layer.makes}
    while source.get(leaving) in outside | outputs:
        leaving = source[leaving]
    return leaving


def _before(graph: Graph, steps: list[_Step], own: set[str]) -> set[str]:
    """Ancestors of the block's layers, and what the host makes of nothing but them."""
    wanted: set[str] = {value.name for value in graph.inputs}
    for step in reversed(steps):
        if step.layer in own or wanted.intersection(step.made):
            wanted |= step.read
    for step in steps:
        if not step.layer and step.read <= wanted:
            wanted.update(step.made)
    return wanted
