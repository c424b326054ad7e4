"""/openapi.json describes every route."""

import importlib
import re
from typing import Any

import openapi_spec_validator
import pytest

from tests.support.openapi import document
from tests.support.template import ROOT, template
from tools import openapi

METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (method, path, operation)
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
]


def test_the_committed_document_is_what_the_functions_generate() -> None:
    assert openapi.TARGET.read_text() == openapi.text(), "run: python -m tools.openapi"


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(document())


def test_every_route_of_the_source_is_described() -> None:
    sources = [path.read_text() for path in ROOT.glob("functions/**/routes.py")]
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", path))
        for source in sources
        for method, path in re.findall(r'@router\.(\w+)\(\s*"([^"]+)"', source)
    }
    assert routes == {(method, path) for method, path, _ in OPERATIONS}


def test_each_route_declares_exactly_its_answers() -> None:
    for name, app in openapi.resolvers().items():
        answers = importlib.import_module(f"{name.rpartition('.')[0]}.openapi_answers").ANSWERS
        routes = [*app._static_routes, *app._dynamic_routes]
        assert sorted(answers) == sorted(route.func.__name__ for route in routes)


def test_the_public_routes_are_those_of_the_template() -> None:
    public = {
        event["Properties"]["Path"]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Properties"].get("Auth", {}).get("Authorizer") == "NONE"
        and event["Properties"]["Method"] != "options"
    }
    assert public == {path for _, path, operation in OPERATIONS if operation.get("security") == []}
    assert document()["security"] == [{"BearerToken": []}]
    assert document()["components"]["securitySchemes"]["BearerToken"]["scheme"] == "bearer"


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: str(value)[:40])
def test_an_operation_tells_its_answers_and_errors(method: str, path: str, operation: Any) -> None:
    assert operation["summary"]
    answers = operation["responses"]
    assert {"200", "202"} & answers.keys()
    assert {"default", "429", "500", "503", "504"} <= answers.keys()
    for status, answer in answers.items():
        assert answer["description"]
        if status == "default" or int(status) >= 400:
            [content] = answer["content"].values()
            assert content["schema"]["$ref"].rpartition("/")[2] in ("Error", "Conflict")
        for content in answer["content"].values():
            assert content["schema"].keys() & {"$ref", "type", "anyOf"}
    if operation.get("security") != []:
        assert {"400", "401", "403"} <= answers.keys()
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]
        assert parameter["schema"].keys() & {"type", "anyOf", "$ref"}
    has_body = method in ("patch", "put") or (method == "post" and not path.endswith("/cancel"))
    assert ("requestBody" in operation) == has_body
