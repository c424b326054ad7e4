"""The committed OpenAPI document as a judge of requests and answers."""

import copy
import json
import re
from functools import cache
from typing import Any

import jsonschema

from tests.support.template import ROOT


@cache
def document() -> dict[str, Any]:
    return json.loads((ROOT / "functions/query/openapi.json").read_text())


@cache
def _closed() -> dict[str, Any]:
    """The document with shapes that allow nothing beside what they name."""
    closed = copy.deepcopy(document())
    for shape in closed["components"]["schemas"].values():
        if "properties" in shape:
            shape["additionalProperties"] = False
    return closed


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What the document says of a request, None when it has no such route."""
    for template, operations in document()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    return None


def parameters_of(method: str, path: str) -> set[str]:
    """The query parameters that the document tells of."""
    parameters = (operation_of(method, path) or {}).get("parameters", [])
    return {parameter["name"] for parameter in parameters if parameter["in"] == "query"}


def keys_of(method: str, path: str) -> set[str]:
    """The keys of the JSON body that the document tells of, none when there is no body of keys."""
    body = (operation_of(method, path) or {}).get("requestBody")
    if body is None:
        return set()
    reference = body["content"]["application/json"]["schema"].get("$ref")
    if reference is None:
        return set()
    shape = reference.rpartition("/")[2]
    return set(document()["components"]["schemas"][shape]["properties"])


def check_answer(method: str, path: str, status: int, content: Any) -> None:
    """Fails when the document does not tell of this JSON answer, or of something in it."""
    operation = operation_of(method, path)
    if operation is None:
        assert status == 404
        return
    described = operation["responses"].get(str(status))
    assert described, f"{method} {path} answers {status}, which /openapi.json does not tell"
    _check(described["content"]["application/json"]["schema"], content)


def check_body(method: str, path: str, content: Any) -> None:
    """Fails when the document does not allow this request's body."""
    operation = operation_of(method, path)
    assert operation
    _check(operation["requestBody"]["content"]["application/json"]["schema"], content)


def _check(schema: dict[str, Any], content: Any) -> None:
    whole = {**schema, "components": _closed()["components"]}
    jsonschema.validate(content, whole, jsonschema.Draft202012Validator)
