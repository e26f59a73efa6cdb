"""Finds the words of a machine in Python source: what nobody outside its folder may know.

Words of a machine are its name, its parameters and what they may be, its schemes, the keys of its
classes, and words of its structure, which its test declares. They are looked for where code knows
them (attributes, keyword arguments, parameters, fields, strings that are one word), and those that
are no English also in texts. Comments and docstrings may say what they like.

Not every use of a word means the machine: a matrix has rows, too. Such a word counts only beside an
accelerator (as its attribute, key or argument), and a scheme or class only as a key, or beside what
is called a scheme.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args, get_origin

from sparsesim.machines import Machine
from sparsesim.machines.scheme import OPERANDS

_BY_KEY = ("cycles", "schemes", "classes", "slots", "totals", "images", "rivals")


@dataclass(frozen=True)
class Words:
    """The words of one machine.

    Attributes:
        names: parameters and structure: attributes, arguments, fields and strings.
        keys: schemes, classes and values of parameters: strings alone.
        texts: those that no text may hold.
        general: those that mean other things, too -> what; they count beside an accelerator.
    """

    names: frozenset[str]
    keys: frozenset[str]
    texts: frozenset[str]
    general: Mapping[str, str] = field(default_factory=dict)


def words_of(machine: Machine, structure: tuple[str, ...], general: Mapping[str, str]) -> Words:
    """The words of a machine.

    Args:
        machine: registered.
        structure: further ones, of what it is built of.
        general: those of all these that mean other things, too.
    """
    keys = {machine.name, *machine.scheme_names, *(one.key for one in machine.classes)}
    for one in machine.Array.model_fields.values():
        if get_origin(one.annotation) is Literal:
            keys |= set(get_args(one.annotation))
    keys -= set(OPERANDS)  # a scheme may be called as what it skips
    names = {*machine.Array.model_fields, *structure}
    unlike_english = {word for word in keys | names if "_" in word or not word.islower()}
    return Words(frozenset(names), frozenset(keys), frozenset(unlike_english), general)


@dataclass(frozen=True)
class Use:
    """A word that was found."""

    line: int
    word: str
    how: str

    def __str__(self) -> str:
        return f"{self.line}: {self.how} '{self.word}'"


def uses(source: str, words: Words) -> list[Use]:
    """All uses of a machine's words in a file's text, by line."""
    tree = ast.parse(source)
    quiet = _docstrings(tree)
    found = {use for node in ast.walk(tree) for use in _uses(node, words, quiet)}
    return sorted(found, key=lambda use: (use.line, use.word, use.how))


def imports(source: str, machine: str) -> Iterator[int]:
    """Lines that import what lies in a machine's folder."""
    folder = f"sparsesim.machines.{machine}"
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        if any(name == folder or name.startswith(f"{folder}.") for name in names):
            yield node.lineno


def _uses(node: ast.AST, words: Words, quiet: set[int]) -> Iterator[Use]:
    match node:
        case ast.Attribute(attr=word, value=of) if word in words.names:
            if word not in words.general or _is_accelerator(of):
                yield Use(node.lineno, word, "attribute")
        case ast.keyword(arg=str(name), value=ast.Constant(value=word)) if _names_scheme(name):
            if word in words.keys:
                yield Use(node.lineno, str(word), "scheme")
        case ast.Call(func=called, keywords=keywords):
            for one in keywords:
                if one.arg in words.names and (
                    one.arg not in words.general or _makes_accelerator(called)
                ):
                    yield Use(one.value.lineno, one.arg, "argument")
        case ast.Subscript(value=of, slice=ast.Constant(value=str(word))):
            known = word not in words.general or _is_accelerator(of) or _is_by_key(of)
            if word in words.names | words.keys and known:
                yield Use(node.lineno, word, "key")
        case ast.Compare(left=left, comparators=others):
            compared = [left, *others]
            if any(_names_scheme(_last(one)) for one in compared):
                for one in ast.walk(ast.Tuple(compared)):
                    if isinstance(one, ast.Constant) and one.value in words.keys:
                        yield Use(one.lineno, str(one.value), "scheme")
        case ast.arg(arg=word) | ast.AnnAssign(target=ast.Name(id=word)):
            if word in words.names and word not in words.general:
                yield Use(node.lineno, word, "parameter" if isinstance(node, ast.arg) else "field")
        case ast.Constant(value=str(text)) if id(node) not in quiet:
            yield from _in_text(node.lineno, text, words)


def _in_text(line: int, text: str, words: Words) -> Iterator[Use]:
    if text in words.names | words.keys:
        if text not in words.general:
            yield Use(line, text, "string")
        return
    for word in re.findall(r"\w+", text):
        if word in words.texts and word not in words.general:
            yield Use(line, word, "text")


def _is_accelerator(node: ast.AST) -> bool:
    return _last(node).endswith(("accelerator", "array", "machine", "template"))


def _is_by_key(node: ast.AST) -> bool:
    """Whether what is looked up in is called as numbers by scheme or class are."""
    last = _last(node)
    return last.startswith(("speedup", "interval")) or last in _BY_KEY


def _makes_accelerator(called: ast.AST) -> bool:
    return _last(called).endswith(("Accelerator", "Array", "with_"))


def _names_scheme(name: str) -> bool:
    return name.endswith(("scheme", "skipping"))


def _last(node: ast.AST) -> str:
    """The last name of an expression."""
    return str(node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", ""))


def _docstrings(tree: ast.Module) -> set[int]:
    """The strings that stand alone as statements."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
