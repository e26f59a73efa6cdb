"""The published schema is the model's, and real results keep to it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from sparsesim.result.schema import SCHEMA_FILE, schema_text

SAMPLES = Path(__file__).resolve().parent.parent / "report"


def test_the_published_schema_is_current():
    assert SCHEMA_FILE.read_text("utf-8") == schema_text(), "run python -m sparsesim.result.schema"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_results_keep_to_it(name):
    result = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    jsonschema.validate(result, json.loads(schema_text()))


def test_another_schema_is_refused():
    result = json.loads((SAMPLES / "lenet.json").read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result | {"schema": "other/1"}, json.loads(schema_text()))
