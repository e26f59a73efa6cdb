"""Mutants of Verilog text: small edits that could be a mistake, and a balanced choice of them.

Knows the few forms that the files of `hdl` have; not a parser of the language. Left alone are
comments, headers of modules, branches that no simulator compiles, range checks and `unused` wires
(both are there for tools), and the step of a loop: it might never end. Widths become a bit
narrower, never wider, since a bit too many changes nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# Branches of `ifdef are blanked before; here go comments, texts, attributes and other directives.
_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"|\(\*.*?\*\)|`[^\n]*)"
    r"|(?P<number>\d*'s?[bdh][0-9a-fA-F_]+|\d+)|(?P<name>[$A-Za-z_]\w*)"
    r"|(?P<op><<<|>>>|==|!=|<=|>=|<<|>>|&&|\|\||\+:|.)",
    re.DOTALL,
)
_FLIPS = {
    **{"+": "-", "-": "+", "&": "|", "|": "&", "^": "|", "&&": "||", "||": "&&"},
    **{"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"},
    **{"<<": ">>", ">>": "<<", ">>>": ">>"},
}
_LEVELS = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="]]
_LEVELS += [["<<", ">>", ">>>"], ["+", "-"], ["*", "/", "%"]]
_LEVEL = {op: level for level, ops in enumerate(_LEVELS) for op in ops}
_TERMS = {"+", "-", "&", "|", "^", "&&", "||"}  # whose operands can be dropped
_OPEN, _CLOSE = set("([{"), set(")]}")
_SEPARATORS = {"?", ":", ",", ";", "=", "+:"}
_RELATION = "sparsesim_parameter_relation"
_CHECKS = {"sparsesim_parameter_range", _RELATION}
_DECLARATIONS = {"wire", "reg", "integer", "genvar", "localparam"}


@dataclass(frozen=True)
class Mutant:
    """A module's text with one edit.

    Attributes:
        module: its name.
        kind: of edit, one of `flip`, `negation`, `term`, `constant`, `stuck`, `input`, `width`.
        line: of the edit, from 1.
        before, after: the lines that the edit touches, spaces collapsed.
        text: the whole file, mutated.
    """

    module: str
    kind: str
    line: int
    before: str
    after: str
    text: str


def mutants(module: str, text: str) -> list[Mutant]:
    """All mutants of a module, in the order of the text; no two say the same."""
    found: dict[str, Mutant] = {}
    for kind, start, end, new in sorted(_Edits(text).all(), key=lambda edit: edit[1:]):
        mutated = text[:start] + new + text[end:]
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        before = " ".join(text[first:last].split())
        after = " ".join((text[first:start] + new + text[end:last]).split())
        if before != after:
            line = text.count("\n", 0, start) + 1
            mutant = Mutant(module, kind, line, before, after, mutated)
            found.setdefault("".join(mutated.split()), mutant)
    return list(found.values())


def shuffled(candidates: Iterable[Mutant], seed: int) -> list[Mutant]:
    """The candidates in random order, their kinds taking turns."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in candidates:
        kinds.setdefault(mutant.kind, []).append(mutant)
    order = []
    for kind, those in sorted(kinds.items()):
        randomly = random.Random(f"{seed} {those[0].module} {kind}")
        randomly.shuffle(those)
        order += [(turn, randomly.random(), mutant) for turn, mutant in enumerate(those)]
    return [mutant for *_, mutant in sorted(order, key=lambda entry: entry[:2])]


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """How many mutants each module gets: one at least, the rest by the root of its candidates."""
    roots = {name: size**0.5 for name, size in sizes.items() if size}
    rest = max(0, count - len(roots))
    exact = {name: rest * root / sum(roots.values()) for name, root in roots.items()}
    given = {name: 1 + int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: int(exact[name]) - exact[name])
    for name in by_remainder[: max(0, count - sum(given.values()))]:
        given[name] += 1
    return {name: min(given[name], sizes[name]) for name in given}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Edits:
    """Finds what can be edited: (kind, start, end, new text), by places in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [
            _Token(match.lastgroup or "", match[0], match.start(), match.end())
            for match in _TOKEN.finditer(_compiled(text))
            if match.lastgroup != "skip"
        ]
        self._texts = [token.text for token in self._tokens]
        self._pairs = self._brackets()
        self._first = self._texts.index(";") + 1  # behind the header
        self._left_out = set(range(self._first))
        self._widths: list[tuple[int, int]] = []  # what localparams of widths are set to
        self._leave_out()
        self._assignments = set(self._nonblocking())

    def all(self) -> Iterator[tuple[str, int, int, str]]:
        """All edits; some may be the same."""
        for start, end in self._widths:
            yield self._edit("width", start, end, f"({self._source(start, end)}) - 1")
        for at, token in enumerate(self._tokens):
            if at not in self._left_out:
                if token.kind == "op":
                    yield from self._of_operator(at)
                elif token.kind == "number":
                    yield from self._of_number(at)
                elif token.text == "if":
                    yield from self._stuck(at + 2, self._pairs[at + 1] - 1)

    def _of_operator(self, at: int) -> Iterator[tuple[str, int, int, str]]:
        op = self._texts[at]
        if op in "!~":
            yield self._edit("negation", at, at, "")
        elif op == "?":
            yield from self._stuck(self._left(at, -1), at - 1)
        elif op == "." and self._texts[at + 1].endswith("_i") and self._texts[at + 1] != "clk_i":
            yield self._edit("input", at + 3, self._pairs[at + 2] - 1, "1'b0")
        elif op in _FLIPS and at not in self._assignments:
            is_binary = self._ends_operand(at - 1)
            if is_binary or op in "&|":
                yield self._edit("flip", at, at, _FLIPS[op])
            if is_binary and op in _TERMS:
                left, right = self._left(at, _LEVEL[op]), self._right(at, _LEVEL[op])
                yield "term", self._tokens[at - 1].end, self._tokens[right].end, ""
                yield "term", self._tokens[left].start, self._tokens[at + 1].start, ""

    def _of_number(self, at: int) -> Iterator[tuple[str, int, int, str]]:
        number = self._texts[at]
        width, _, digits = number.rpartition("'")
        if not width:
            values = {int(digits) + 1, abs(int(digits) - 1)}
            yield from (self._edit("constant", at, at, str(value)) for value in values)
            return
        base = {"b": 2, "d": 10, "h": 16}[digits[0]]
        value = int(digits[1:].replace("_", ""), base)
        for step in (1, -1):
            other = (value + step) % (1 << int(width))
            yield self._edit("constant", at, at, f"{width}'d{other}")

    def _stuck(self, start: int, end: int) -> Iterator[tuple[str, int, int, str]]:
        for value in ("1'b0", "1'b1"):
            yield self._edit("stuck", start, end, value)

    def _edit(self, kind: str, start: int, end: int, new: str) -> tuple[str, int, int, str]:
        """An edit of whole tokens, the last one included."""
        return kind, self._tokens[start].start, self._tokens[end].end, new

    def _source(self, start: int, end: int) -> str:
        return self._text[self._tokens[start].start : self._tokens[end].end]

    def _ends_operand(self, at: int) -> bool:
        return self._tokens[at].kind in ("name", "number") or self._texts[at] in _CLOSE

    def _right(self, at: int, level: int) -> int:
        """The last token of the operand behind an operator of that level."""
        end = at
        while not self._ends(end + 1, level) and self._texts[end + 1] not in _CLOSE:
            end = self._pairs.get(end + 1, end + 1)
        return end

    def _left(self, at: int, level: int) -> int:
        """The first token of the operand in front of an operator of that level."""
        start = at
        while not self._ends(start - 1, level) and self._texts[start - 1] not in _OPEN:
            start = self._pairs.get(start - 1, start - 1)
        return start

    def _ends(self, at: int, level: int) -> bool:
        """Whether this token ends an operand: a separator, or a binary operator no stronger."""
        text = self._texts[at]
        if at in self._assignments or text in _SEPARATORS:
            return True
        return self._ends_operand(at - 1) and _LEVEL.get(text, level + 1) <= level

    def _brackets(self) -> dict[int, int]:
        """The partner of each bracket."""
        pairs, opened = {}, []
        for at, text in enumerate(self._texts):
            if text in _OPEN:
                opened.append(at)
            elif text in _CLOSE:
                pairs[at] = opened.pop()
                pairs[pairs[at]] = at
        return pairs

    def _nonblocking(self) -> Iterator[int]:
        """The `<=` that assign: the first one of a statement, in no bracket."""
        at, is_assigned = self._first, False
        while at < len(self._texts):
            text = self._texts[at]
            if text in {";", "begin", "else", ":"}:
                is_assigned = False
            elif text in {"=", "<="} and not is_assigned:
                is_assigned = True
                if text == "<=":
                    yield at
            at = self._pairs.get(at, at) + 1 if text in _OPEN else at + 1

    def _leave_out(self) -> None:
        """Note the tokens that no edit may begin at."""
        for at in range(self._first, len(self._texts)):
            text, end = self._texts[at], self._pairs.get(at, at)
            if text in _CHECKS or self._texts[at : at + 2] == ["wire", "unused"]:
                self._left_out.update(range(at, self._texts.index(";", at)))
                if text == _RELATION:  # and the condition that it stands under
                    under = at - self._texts[:at][::-1].index("if") - 1
                    self._left_out.update(range(under, at))
            elif text in _DECLARATIONS:
                self._declaration(at)
            elif text == "{":  # {COUNT{...}}
                inner = self._first_of({"{", ",", "}"}, at + 1)
                if self._texts[inner] == "{":
                    self._left_out.update(range(at, inner))
            elif text == "[":  # [HIGH:low], [low +: WIDTH]
                colon = self._first_of({":", "+:", "]"}, at + 1)
                if self._texts[colon] == ":":
                    self._left_out.update(range(at, colon))
                elif self._texts[colon] == "+:":
                    self._left_out.update(range(colon, end))
            elif text == "for":  # a step the wrong way never ends
                condition = self._texts.index(";", at) + 1
                step = self._texts.index(";", condition)
                self._left_out.update(range(step, self._pairs[at + 1]))
            elif text == "." and re.search("WIDTH$|_W$", self._texts[at + 1]):
                self._left_out.update(range(at, self._pairs[at + 2]))

    def _declaration(self, at: int) -> None:
        """Leave out what is declared, up to its value; of a width the value too."""
        end = self._texts.index(";", at)
        value = next((n for n in range(at, end) if self._texts[n] == "="), end)
        if self._texts[at] == "localparam" and self._texts[value - 1].endswith("_W"):
            self._widths.append((value + 1, end - 1))
            value = end
        self._left_out.update(range(at, value))

    def _first_of(self, wanted: set[str], at: int) -> int:
        """The first of these tokens from there on, brackets between passed over whole."""
        while self._texts[at] not in wanted:
            at = self._pairs[at] + 1 if self._texts[at] in _OPEN else at + 1
        return at


def _compiled(text: str) -> str:
    """The text with what simulators leave out (no macro is defined) turned to spaces."""
    lines, active = [], [True]
    for line in text.splitlines(keepends=True):
        word = line.split()[:1]
        if word == ["`ifdef"]:
            active.append(False)
        elif word == ["`else"]:
            active[-1] = True
        elif word == ["`endif"]:
            active.pop()
        lines.append(line if all(active) else re.sub(r"[^\n]", " ", line))
    return "".join(lines)
