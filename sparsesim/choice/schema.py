"""The published JSON schema of a choice; `python -m sparsesim.choice.schema` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from sparsesim.choice.record import SCHEMA, Choice
from sparsesim.files import write_text
from sparsesim.result.schema import spell_out_arrays

SCHEMA_FILE = Path(__file__).with_name("schema.json")


def schema_text() -> str:
    """The schema of `Choice`, as the published file holds it."""
    schema = Choice.model_json_schema()
    spell_out_arrays(schema["$defs"])
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = SCHEMA
    schema["properties"]["schema"] |= {"const": SCHEMA}
    schema["required"] = ["schema", *schema["required"]]
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    write_text(SCHEMA_FILE, schema_text(), force=True)
    print(f"Wrote {SCHEMA_FILE.name}")
