"""The published JSON schema of a result; `python -m sparsesim.result.schema` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from sparsesim.files import write_text
from sparsesim.result.model import SCHEMA, Result

SCHEMA_FILE = Path(__file__).with_name("schema.json")


def schema_text() -> str:
    """The schema of `Result`, as the published file holds it."""
    schema = Result.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = SCHEMA
    schema["properties"]["schema"] |= {"const": SCHEMA}
    schema["required"] = ["schema", *schema["required"]]
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    write_text(SCHEMA_FILE, schema_text(), force=True)
    print(f"Wrote {SCHEMA_FILE.name}")
