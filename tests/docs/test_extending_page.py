"""The machine of docs/extending.md is the toy of tests/machines, and what it took is counted."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent, indent

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
TOY = (ROOT / "tests" / "machines" / "toy.py").read_text(encoding="utf-8")
SECTIONS = PAGE[PAGE.index("## A machine\n") : PAGE.index("## An export")]


def quoted() -> list[str]:
    """Blocks of Python that are no doctest."""
    blocks = re.findall(r"\n\n((?:(?:    .*)?\n)+)", SECTIONS)
    return [dedent(block).strip("\n") for block in blocks if re.match(r" +(class|def|sch)", block)]


def test_what_the_page_quotes_is_the_toy():
    assert len(quoted()) == 5
    for block in quoted():
        assert block in TOY or indent(block, "    ") in TOY, block


def test_the_page_says_how_long_the_toy_is():
    methods = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(TOY))
        if isinstance(node, ast.FunctionDef)
    }
    counting = ("slots", "tiling", "operand_key", "prepare", "count", "_strips")
    lines = sum(1 for line in TOY.splitlines() if line.strip())
    own = sum(methods[name] for name in counting)
    said = f"its file has {lines} lines that are not blank, {own} of them"
    assert said in " ".join(SECTIONS.split())
