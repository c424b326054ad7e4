"""Composes functions/query/openapi.json from what Powertools generates for each function that has routes.

    python -m tools.openapi

It is one committed file because functions never import each other; a test compares it with a new one.
"""

import copy
import importlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server

from operations.stack_file import ROOT
from tools.answer_schemas import schema_of
from vitals.http.handler import ApiFunction
from vitals.http.openapi import Descriptions

TARGET = ROOT / "functions/query/openapi.json"
# Of those that need no token all but this document take any parameter.
_TOLERANT = ("/health", "/docs", "/", "/assets/{file}")
PUBLIC = (*_TOLERANT, "/openapi.json")
_DESCRIPTION = (
    "Readings of buildings, exact to the bit. Clients ignore keys that they don't know. Times are ISO 8601 or"
    " epoch milliseconds, ranges are [start, end)."
)
_ERROR = {"$ref": "#/components/schemas/Error"}


def resolvers() -> dict[str, APIGatewayRestResolver]:
    """Returns the resolver of each function that has one, by module."""
    folder = ROOT / "functions"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    names = [".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.glob("**/app.py")]
    apis = {name: getattr(importlib.import_module(name), "api", None) for name in sorted(names)}
    return {name: api.resolver for name, api in apis.items() if isinstance(api, ApiFunction)}


def compose() -> dict[str, Any]:
    """Returns the whole API's OpenAPI document."""
    merge = OpenAPIMerge(
        title="Building Vitals",
        version="1",
        description=_DESCRIPTION,
        # Beside the document itself, whatever the stage is called.
        servers=[Server(url=".")],
        security=[{"BearerToken": []}],
        security_schemes={"BearerToken": HTTPBearer()},
        on_conflict="error",
    )
    schemas: dict[str, Any] = {}
    for name, app in resolvers().items():
        described = _describe(name, app)
        for schema_name, schema in described["components"]["schemas"].items():
            if schemas.setdefault(schema_name, schema) != schema:
                raise ValueError(f"{name} defines another schema with the name {schema_name}")
        merge.add_schema(described)
    document: dict[str, Any] = json.loads(merge.get_openapi_json_schema())
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["tags"] = ["about" if path in PUBLIC else path.split("/")[1]]
            _correct(operation, path)
    document["components"]["schemas"] = _used(document)
    return document


def _describe(name: str, app: APIGatewayRestResolver) -> dict[str, Any]:
    """Returns the document of one function: what Powertools knows about its routes, with their answers."""
    module = importlib.import_module(f"{name.rpartition('.')[0]}.openapi_answers")
    answers, bodies = module.ANSWERS, getattr(module, "BODIES", {})
    described = copy.copy(app)
    schemas: dict[str, Any] = {}
    for kind in ("_static_routes", "_dynamic_routes"):
        routes = [copy.copy(route) for route in getattr(app, kind)]
        for route in routes:
            route.responses, route._dependant = _with_schemas(answers[route.func.__name__], schemas), None
        setattr(described, kind, routes)
    document: dict[str, Any] = json.loads(described.get_openapi_json_schema())
    for operation in (item for methods in document["paths"].values() for item in methods.values()):
        for function, body in bodies.items():
            if operation["operationId"].startswith(f"{function}_"):
                operation["requestBody"] = body
    document["components"]["schemas"] |= schemas
    return document


def _with_schemas(responses: Descriptions, schemas: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Returns the responses with a schema for each type, and adds the definitions that these refer to."""
    return {
        status: {
            **response,
            "content": {
                media_type: _content(content, schemas)
                for media_type, content in response.get("content", {}).items()
            },
        }
        for status, response in responses.items()
    }


def _content(content: Mapping[str, Any], schemas: dict[str, Any]) -> Mapping[str, Any]:
    if "model" not in content:
        return content
    schema, definitions = schema_of(content["model"])
    schemas |= definitions
    return {"schema": schema}


def _correct(operation: dict[str, Any], path: str) -> None:
    """Replaces Powertools' errors by the contract's; an optional parameter is absent, never null."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = {
        "description": "any other error",
        "content": {"application/json": {"schema": _ERROR}},
    }
    if path in PUBLIC:
        operation["security"] = []
        for status in ("400", "401", "403") if path in _TOLERANT else ("401", "403"):
            responses.pop(status, None)
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
        parameter["schema"] = schema | (
            options[0] if len(options) == 1 else {"anyOf": options} if options else {}
        )
        parameter["schema"].pop("description", None)


def _used(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the schemas that something refers to, in order of their names."""
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    unvisited = _references(document["paths"])
    while unvisited:
        used |= unvisited
        unvisited = {name for referrer in unvisited for name in _references(schemas[referrer])} - used
    return {name: schemas[name] for name in sorted(used)}


def _references(node: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(node)))


def text() -> str:
    """Returns the document as it is committed."""
    return json.dumps(compose(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Writes the document to where the query function reads it."""
    Path(TARGET).write_text(text())


if __name__ == "__main__":
    main()
