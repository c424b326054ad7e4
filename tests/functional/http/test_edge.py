"""What every function behind API Gateway does alike: limits, headers, preflights, methods."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import backfill.api.app
import exports.api.app
import query.app
from query.answers import Reply
from tests.support import openapi
from tests.support.template import template
from vitals.errors import NotFoundError
from vitals.http import edge

CHARTS, LOCAL = "https://charts.example.com", "http://localhost:3000"
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r-1"
)
# The handler, a route that takes GET, one that takes POST, and all that the first one takes.
APIS: dict[str, tuple[ModuleType, str, str, str]] = {
    "query": (query.app, "/sites/mill/points", "/timeseries/query", "GET, HEAD, OPTIONS"),
    "backfill": (backfill.api.app, "/backfill/r-7", "/backfill/start", "GET, HEAD, OPTIONS"),
    "exports": (exports.api.app, "/exports/r-7", "/exports", "DELETE, GET, HEAD, OPTIONS"),
}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of an error in the contract's shape."""
        said = json.loads(self.text)
        assert set(said) == {"error", "error_code", "request_id"}
        return self.status, said["error_code"]


@dataclass
class Backend:
    """Answers every route with what it was asked."""

    started: Any
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def points(self, *asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"points": [], "next_token": None}

    def get(self, *asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"id": "r-7"}

    def query(self, *asked: Any) -> Reply:
        self.asked.append(asked)
        return Reply({"series": []}, None, 0)

    def start(self, *asked: Any) -> Any:
        self.asked.append(asked)
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
        event = {
            "resource": "/{proxy+}",
            "path": path or (self.post_path if method == "POST" else self.get_path),
            "httpMethod": method,
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


@pytest.fixture(params=sorted(APIS))
def call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Caller:
    app, get_path, post_path, _ = APIS[request.param]
    run = {"id": "r-7"}
    backend = Backend(run if request.param == "exports" else (202, run))
    monkeypatch.setattr(app.api, "connect", lambda: backend)
    monkeypatch.setattr(app.api, "origins", lambda: (CHARTS, LOCAL))
    return Caller(app.handler, get_path, post_path, backend)


VALUES: dict[str, Any] = {
    "site_name": "mill",
    "point_names": ["a"],
    "start_time": 0,
    "end_time": 1,
    "start": 0,
    "end": 1,
    "start_date": "2026-01-01",
    "end_date": "2026-01-02",
}


def good(path: str) -> str:
    """The JSON body of a POST there."""
    return json.dumps({key: VALUES[key] for key in openapi.keys_of("POST", path) & VALUES.keys()})


JSON = {"Content-Type": "application/json"}


def test_every_api_function_of_the_template_is_tested_here() -> None:
    behind_gateway = {
        properties["Handler"].removesuffix(".handler")
        for properties in (resource["Properties"] for resource in template()["Resources"].values())
        if any(event["Type"] == "Api" for event in properties.get("Events", {}).values())
    }
    assert behind_gateway == {app.__name__ for app, *_ in APIS.values()}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({}, 200),
        ({"method": "HEAD"}, 200),
        ({"method": "OPTIONS"}, 204),
        ({"path": "/nowhere"}, 404),
        ({"method": "PATCH"}, 405),
        ({"method": "POST", "body": "{", "headers": JSON}, 400),
        ({"method": "POST", "body": "x" * (edge.MAX_BODY_BYTES + 1), "headers": JSON}, 413),
        ({"method": "POST", "body": "{}", "headers": {"Content-Type": "text/csv"}}, 415),
    ],
)
def test_every_answer_carries_the_security_headers(
    call: Caller, request_: dict[str, Any], status: int
) -> None:
    answer = call(**request_)
    assert answer.status == status
    assert answer.headers | edge.SECURITY_HEADERS == answer.headers


def test_what_a_route_says_itself_is_left_as_it_is(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"multiValueHeaders": {"cache-control": ["max-age=60"], "Vary": ["Accept"], "Vitals-Cost": ["1"]}}
    app = SimpleNamespace(resolve=lambda event, context: {"statusCode": 200, "body": "", **said})
    event = {"path": "/", "httpMethod": "GET", "headers": {"origin": LOCAL}}
    answer = edge.serve(app, event, CONTEXT, [LOCAL])  # type: ignore[arg-type]
    headers = answer["multiValueHeaders"]
    assert headers["cache-control"] == ["max-age=60"]
    assert "Cache-Control" not in headers
    assert headers["Vary"] == ["Accept, Origin"]
    assert headers["Access-Control-Expose-Headers"] == ["ETag, Retry-After, Vitals-Cost"]
    assert headers["Content-Security-Policy"] == [edge.SECURITY_HEADERS["Content-Security-Policy"]]


