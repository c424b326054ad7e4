"""Requests to the handlers of the APIs as API Gateway sends them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import admin.app
import backfill.api.app
import exports.api.app
import query.app
from query.timeseries.samples import Reply
from tests.support.lambda_context import lambda_context
from vitals.errors import NotFoundError

CONTEXT = lambda_context("f")
# The app, a path for GET, a path for a body, and the methods that the first path allows.
APIS: dict[str, tuple[ModuleType, str, str, str]] = {
    "query": (query.app, "/sites/mill/points", "/timeseries/query", "GET, HEAD, OPTIONS"),
    "backfill": (backfill.api.app, "/backfill/r-7", "/backfill/start", "GET, HEAD, OPTIONS"),
    "exports": (exports.api.app, "/exports/r-7", "/exports", "DELETE, GET, HEAD, OPTIONS"),
    "admin": (admin.app, "/sites/mill/changes", "/sites/mill", "GET, HEAD, OPTIONS"),
}
# The method that takes a body where it is not POST.
BODY_METHODS = {"/sites/mill": "PATCH"}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of an error in the contract's shape."""
        body = json.loads(self.text)
        assert set(body) == {"error", "error_code", "request_id"}
        return self.status, body["error_code"]

    @property
    def message(self) -> str:
        """Text of an error."""
        return str(json.loads(self.text)["error"])


@dataclass
class Backend:
    """Answers every route and records the arguments."""

    started: Any
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def points(self, *arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"points": [], "next_token": None}

    def page_of_changes(self, *arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"changes": [], "next_token": None}

    def set_site(self, *arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"site_name": "mill"}

    def get(self, *arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"id": "r-7"}

    def query(self, *arguments: Any) -> Reply:
        self.calls.append(arguments)
        return Reply({"series": []}, None, 0)

    def start(self, *arguments: Any) -> Any:
        self.calls.append(arguments)
        return self.started


@dataclass
class Caller:
    """Sends events to one function."""

    handler: Callable[..., dict[str, Any]]
    get_path: str
    post_path: str
    backend: Backend

    def __call__(
        self,
        method: str = "GET",
        path: str | None = None,
        query: Mapping[str, list[str]] | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        encoded: bool = False,
        authorizer: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a request; POST without another path stands for the method of `post_path`."""
        path = path or (self.post_path if method == "POST" else self.get_path)
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": BODY_METHODS.get(path, method) if method == "POST" else method,
            "headers": dict(headers or {}),
            "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
            "queryStringParameters": {name: values[-1] for name, values in (query or {}).items()} or None,
            "multiValueQueryStringParameters": dict(query or {}) or None,
            "requestContext": {
                "requestId": "r-1",
                "requestTimeEpoch": 1_000_000,
                "authorizer": authorizer or {"principalId": "t", "scopes": "admin", "sites": "*"},
            },
            "body": body,
            "isBase64Encoded": encoded,
        }
        answer = self.handler(event, CONTEXT)
        assert answer.get("headers") is None
        assert all(len(values) == 1 for values in answer["multiValueHeaders"].values())
        flat = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        assert len({name.lower() for name in flat}) == len(flat)
        return Answer(answer["statusCode"], flat, answer["body"])


class Reached:
    """Raises "reached" for every route that passes the checks before it."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def reached(*_: Any) -> Any:
            raise NotFoundError("reached")

        return reached
