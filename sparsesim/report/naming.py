"""Names of layers in tables and charts: short, and never two alike.

A label stands for one name only: read with `…` for any text, no other name of the same list fits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from sparsesim.figures import clipped
from sparsesim.report.facts import short_names

_SEPARATORS = "/;._:"
_MANY = 500  # names of which finding a short label each would take seconds


def fitted(names: Iterable[str], width: int, strip: bool = True) -> dict[str, str]:
    """Labels of layers in so many characters.

    Args:
        names: of layers; one that is there twice counts once.
        width: characters, 8 or more.
        strip: leave out the folders that all share, and what converters join to a name.
    Returns:
        label by name, no two alike.

    >>> fitted(["net/block.0/attention/query/MatMul", "net/block.1/attention/query/MatMul"], 18)
    ... # doctest: +NORMALIZE_WHITESPACE
    {'net/block.0/attention/query/MatMul': 'block.0/…ry/MatMul',
     'net/block.1/attention/query/MatMul': 'block.1/…ry/MatMul'}
    """
    known = list(dict.fromkeys(names))
    short = short_names(known) if strip else dict(zip(known, known, strict=True))
    labels = distinct(short.values(), width)
    return {name: labels[text] for name, text in short.items()}


def distinct(texts: Iterable[str], width: int) -> dict[str, str]:
    """Texts cut to so many characters, so that they stay different.

    Args:
        texts: one that is there twice counts once.
        width: characters, 8 or more.
    Returns:
        label by text. The middle is left out where that tells texts apart, else parts that do not
        tell them apart; where nothing does, a number stands in front.
    """
    known = list(dict.fromkeys(texts))
    cut = {text: clipped(text, width) for text in known}
    uses = Counter(cut.values())
    labels = {}
    for index, text in enumerate(known, start=1):
        label: str | None = cut[text]
        if uses[cut[text]] > 1:
            label = _by_parts(text, known, width) if len(known) <= _MANY else None
        labels[text] = label or f"{index} {clipped(text, width - len(str(index)) - 1)}"
    return labels


def named_by(label: str, names: Sequence[str]) -> list[str]:
    """The names that a label may stand for: `…` in it is any text."""
    pattern = re.compile(".*".join(map(re.escape, label.split("…"))), re.DOTALL)
    return [name for name in names if pattern.fullmatch(name)]


def in_lines(label: str, width: int) -> list[str]:
    """A label in lines of so many characters, cut behind a separator where one is near enough."""
    lines = []
    while len(label) > width:
        least = max(1, len(label) - width) if len(label) <= 2 * width else width // 2
        ends = [at for at in range(least, width + 1) if label[at - 1] in _SEPARATORS]
        cut = ends[-1] if ends else width
        lines.append(label[:cut])
        label = label[cut:]
    return [*lines, label]


def _by_parts(text: str, known: Sequence[str], width: int) -> str | None:
    """A label of those parts that only this text has; None where they don't fit."""
    parts = _parts(text)
    kept: set[int] = set()
    others = [other for other in known if other != text]
    while others:
        found = []
        for index in set(range(len(parts))) - kept:
            label = _label(parts, kept | {index})
            left = named_by(label, others)
            found.append((len(left), len(label), -index, left))
        if not found:
            return None
        _, _, index, others = min(found)
        kept.add(-index)
    if len(_label(parts, kept)) > width:
        return None
    for index in [len(parts) - 1, 0, *reversed(range(len(parts)))]:
        if len(_label(parts, kept | {index})) <= width:
            kept.add(index)
    return _label(parts, kept)


def _parts(text: str) -> list[str]:
    """A text cut behind the first separator that it has; the separator ends a part."""
    separator = next((mark for mark in _SEPARATORS if mark in text.strip(mark)), None)
    if separator is None:
        return [text]
    *parts, last = text.split(separator)
    return [part + separator for part in parts] + [last] * bool(last)


def _label(parts: Sequence[str], kept: Iterable[int]) -> str:
    """These parts in order, `…` for what is left out between them."""
    label, last = "", -1
    for index in sorted(kept):
        if index != last + 1:
            label += f"…{parts[index - 1][-1]}"  # the separator says that whole parts are left out
        label += parts[index]
        last = index
    return label + ("…" if last != len(parts) - 1 else "")