@pytest.mark.parametrize(
    ("resource", "given", "path", "own"),
    [
        ("/", None, "/", "/"),
        ("/", None, "/vitals", "/"),
        ("/", None, "/vitals/", "/"),
        ("/health", None, "/health", "/health"),
        ("/health", None, "/vitals/health", "/health"),
        ("/assets/{file}", {"file": "a.js"}, "/team/vitals/assets/a.js", "/assets/a.js"),
        ("/{proxy+}", {"proxy": "sites/mill/points"}, "/vitals/sites/mill/points", "/sites/mill/points"),
        ("/{proxy+}", {"proxy": "sites"}, "/vitals/sites/", "/sites"),
        (
            "/backfill/{proxy+}",
            {"proxy": "r-7/cancel"},
            "/vitals/backfill/r-7/cancel",
            "/backfill/r-7/cancel",
        ),
        ("/{proxy+}", {"proxy": "sites/a b"}, "/sites/a%20b", "/sites/a%20b"),
        ("/{proxy+}", None, "/sites", "/sites"),
    ],
)
def test_the_base_path_of_a_custom_domain_is_no_part_of_a_route(
    resource: str, given: dict[str, str] | None, path: str, own: str
) -> None:
    seen: list[str] = []

    def resolve(event: Any, context: Any) -> dict[str, Any]:
        seen.append(event["path"])
        return {"statusCode": 200, "body": "", "multiValueHeaders": {}}

    app: Any = SimpleNamespace(resolve=resolve)
    event = {"resource": resource, "pathParameters": given, "path": path, "httpMethod": "GET"}
    edge.serve(app, event, CONTEXT, [])  # type: ignore[arg-type]
    assert seen == [own]


@pytest.mark.parametrize("origin", [CHARTS, LOCAL])
def test_an_origin_on_the_list_is_echoed(call: Caller, origin: str) -> None:
    for request_ in ({}, {"path": "/nowhere"}, {"method": "OPTIONS"}):
        headers = call(**request_, headers={"Origin": origin}).headers
        assert headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in headers["Vary"].split(", ")
        assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "*", "", f"{CHARTS}.evil.example", CHARTS.upper(), f"{CHARTS}, {LOCAL}"],
)
def test_any_other_origin_is_told_nothing(call: Caller, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = call(method, headers={"Origin": origin}).headers
        assert not [name for name in headers if name.startswith("Access-Control-")]
        assert "Origin" in headers["Vary"].split(", ")


def test_without_a_list_there_is_no_cors_at_all(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for app, *_ in APIS.values():
        monkeypatch.setattr(app.api, "origins", lambda: ())
    for method in ("GET", "OPTIONS"):
        headers = call(method, headers={"Origin": CHARTS}).headers
        assert not [name for name in headers if name.startswith("Access-Control-")]
        assert "Origin" not in headers.get("Vary", "")


def test_a_preflight_needs_no_token_and_asks_nobody(call: Caller) -> None:
    asked = {"Origin": CHARTS, "Access-Control-Request-Method": "POST"}
    answer = call("OPTIONS", call.post_path, headers=asked, authorizer={"unused": ""})
    assert (answer.status, answer.text, call.backend.asked) == (204, "", [])
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, DELETE"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert allowed == ["Authorization", "Content-Type", "Accept", "If-None-Match"]
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_head_is_get_without_its_body(call: Caller) -> None:
    assert call("GET").text
    answer = call("HEAD")
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers == call("GET").headers
    assert call("HEAD", "/nowhere").status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
def test_a_method_that_a_path_does_not_know_is_a_405_that_says_which_it_knows(
    call: Caller, method: str
) -> None:
    answer = call(method)
    assert answer.error == (405, "METHOD_NOT_ALLOWED")
    [allowed] = [allowed for _, path, _, allowed in APIS.values() if path == call.get_path]
    assert answer.headers["Allow"] == allowed
    assert call(method, "/nowhere").error == (404, "NOT_FOUND")
    assert call.backend.asked == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"path": "/sites/" + "a" * 2_048}, 414),
        ({"path": "/sites/a\0b/points"}, 400),
        ({"query": {f"p{n}": ["1"] for n in range(31)}}, 400),
        ({"query": {"n" * 65: ["1"]}}, 400),
        ({"query": {"search": ["x" * 10_001]}}, 400),
        ({"query": {"search": ["a\ud83d"]}}, 400),
        ({"path": "/sites/a\udf21/points"}, 400),
        ({"query": {"sea\0rch": ["a"]}}, 400),
    ],
)
def test_a_path_or_parameter_that_means_nothing_is_refused_before_any_route(
    call: Caller, request_: dict[str, Any], status: int
) -> None:
    assert call(**request_).error == (status, "INVALID_REQUEST")
    assert call.backend.asked == []


