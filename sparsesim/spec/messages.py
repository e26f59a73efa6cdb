"""Turns pydantic's findings into one line for a person: key, what came, what is allowed.

Not for reading files: `spec/toml.py` puts the file's name in front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparsesim.errors import nearest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_SHOWN = 60  # characters of a value that a line still carries well

_TYPE_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The finding that explains most, as one line without a final stop.

    An unknown key comes first: a mistyped key also leaves the right one missing.

    Args:
        error: what pydantic raised while building `model`.
        model: the class that was built.
    Returns:
        such as `window 80 is out of range; use 1 to 64`.
    """
    findings = error.errors(include_url=False)
    finding = next((f for f in findings if f["type"] == "extra_forbidden"), findings[0])
    return _sentence(finding, model.model_json_schema())


def _sentence(finding: Any, schema: dict[str, Any]) -> str:
    loc, kind, value = finding["loc"], finding["type"], finding["input"]
    key = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        prefix = "".join(f"{part}." for part in loc[:-1])
        table = _at(schema, loc[:-1], schema)
        known = [prefix + name for name in table.get("properties", {})]
        return f"unknown key '{key}'; " + (nearest(key, known) if known else "no key is known here")
    if kind == "missing":
        return f"key '{key}' is missing"
    if kind == "too_short":
        return f"{key} {show(value)} is too short; give {finding['ctx']['min_length']} or more"
    if kind == "value_error":  # raised by a validator of ours, which wrote the rest of the line
        text = str(finding["ctx"]["error"])
        return f"{key} {show(value)} {text}" if loc else text
    rule = _at(schema, loc, schema)
    if "enum" in rule and isinstance(value, str):
        return f"{key} {show(value)} is unknown; {nearest(value, rule['enum'])}"
    allowed = _allowed(rule)
    use = f"; use {allowed}" if allowed else ""
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return f"{key} {show(value)} is out of range{use}"
    if kind == "finite_number":
        return f"{key} {show(value)} is not a finite number{use}"
    if rule.get("type") in _TYPE_WORDS and (kind.endswith("_type") or "enum" in rule):
        return f"{key} {show(value)} is not {_TYPE_WORDS[rule['type']]}{use}"
    return f"{key} {show(value)}: {finding['msg']}"


def show(value: object) -> str:
    """A value as it would stand in TOML, cut where it is long."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _allowed(rule: dict[str, Any]) -> str:
    """The range or the choices of a JSON schema in words; empty where it sets none."""
    if "enum" in rule:
        return "one of " + ", ".join(rule["enum"])
    low, high = rule.get("minimum"), rule.get("maximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"{low} or more"
    if "exclusiveMinimum" in rule:
        return f"more than {rule['exclusiveMinimum']}"
    return ""


def _at(rule: dict[str, Any], loc: tuple[int | str, ...], root: dict[str, Any]) -> dict[str, Any]:
    """The part of a JSON schema that rules the value at `loc`; empty where it names none."""
    if "$ref" in rule:
        rule = root["$defs"][rule["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in rule:  # an optional value: the rule is the part that isn't null
        rule = next(part for part in rule["anyOf"] if part.get("type") != "null")
        return _at(rule, loc, root)
    if not loc:
        return rule
    if isinstance(loc[0], int):
        inner = rule.get("items", {})
    else:
        inner = rule.get("properties", {}).get(loc[0]) or rule.get("additionalProperties", {})
    return _at(inner, loc[1:], root) if isinstance(inner, dict) else {}
