"""From a rich renderable to plain text of a fixed width, and the reverse: what a file holds."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WIDTH = 80


def plain(renderable: RenderableType, width: int = WIDTH) -> str:
    """A renderable as text without colours or trailing blanks, ending in a new line.

    Args:
        renderable: of `text`, `compare` or `explain`.
        width: columns, 40 or more.
    """
    console = terminal(
        file=StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines()) + "\n"


def terminal(**options: Any) -> Console:
    """A console that prints texts as they are: names may hold `[red]`, `[/0]` or `:x:`.

    Args:
        options: further arguments of `rich.console.Console`.
    """
    return Console(markup=False, emoji=False, highlight=False, **options)


def cells(*texts: object) -> list[Text]:
    """Cells of a table, taken as they are: a layer's name may hold brackets."""
    return [cell if isinstance(cell, Text) else Text(str(cell)) for cell in texts]


def plain_table(*columns: str, left: int = 1, gap: int = 2, **style: Any) -> Table:
    """A table without lines.

    Args:
        columns: headings; those behind the first `left` are aligned to the right.
        left: how many are aligned to the left.
        gap: blanks between columns.
        style: further arguments of `rich.table.Table`.
    """
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), **style)
    for index, heading in enumerate(columns):
        justify: Any = "left" if index < left else "right"
        table.add_column(Text(heading), justify=justify, no_wrap=True, header_style="dim")
    return table
