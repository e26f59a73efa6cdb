"""The parameters that the Verilog modules declare, read from the files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sparsesim.rtl.sources import sources

_DECLARED = re.compile(
    r"(?P<comment>(?:^[ \t]*//[^\n]*\n)*)^[ \t]*parameter\s+(?:integer\s+)?(?P<name>\w+)\s*="
    r"\s*(?P<default>[^,/\n]*?)\s*[,\n)]",
    re.M,
)
_CHECKED = re.compile(
    r"sparsesim_parameter_range\s*#\(\s*\.NAME\(\"(?P<word>\w+)\"\),\s*\.VALUE\((?P<name>\w+)\),"
    r"\s*\.LOW\((?P<low>-?\d+)\),\s*\.HIGH\((?P<high>-?\d+)\)\s*\)"
)


@dataclass(frozen=True)
class Parameter:
    """A parameter as a module declares it.

    Args:
        name: such as `WINDOW`.
        default: its default, where that is a number.
        comment: the comment above it, on one line.
        word: what the error of the module's `sparsesim_parameter_range` calls it; None without one.
        low: the lowest value that the module elaborates with; None where it checks none.
        high: the highest.
    """

    name: str
    default: int | None
    comment: str
    word: str | None = None
    low: int | None = None
    high: int | None = None


def declared(module: str, folder: Path | None = None) -> dict[str, Parameter]:
    """The parameters of a module, in order, read from its file.

    Args:
        module: such as `inner_join_array`.
        folder: where its file is; None is `hdl_folder()`.
    Raises:
        SparseSimError: no such module.
    """
    text = sources(module, folder)[0].read_text(encoding="utf-8")
    header = text[text.index("\nmodule ") :].partition(");")[0]
    checks = {found["name"]: found for found in _CHECKED.finditer(text)}
    parameters = {}
    for found in _DECLARED.finditer(header):
        name, default = found["name"], found["default"]
        comment = " ".join(line.strip(" \t/") for line in found["comment"].splitlines())
        check = checks.get(name)
        limits = (check["word"], int(check["low"]), int(check["high"])) if check else ()
        number = int(default) if re.fullmatch(r"-?\d+", default) else None
        parameters[name] = Parameter(name, number, comment, *limits)
    return parameters
