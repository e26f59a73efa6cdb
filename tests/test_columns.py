"""What stands where in a table has a name: no kernel knows it by its number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sparsesim.lowering import Geometry, columns


def kernels(root: Path) -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Functions that are compiled, with their files."""
    for path in sorted((root / "sparsesim").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "@kernel" in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and any(
                    isinstance(one, ast.Name) and one.id == "kernel" for one in node.decorator_list
                ):
                    yield path, node


def numbers(index: ast.expr) -> list[ast.Constant]:
    """Whole numbers that stand in an index, by themselves or at the head of a sum."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    heads = [part.left if isinstance(part, ast.BinOp) else part for part in parts]
    return [one for one in heads if isinstance(one, ast.Constant) and type(one.value) is int]


def test_no_kernel_knows_a_number_by_its_place(root: Path) -> None:
    found, seen = [], 0
    for path, kernel in kernels(root):
        seen += 1
        for node in ast.walk(kernel):
            if not isinstance(node, ast.Subscript) or ast.unparse(node.value).endswith(".shape"):
                continue
            if any(one.value for one in numbers(node.slice)):  # the first of a list needs no name
                found.append(f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []
    assert seen > 50


def test_a_geometrys_numbers_stand_where_their_names_say() -> None:
    def axes(first: int) -> tuple[int, int, int, int]:
        return first, first + 1, first + 2, first + 3

    geometry = Geometry(
        groups=2,
        filters=3,
        channels=5,
        input_shape=axes(10),
        output_shape=axes(20),
        kernel=axes(30),
        stride=axes(40),
        dilation=axes(50),
        pad=axes(60),
        insert=axes(70),
        group_stride=7,
        pixel_stride=8,
        output_group_stride=9,
        output_pixel_stride=11,
    )
    found = geometry.array().tolist()
    fields = [name for name in vars(columns) if name.isupper() and name != "LENGTH"]
    assert len(found) == columns.LENGTH == 8 + 7 * 4
    for name in fields:
        value, at = getattr(geometry, name.lower()), getattr(columns, name)
        assert (tuple(found[at : at + 4]) if isinstance(value, tuple) else found[at]) == value
    assert len(fields) == 15
