"""A simulated building behind its API, and the client that asks it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from authorizer import app as authorizer
from exports import app as exports_worker
from tests.support.api_server import ApiServer
from tests.support.backfill_handlers import CONTEXT, deployed, run_tasks
from tests.support.building import building
from tests.support.clock import Clock
from tests.support.routing import app_of
from tests.support.world import World
from vitals.config import AuthorizerSettings
from vitals.store.state.tokens import TokenTable
from vitals_client import Client

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]

ARN = "arn:aws:execute-api:us-east-1:1:api/v1/GET/sites"


@pytest.fixture
def server(building: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """The API, whose backfills and exports are done as soon as they are started."""
    settings = AuthorizerSettings(state_table="StateTable", shared_usage_key="shared-key")
    monkeypatch.setattr(authorizer, "_state", lambda: (TokenTable(building.client, "StateTable"), settings))

    def authorize(header: str) -> dict[str, Any] | None:
        try:
            event = {"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}
            answer = authorizer.handler(event, CONTEXT)
        except Exception as error:
            assert str(error) == "Unauthorized"
            return None
        return {"principalId": answer["principalId"], **answer["context"]}

    def work(method: str, path: str, body: str) -> None:
        started = json.loads(body) if method == "POST" and path in ("/backfill/start", "/exports") else {}
        if path == "/backfill/start" and started.get("status") == "running":
            run_tasks(started["id"])
        if path == "/exports" and started.get("status") == "queued":
            exports_worker.handler({"export": started["id"]}, CONTEXT)

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer: dict[str, Any] = app_of(event["httpMethod"], event["path"]).handler(event, context)
        return answer

    server = ApiServer(handle, authorize, CONTEXT)
    server.after = work
    with server.serving():
        yield server


@pytest.fixture
def make_token(server: ApiServer, building: World, clock: Clock) -> Callable[..., str]:
    def make(*scopes: str, site: str = "*", life_ms: int | None = None) -> str:
        expires_ms = None if life_ms is None else clock() + life_ms
        return TokenTable(building.client, "StateTable").create(
            "tests", scopes, [site], now_ms=clock(), expires_ms=expires_ms
        )

    return make


@pytest.fixture
def token(make_token: Callable[..., str]) -> str:
    return make_token("read", "export", "backfill")


@pytest.fixture
def client(server: ApiServer, token: str) -> Iterator[Client]:
    with Client(server.url, token) as client:
        yield client
