"""A choice as a file: the published schema, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from sparsesim.choice.file import is_choice, load_choice, save_choice
from sparsesim.choice.schema import SCHEMA_FILE, schema_text
from sparsesim.errors import TraceError

SAMPLE = Path(__file__).resolve().parent.parent / "report" / "lenet-choice.json"


def test_the_published_schema_is_current():
    assert SCHEMA_FILE.read_text("utf-8") == schema_text(), "run python -m sparsesim.choice.schema"


def test_a_choice_keeps_to_it():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))
    jsonschema.validate(json.loads(SAMPLE.read_text("utf-8")), json.loads(schema_text()))


def test_it_is_read_as_it_was_written(tmp_path):
    found = load_choice(SAMPLE)
    save_choice(found, tmp_path / "again.json")
    assert load_choice(tmp_path / "again.json") == found
    assert is_choice(SAMPLE) and not is_choice(SAMPLE.with_name("lenet.json"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a choice: no JSON; make one by 'choose -o'"),
        ("[]", "not a choice of schema sparsesim.choice/1, but of None"),
        ('{"schema": "sparsesim.choice/9"}', "not a choice of schema sparsesim.choice/1, but of"),
        ('{"schema": "sparsesim.choice/1"}', "not a choice: model: Field required"),
    ],
)
def test_what_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / "choice.json"
    path.write_text(content)
    with pytest.raises(TraceError) as error:
        load_choice(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_no_file(tmp_path):
    with pytest.raises(TraceError) as error:
        load_choice(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path / 'none.json'}: no such file"
    assert not is_choice(tmp_path / "none.json")
