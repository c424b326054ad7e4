"""Requests to the API of settings, with a site that has 300 points."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from admin import app
from tests.support import openapi
from tests.support.lambda_context import lambda_context
from vitals.aws import clients
from vitals.model.points import ListedPoint
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

CONTEXT = lambda_context("admin")
NAMES = [f"p{number:03d}" for number in range(300)]
type Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Status and JSON of an answer, which is as /openapi.json says."""
    for name, value in (("STATE_TABLE", "StateTable"), ("SITES", "mill")):
        monkeypatch.setenv(name, value)
    CatalogTable(dynamodb, "StateTable").refresh("mill", [ListedPoint(name, "kWh") for name in NAMES])
    SiteTable(dynamodb, "StateTable").record_catalog("mill", "The Mill", len(NAMES), None)
    caches = (app.api.connect, clients.made_client, clients._session)

    def send(
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        scopes: str = "admin",
        token_id: str = "0123abcd",
    ) -> tuple[int, dict[str, Any]]:
        authorizer = {"principalId": "ada", "scopes": scopes, "sites": "mill gone"}
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {name: [text] for name, text in (query or {}).items()},
            "requestContext": {
                "requestId": "r-1",
                "authorizer": authorizer | ({"token_id": token_id} if token_id else {}),
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = app.handler(event, CONTEXT)  # type: ignore[arg-type]
        status, content = answer["statusCode"], json.loads(answer["body"])
        if status != 405:
            openapi.check_answer(method, path, status, content)
        return status, content

    for cached in caches:
        cached.cache_clear()
    yield send
    for cached in caches:
        cached.cache_clear()
