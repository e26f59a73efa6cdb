"""A walk from inputs to outputs: does any operator mix along an axis of theirs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from sparsesim.graph.batch.defined import DEFINED, defined
from sparsesim.graph.batch.place import ElsewhereError, LostError, MixesError, Place
from sparsesim.graph.batch.rules import rule_of
from sparsesim.graph.batch.view import View
from sparsesim.graph.layers import Shape
from sparsesim.graph.names import printable
from sparsesim.graph.reads import reads

# Operands that say a shape; where the shape is known, what they hold does not matter.
_SHAPES = {
    "Expand": (1,),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}

_NAME = 40


@dataclass(frozen=True, eq=False)
class Known:
    """A graph with sizes for all inputs.

    Attributes:
        nodes: in order.
        outputs: names.
        opset: of ONNX.
        shapes, constants: of tensors.
        varying: constants that are others where the batch is longer, and why.
        batch_first: tensors whose first axis is the batch by definition, and whose.
    """

    nodes: tuple[onnx.NodeProto, ...]
    outputs: tuple[str, ...]
    opset: int
    shapes: Mapping[str, Shape]
    constants: Mapping[str, np.ndarray]
    varying: Mapping[str, str] = field(default_factory=dict)
    batch_first: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Verdict:
    """What a walk found; each names a node in words, and is empty where there is none.

    Attributes:
        defined: has its batch there by definition.
        elsewhere: reads it, and has its batch along another axis.
        mixes: mixes along it.
        lost: behind it nothing is known, and an output hangs on it.
    """

    defined: str = ""
    elsewhere: str = ""
    mixes: str = ""
    lost: str = ""


def walk(known: Known, begin: Mapping[str, Place]) -> Verdict:
    """Follow a batch.

    Args:
        known: the graph.
        begin: where inputs hold it.
    """
    found = Verdict()
    places = dict(begin)
    lost = dict(known.varying)
    for node in known.nodes:
        used = [n for i, n in enumerate(node.input) if i not in _SHAPES.get(node.op_type, ())]
        inside = reads(node) - set(node.input)
        if not any(name in places for name in (*used, *inside)):
            said = next((lost[name] for name in (*used, *inside) if name in lost), "")
            if said:
                lost |= dict.fromkeys(filter(None, node.output), said)
            continue
        view = View(node, known.opset, places, known.shapes, known.constants)
        try:
            _defined_before(view, known.batch_first, found)
            made = _made(view, [lost[name] for name in used if name in lost], bool(inside), found)
        except ElsewhereError:
            found.elsewhere = found.elsewhere or words(node)
            found.mixes = found.mixes or f"{words(node)} has its batch along another axis"
        except MixesError:
            found.mixes = found.mixes or f"{words(node)} mixes along it"
        except LostError as error:
            lost |= dict.fromkeys(filter(None, node.output), str(error))
        else:
            for name, place in zip(node.output, made, strict=False):
                if name and place is not None:
                    places[name] = place
            continue
        lost |= dict.fromkeys(
            (name for name in node.output if name and name not in lost), f"{words(node)} mixes it"
        )
    found.lost = next((lost[name] for name in known.outputs if name in lost), "")
    return found


def _defined_before(view: View, batch_first: Mapping[str, str], found: Verdict) -> None:
    """What the node was part of may have its batch in front by definition."""
    for index in view.placed:
        said = batch_first.get(view.name(index))
        place = view.place(index)
        if said is None or place is None:
            continue
        if place.axis:
            raise ElsewhereError
        found.defined = found.defined or said


def words(node: onnx.NodeProto) -> str:
    """A node in a sentence, its name cut short: converters may make hundreds of letters."""
    name = printable(node.name)
    return f"'{name if len(name) <= _NAME else name[: _NAME - 1] + '…'}' ({node.op_type})"


def _made(view: View, lost: list[str], captures: bool, found: Verdict) -> list[Place | None]:
    """Places in a node's outputs; a LostError says why there are none, in a sentence."""
    said = words(view.node)
    if lost:
        raise LostError(lost[0])
    if captures:
        raise LostError(f"{said} reads it within a body")
    try:
        return _by_rule(view, found)
    except LostError as error:
        raise LostError(f"{said} {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # An invalid node, which running it will tell.
        raise LostError(f"{said} takes shapes that do not fit") from None


def _by_rule(view: View, found: Verdict) -> list[Place | None]:
    node = view.node
    if node.op_type in DEFINED:
        made = defined(view)
        found.defined = found.defined or words(node)
        return made
    rule = rule_of(node.op_type)
    if rule is None:
        raise LostError("may mix along it")
    place = rule(view)
    return place if isinstance(place, list) else [place] * len(node.output)
