"""The page's and the client's types are those of /openapi.json."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.openapi import document
from tools import types

LONG = [f"{letter * 20}" for letter in "abcdef"]


def document_of(**schemas: Any) -> dict[str, Any]:
    return {"components": {"schemas": schemas}}


def keys(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


@pytest.mark.parametrize("path", types.TARGETS, ids=lambda path: path.name)
def test_the_committed_types_are_those_of_the_document(path: Path) -> None:
    assert path.read_text() == types.TARGETS[path](document()), "run: python -m tools.types"


@pytest.mark.parametrize("path", types.TARGETS, ids=lambda path: path.name)
def test_a_generated_file_says_that_it_is(path: Path) -> None:
    assert "Generated from functions/query/openapi.json" in path.read_text().splitlines()[0]


def test_a_type_follows_the_types_it_uses() -> None:
    schemas = document_of(
        A=keys([], b={"type": "array", "items": {"$ref": "#/components/schemas/B"}}),
        B=keys([], c={"anyOf": [{"$ref": "#/components/schemas/C"}, {"type": "null"}]}),
        C=keys([], d={"type": "string"}),
    )
    definitions = types.definitions(schemas, ["A"], {"Renamed": ["B"]})
    assert [definition.name for definition in definitions] == ["C", "Renamed", "A"]
    assert types.spelled(definitions[2].keys[0].schema, types._PYTHON) == "list[Renamed]"
    assert types.spelled(definitions[1].keys[0].schema, types._TYPESCRIPT) == "C | null"


def test_a_merged_key_is_required_if_always_required() -> None:
    text = {"type": "string"}
    schemas = document_of(
        Run=keys(["id", "error"], id=text, error=text),
        RunWithDays=keys(["id"], id=text, error=text, days=text),
    )
    [definition] = types.definitions(schemas, ["Run"], {"Run": ["Run", "RunWithDays"]})
    required = {key.name: key.required for key in definition.keys}
    assert required == {"id": True, "error": False, "days": False}


def test_schemas_that_disagree_are_not_merged() -> None:
    schemas = document_of(A=keys([], key={"type": "string"}), B=keys([], key={"type": "integer"}))
    with pytest.raises(ValueError, match="different types for key"):
        types.definitions(schemas, ["A"], {"A": ["A", "B"]})


@pytest.mark.parametrize(
    ("schema", "typescript", "python"),
    [
        ({"type": "integer"}, "number", "int"),
        ({"const": True}, "true", "Literal[True]"),
        ({"enum": ["", "done"]}, '"" | "done"', 'Literal["", "done"]'),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]', 'list[Literal["a", "b"]]'),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number | null", "float | None"),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            "Record<string, number>",
            "dict[str, int]",
        ),
    ],
)
def test_a_schema_is_spelled_in_both_languages(schema: Any, typescript: str, python: str) -> None:
    assert types.spelled(schema, types._TYPESCRIPT) == typescript
    assert types.spelled(schema, types._PYTHON) == python


def test_an_unknown_schema_is_an_error() -> None:
    with pytest.raises(ValueError, match="no type is known"):
        types.spelled({"oneOf": []}, types._PYTHON)


def test_long_literals_have_one_value_a_line() -> None:
    key = types.Key("code", {"enum": LONG}, "", required=True)
    assert len(types._python_key(key)) == len(LONG) + 2
    assert len(types._typescript_key(key)) == len(LONG) + 1
