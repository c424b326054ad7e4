"""Requests to the query function, and a site that has data."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from query import app
from query.answers import Api
from tests.support import openapi
from tests.support.clock import NOON, Clock
from tests.support.lambda_context import lambda_context
from tests.support.moto_aws import fill_once
from tests.support.query_tiers import query_api
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

ODD = "ses/ses_falls_city/8000:33-8033/analogValue/102 ü #1, 50%"
NAMES = ["ahu/sat", ODD, "zone/co2"]
CONTEXT = lambda_context("query")
type Ask = Callable[..., dict[str, Any]]
type Call = Callable[..., tuple[int, dict[str, Any]]]


def fill(dynamodb: Any, site: str, now_ms: int) -> None:
    listed = [ListedPoint(name, "°F", "Supply Air" if name == "ahu/sat" else "") for name in NAMES]
    CatalogTable(dynamodb, "StateTable").refresh(site, listed)
    sites = SiteTable(dynamodb, "StateTable")
    sites.record_catalog(site, site.title(), len(NAMES), now_ms)
    sites.advance(site, None, Span(NOON - HOUR_MS, NOON), {"null": 2})
    Ledger(dynamodb, "StateTable").mark_changed(site, [NOON - HOUR_MS], NOON)
    times = NOON - HOUR_MS + 60_000 * np.arange(60)
    for point in (0, 1):
        values = np.linspace(-0.0, 0.1 + 0.2, 60)
        HotTier(dynamodb, "HotTable").write(
            site, Samples(np.full(60, point, np.int32), times, values), now_ms
        )


@pytest.fixture
def api(dynamodb: Any, clock: Clock) -> Api:
    def fill_both() -> None:
        fill(dynamodb, "home", clock())
        fill(dynamodb, "other", clock())

    fill_once(("query", clock()), fill_both)
    return query_api(dynamodb, clock, ("home", "other"))


@pytest.fixture
def ask(api: Api, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The handler's own answer to a proxy event."""
    monkeypatch.setattr(app.api, "connect", lambda: api)

    def send(
        path: str,
        query: dict[str, Any] | None = None,
        body: Any = None,
        scopes: str = "read",
        sites: str = "home",
        headers: dict[str, str] | None = None,
        base64_encoded: bool = False,
    ) -> dict[str, Any]:
        lists = {k: v if isinstance(v, list) else [str(v)] for k, v in (query or {}).items()}
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": "GET" if body is None else "POST",
            "headers": {"Content-Type": "application/json"} | (headers or {}),
            "multiValueHeaders": {},
            "queryStringParameters": {k: v[-1] for k, v in lists.items() if v},
            "multiValueQueryStringParameters": lists,
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"principalId": "t", "scopes": scopes, "sites": sites},
            },
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": base64_encoded,
        }
        return app.handler(event, CONTEXT)

    return send


@pytest.fixture
def call(ask: Ask) -> Call:
    """Status and JSON of an answer, which is as /openapi.json says."""

    def send(*args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
        answer = ask(*args, **kwargs)
        assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
        assert not answer["isBase64Encoded"]
        status, content = answer["statusCode"], json.loads(answer["body"])
        openapi.check_answer("GET" if kwargs.get("body") is None else "POST", args[0], status, content)
        return status, content

    return send
