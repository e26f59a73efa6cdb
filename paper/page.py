"""A page of `docs/paper`: heading, command, tables, and the remarks on what differs and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paper.places import PAGES, REMARKS
from sparsesim.files import write_text


class Page:
    """Markdown, line by line.

    Args:
        name: of the table or figure, and of the file.
        title: its heading.
        about: the page's first line: what made it.
    """

    def __init__(self, name: str, title: str, about: str) -> None:
        self.name = name
        self.lines = [f"# {title}", "", about, ""]

    def text(self, *lines: str) -> None:
        """A paragraph."""
        self.lines += [*lines, ""]

    def heading(self, text: str) -> None:
        """A heading below the page's."""
        self.lines += [f"## {text}", ""]

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table; the first column to the left, numbers to the right."""
        self.lines.append("| " + " | ".join(columns) + " |")
        self.lines.append("|---" + "|---:" * (len(columns) - 1) + "|")
        self.lines += ["| " + " | ".join(row) + " |" for row in rows]
        self.lines.append("")

    def remarks(self) -> None:
        """What we make of it, written by hand: `remarks/NAME.md`."""
        path = REMARKS / f"{self.name}.md"
        if path.is_file():
            self.heading("What differs, and why")
            self.lines += [*path.read_text(encoding="utf-8").strip().splitlines(), ""]

    def markdown(self) -> str:
        """The page so far."""
        return "\n".join(self.lines).rstrip() + "\n"

    def write(self) -> None:
        """Write it to `docs/paper/NAME.md`."""
        PAGES.mkdir(parents=True, exist_ok=True)
        path = PAGES / f"{self.name}.md"
        write_text(path, self.markdown(), force=True)
        print(f"Wrote {path.relative_to(PAGES.parent.parent)}")


def share(value: float | None) -> str:
    """A share of 1 as the paper prints it: `0.123`; `-` for None."""
    return "-" if value is None else f"{value:.3f}"


def difference(ours: float | None, theirs: float | None) -> str:
    """Ours less theirs, with its sign."""
    return "-" if ours is None or theirs is None else f"{ours - theirs:+.3f}"
