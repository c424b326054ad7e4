"""Composes functions/query/openapi.json from what Powertools generates for each function that has routes.

    python -m local.openapi

One committed file, because functions never import each other: a test composes it anew and compares.
"""

import copy
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server

from operations.stack_file import ROOT
from vitals.http.handler import ApiFunction

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
    """The resolver of each function that has one, by module."""
    folder = ROOT / "functions"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    names = [".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.glob("**/app.py")]
    apis = {name: getattr(importlib.import_module(name), "api", None) for name in sorted(names)}
    return {name: api.resolver for name, api in apis.items() if isinstance(api, ApiFunction)}


def compose() -> dict[str, Any]:
    """The whole API's OpenAPI document."""
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
    shapes: dict[str, Any] = {}
    for name, app in resolvers().items():
        described = json.loads(_telling(name, app).get_openapi_json_schema())
        for shape, schema in described["components"]["schemas"].items():
            if shapes.setdefault(shape, schema) != schema:
                raise ValueError(f"{name} has another shape of the name {shape}")
        merge.add_schema(described)
    document: dict[str, Any] = json.loads(merge.get_openapi_json_schema())
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["tags"] = ["about" if path in PUBLIC else path.split("/")[1]]
            _mend(operation, path)
    document["components"]["schemas"] = _used(document)
    return document


def _telling(name: str, app: APIGatewayRestResolver) -> APIGatewayRestResolver:
    """The function with what its routes answer, which no request needs and no function loads."""
    answers = importlib.import_module(f"{name.rpartition('.')[0]}.schemas").ANSWERS
    telling = copy.copy(app)
    for kind in ("_static_routes", "_dynamic_routes"):
        routes = [copy.copy(route) for route in getattr(app, kind)]
        for route in routes:
            route.responses, route._dependant = answers[route.func.__name__], None
        setattr(telling, kind, routes)
    return telling


def _mend(operation: dict[str, Any], path: str) -> None:
    """Errors are the contract's and not Powertools' own; an optional parameter is left out and never null."""
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
        some = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
        parameter["schema"] = schema | (some[0] if len(some) == 1 else {"anyOf": some} if some else {})
        parameter["schema"].pop("description", None)


def _used(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas that something refers to, in order of their names."""
    schemas = document["components"]["schemas"]
    found: set[str] = set()
    open_ = _references(document["paths"])
    while open_:
        found |= open_
        open_ = {name for known in open_ for name in _references(schemas[known])} - found
    return {name: schemas[name] for name in sorted(found)}


def _references(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))


def text() -> str:
    """The document as it is committed."""
    return json.dumps(compose(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Writes the document to where the query function reads it."""
    Path(TARGET).write_text(text())


if __name__ == "__main__":
    main()
