"""The published schema is the model's, and real results keep to it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from sparsesim.result import load_result
from sparsesim.result.schema import SCHEMA_FILE, schema_text

SAMPLES = Path(__file__).resolve().parent.parent / "report"


def test_the_published_schema_is_current():
    assert SCHEMA_FILE.read_text("utf-8") == schema_text(), "run python -m sparsesim.result.schema"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", ["lenet", "lenet-ecp5"])
def test_results_keep_to_it(name):
    jsonschema.validate(sample(name), json.loads(schema_text()))


def sample(name: str) -> dict:
    """A real result, as this version writes it."""
    return json.loads(load_result(SAMPLES / f"{name}.json").model_dump_json())


def test_an_array_of_another_machine_may_hold_anything():
    result = sample("lenet")
    result["accelerator"] |= {"machine": "mine.py:Mine", "array": {"units": [3]}}
    jsonschema.validate(result, json.loads(schema_text()))
    result["accelerator"]["array"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, json.loads(schema_text()))


def test_another_schema_is_refused():
    result = sample("lenet")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result | {"schema": "other/1"}, json.loads(schema_text()))
