"""The published JSON schema of a result; `python -m sparsesim.result.schema` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sparsesim.files import write_text
from sparsesim.machines import machine_named
from sparsesim.machines.found import BUILT_IN
from sparsesim.result.model import SCHEMA, Result

SCHEMA_FILE = Path(__file__).with_name("schema.json")


def schema_text() -> str:
    """The schema of `Result`, as the published file holds it.

    An array is the table of its machine: those of the package are spelt out, another's may hold
    anything.
    """
    schema = Result.model_json_schema()
    spell_out_arrays(schema["$defs"])
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = SCHEMA
    schema["properties"]["schema"] |= {"const": SCHEMA}
    schema["required"] = ["schema", *schema["required"]]
    return json.dumps(schema, indent=1) + "\n"


def spell_out_arrays(records: dict[str, Any]) -> None:
    """Give every record with a machine's name and its array the tables of the package's machines.

    Args:
        records: of the schema; changed in place.
    """
    with_array = [one for one in records.values() if {"machine", "array"} <= set(one["properties"])]
    records["Spec"] = {
        "description": "The parameters of a machine's array, by name.",
        "title": "Array",
        "type": "object",
    }
    for name in BUILT_IN:
        array = machine_named(name).Array
        records[array.__name__] = array.model_json_schema()
        is_it = {"properties": {"machine": {"const": name}}}
        its_own = {"properties": {"array": {"$ref": f"#/$defs/{array.__name__}"}}}
        for record in with_array:
            record.setdefault("allOf", []).append({"if": is_it, "then": its_own})


if __name__ == "__main__":
    write_text(SCHEMA_FILE, schema_text(), force=True)
    print(f"Wrote {SCHEMA_FILE.name}")
