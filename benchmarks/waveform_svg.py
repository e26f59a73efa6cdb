"""Rows of signals over cycles as an SVG. It knows no simulation: benchmarks/waveform.py does.

The picture has a ground of its own, so that it reads on a light and on a dark page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from sparsesim.machines.inner_join import InnerJoin

_LABEL_PX, _CYCLE_PX, _ROW_PX, _TOP_PX = 178, 58, 36, 128
_INK, _FAINT, _GRID, _WAVE, _BUS = "#1c2128", "#5b6472", "#e7e9ee", "#2b5f94", "#edf3f9"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_COLOURS = {part.key: (part.words, part.colour) for part in InnerJoin.classes}


@dataclass(frozen=True)
class Row:
    """A line of the picture.

    Attributes:
        label: what it shows; signal: where from, as the Verilog calls it.
        values: one a cycle. A bool is drawn as a level, a text as what a bus holds, None as
            nothing there.
    """

    label: str
    signal: str
    values: Sequence[bool | str | None]


def svg(classes: Sequence[str], groups: dict[str, list[Row]], pass_cycles: int) -> str:
    """The picture as text.

    Args:
        classes: of each cycle, keys of the machine's.
        groups: rows under a heading, all of one length.
        pass_cycles: classes are shown up to here.
    """
    cycles = len(classes)
    width = _LABEL_PX + cycles * _CYCLE_PX + 14
    body, y = [], _TOP_PX
    for name, rows in groups.items():
        body.append(_text(12, y + 16, name, size=12, weight="bold"))
        y += 24
        for row in rows:
            body += [*_label(row, y), *_line(row.values, y)]
            y += _ROW_PX
        y += 8
    ends = _x(pass_cycles)
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        f'viewBox="0 0 {width} {y}" role="img" '
        "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\">",
        "<title>A PE at work, cycle by cycle</title>",
        f'<rect width="{width}" height="{y}" rx="8" fill="#ffffff"/>',
        _text(12, 26, "cycle", size=12),
    ]
    for n in range(cycles):
        head.append(_text(_x(n) + _CYCLE_PX // 2, 26, n, size=12, anchor="middle"))
        head.append(f'<path d="M{_x(n)} 34V{y - 8}" stroke="{_GRID}"/>')
    head.append(
        f'<path d="M{ends} 12V{y - 8}" stroke="{_FAINT}" stroke-dasharray="4 3"/>'
        + _text(ends + 6, 62, f"the pass is over: {pass_cycles} cycles", colour=_FAINT)
    )
    head.append(_text(12, 58, "class of the cycle", size=12))
    head += _band(classes[:pass_cycles])
    half = _CYCLE_PX // 2
    clock = "".join(f"V95H{_x(n) + half}V115H{_x(n + 1)}" for n in range(cycles))
    head.append(_text(12, 109, "clock", size=12))
    head.append(f'<path d="M{_x(0)} 115{clock}" fill="none" stroke="{_FAINT}"/>')
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _band(classes: Sequence[str]) -> list[str]:
    drawn = []
    for begin, end in _runs(classes):
        words, colour = _COLOURS[classes[begin]]
        x, width = _x(begin) + 1, (end - begin) * _CYCLE_PX - 2
        drawn.append(f'<rect x="{x}" y="40" width="{width}" height="36" rx="3" fill="{colour}"/>')
        lines = [words] if width > 100 else words.split(maxsplit=1)
        for n, line in enumerate(lines):
            y = 62 + 12 * n - 6 * (len(lines) - 1)
            drawn.append(_text(x + width // 2, y, line, size=10, anchor="middle"))
    return drawn


def _label(row: Row, y: int) -> list[str]:
    return [
        _text(22, y + 13, row.label, size=12),
        _text(22, y + 25, row.signal, size=9, colour=_FAINT, mono=True),
    ]


def _line(values: Sequence[bool | str | None], y: int) -> list[str]:
    high, low = y + 5, y + 25
    if isinstance(values[0], bool):
        path = [f"M{_x(0)} {high if values[0] else low}"]
        for n, value in enumerate(values):
            path.append(f"V{high if value else low}H{_x(n + 1)}")
        return [f'<path d="{"".join(path)}" fill="none" stroke="{_WAVE}" stroke-width="1.6"/>']
    drawn = []
    for begin, end in _runs(values):
        left, right, middle = _x(begin), _x(end), (high + low) // 2
        if values[begin] is None:
            drawn.append(f'<path d="M{left} {middle}H{right}" stroke="{_WAVE}" opacity="0.35"/>')
            continue
        shape = (
            f"M{left} {middle}L{left + 4} {high}H{right - 4}L{right} {middle}"
            f"L{right - 4} {low}H{left + 4}Z"
        )
        drawn.append(f'<path d="{shape}" fill="{_BUS}" stroke="{_WAVE}" stroke-width="1.2"/>')
        words = str(values[begin])
        drawn.append(_text((left + right) // 2, middle + 4, words, anchor="middle", mono=True))
    return drawn


def _runs(values: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Stretches of equal values: begin, and end, not included."""
    begin = 0
    for n in range(1, len(values) + 1):
        if n == len(values) or values[n] != values[begin]:
            yield begin, n
            begin = n


def _x(cycle: int) -> int:
    return _LABEL_PX + cycle * _CYCLE_PX


def _text(
    x: int,
    y: int,
    words: object,
    size: int = 11,
    anchor: str = "start",
    colour: str = _INK,
    weight: str = "normal",
    mono: bool = False,
) -> str:
    family = " font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\"" if mono else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}"{family}>{escape(str(words))}</text>'
    )
