"""Specifications as TOML files, to be read again. Not for packaged ones, whose comments explain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sparsesim.spec.accelerator import Accelerator
from sparsesim.spec.base import Spec


def accelerator_toml(accelerator: Accelerator, said: Iterable[str]) -> str:
    """An accelerator, the table of its array last.

    Args:
        accelerator: its name is left out: it takes the file's.
        said: lines of a comment at the top.
    """
    known = accelerator.model_dump(mode="json", exclude={"name"})
    return spec_toml(known, said)


def spec_toml(keys: Mapping[str, Any] | Spec, said: Iterable[str] = ()) -> str:
    """A specification, its tables last.

    Args:
        keys: plain values by key, None for what is left out; or a specification.
        said: lines of a comment at the top.
    """
    known = keys.model_dump(mode="json") if isinstance(keys, Spec) else keys
    tables = {key: value for key, value in known.items() if isinstance(value, dict)}
    lines = [f"# {line}".rstrip() for line in said]
    lines += _lines({key: value for key, value in known.items() if key not in tables})
    for name, table in tables.items():
        lines += ["", f"[{key_toml(name)}]", *_lines(table)]
    return "\n".join(lines) + "\n"


def keys_toml(table: Mapping[str, Any]) -> str:
    """A table's keys, each in a line, tables among them in one; None is left out."""
    return "".join(f"{line}\n" for line in _lines(table))


def value_toml(value: Any) -> str:
    """JSON's strings, numbers, truths and lists are TOML's; a table stands in one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(_lines(value))} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key_toml(key)} = {value_toml(one)}" for key, one in table.items() if one is not None]


def key_toml(key: str) -> str:
    """A bare key, or a quoted one."""
    is_bare = key.replace("_", "").replace("-", "").isalnum() and key.isascii()
    return key if is_bare else json.dumps(key, ensure_ascii=False)