def test_the_limits_themselves_are_allowed(call: Caller) -> None:
    query = {f"p{n}": ["x" * 10] for n in range(29)} | {"n" * 64: ["x" * 10_000]}
    # What passes the edge comes to the route, which refuses what it does not take.
    assert "unknown parameters" in call(query=query).text
    assert call(path="/" + "a" * 2_047).status == 404


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "json",
    ],
)
def test_a_body_of_another_type_is_a_415(call: Caller, kind: str) -> None:
    assert call("POST", body="{}", headers={"content-type": kind}).error == (415, "INVALID_REQUEST")
    assert call.backend.asked == []


@pytest.mark.parametrize("kind", [None, "application/json", "Application/JSON; charset=utf-8"])
def test_json_is_taken_by_any_of_its_names(call: Caller, kind: str | None) -> None:
    answer = call("POST", body=good(call.post_path), headers={"content-type": kind} if kind else {})
    assert answer.status in (200, 202)
    assert len(call.backend.asked) == 1


def test_an_encoded_body_is_what_it_encodes(call: Caller) -> None:
    def encoded(data: bytes) -> Answer:
        return call("POST", body=base64.b64encode(data).decode(), headers=JSON, encoded=True)

    assert encoded(good(call.post_path).encode()).status in (200, 202)
    assert encoded(b'{"site_name": "\xff"}').error == (400, "INVALID_REQUEST")
    assert encoded(b" " * edge.MAX_BODY_BYTES + b"{}").error == (413, "TOO_LARGE")
    assert encoded(b" " * 10_000_000).error == (413, "TOO_LARGE")
    for nonsense in ("no base64!", "ü"):
        assert call("POST", body=nonsense, headers=JSON, encoded=True).error == (400, "INVALID_REQUEST")


def test_a_parameter_that_is_given_twice_is_refused(call: Caller) -> None:
    twice = {"query": {"limit": ["3", "4"]}}
    of_mill = twice["query"] | {"site_name": ["mill"]}
    answers = {
        "/sites/mill/points": twice,
        "/backfill/r-7": {"path": "/backfill", "query": of_mill},
        "/exports/r-7": {"path": "/exports", "query": of_mill},
    }
    assert call(**answers[call.get_path]).error == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(("expires_ms", "valid"), [("1000001", True), ("1000000", False), ("1", False)])
def test_a_token_that_expires_while_the_gateway_remembers_it_is_refused(
    call: Caller, expires_ms: str, valid: bool
) -> None:
    grant = {"principalId": "t", "scopes": "admin", "sites": "*", "expires_ms": expires_ms}
    answer = call(authorizer=grant)
    if valid:
        assert answer.status == 200
    else:
        assert answer.error == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert call.backend.asked == []


class Reached:
    """Says of every route that it went on to what it works with."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def reached(*_: Any) -> Any:
            raise NotFoundError("reached")

        return reached


GUARDED = [
    (method.upper(), path)
    for path, operations in openapi.document()["paths"].items()
    for method, operation in operations.items()
    if operation.get("security") != []
]


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=" ".join)
def test_no_route_works_with_an_expired_token_and_each_says_when_it_ended(
    method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, *_ = APIS.get(path.split("/")[1], APIS["query"])
    monkeypatch.setattr(app.api, "connect", Reached)
    values = {name: [str(value)] for name, value in VALUES.items()} | {"point_names": ["a"]}
    request: dict[str, Any] = {
        "method": method,
        "path": re.sub(r"{\w+}", "mill", path),
        "query": {name: values[name] for name in openapi.parameters_of(method, path) & values.keys()},
        "body": good(path) if method == "POST" and not path.endswith("/cancel") else None,
        "headers": JSON,
    }
    send = Caller(app.handler, path, path, Backend(None))
    assert json.loads(send(**request).text)["error"] == "reached"
    # As the authorizer says it, who looks at the clock after API Gateway did.
    answer = send(**request, authorizer={"principalId": "old", "expires_ms": "1000002"})
    assert answer.error == (401, "UNAUTHORIZED")
    said = "this token expired at 1970-01-01T00:16:40.002Z; ask for a new one"
    assert json.loads(answer.text)["error"] == said
