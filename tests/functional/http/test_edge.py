"""Limits, headers, preflights and methods, which every function behind API Gateway shares."""

import base64
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import openapi
from tests.support.http_calls import APIS, BODY_METHODS, CONTEXT, Answer, Backend, Caller, Reached
from tests.support.routing import app_of
from tests.support.template import template
from vitals.aws.clients import Deadline
from vitals.http import edge

CHARTS, LOCAL = "https://charts.example.com", "http://localhost:3000"


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
    "timezone": "UTC",
    "points": {"a": {"kind": "analog"}},
    "name": "Plant",
    "view": "range=7d",
    "reason": "bad",
    "flag_id": "1-0",
}


def good(path: str, method: str = "POST") -> str:
    """Returns the JSON body of a valid request; POST stands for the method of a path that takes a body."""
    method = BODY_METHODS.get(path, method)
    return json.dumps({key: VALUES[key] for key in openapi.keys_of(method, path) & VALUES.keys()})


JSON = {"Content-Type": "application/json"}


def test_every_api_function_is_tested_here() -> None:
    behind_gateway = {
        properties["Handler"].removesuffix(".handler")
        for properties in (resource["Properties"] for resource in template()["Resources"].values())
        if any(event["Type"] == "Api" for event in properties.get("Events", {}).values())
    }
    assert behind_gateway == {app.__name__ for app, *_ in APIS.values()}


@pytest.mark.parametrize(
    ("changes", "status"),
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
def test_every_answer_has_the_security_headers(call: Caller, changes: dict[str, Any], status: int) -> None:
    answer = call(**changes)
    assert answer.status == status
    assert answer.headers | edge.SECURITY_HEADERS == answer.headers


def test_headers_of_a_route_are_kept(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    headers_set = {
        "multiValueHeaders": {"cache-control": ["max-age=60"], "Vary": ["Accept"], "Vitals-Cost": ["1"]}
    }
    app = SimpleNamespace(resolve=lambda event, context: {"statusCode": 200, "body": "", **headers_set})
    event = {"path": "/", "httpMethod": "GET", "headers": {"origin": LOCAL}}
    answer = edge.serve(app, event, CONTEXT, origins=[LOCAL], deadline=Deadline())  # type: ignore[arg-type]
    headers = answer["multiValueHeaders"]
    assert headers["cache-control"] == ["max-age=60"]
    assert "Cache-Control" not in headers
    assert headers["Vary"] == ["Accept, Origin"]
    assert headers["Access-Control-Expose-Headers"] == ["ETag, Retry-After, Vitals-Cost"]
    assert headers["Content-Security-Policy"] == [edge.SECURITY_HEADERS["Content-Security-Policy"]]


@pytest.mark.parametrize(
    ("resource", "parameters", "path", "route"),
    [
        ("/", None, "/", "/"),
        ("/", None, "/vitals", "/"),
        ("/", None, "/vitals/", "/"),
        ("/health", None, "/health", "/health"),
        ("/health", None, "/vitals/health", "/health"),
        ("/assets/{file}", {"file": "a.js"}, "/team/vitals/assets/a.js", "/assets/a.js"),
        ("/{proxy+}", {"proxy": "sites/mill/points"}, "/vitals/sites/mill/points", "/sites/mill/points"),
        ("/{proxy+}", {"proxy": "sites"}, "/vitals/sites/", "/sites"),
        ("/sites/{site}/changes", {"site": "mill"}, "/vitals/sites/mill/changes", "/sites/mill/changes"),
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
def test_base_path_of_a_custom_domain_is_removed(
    resource: str, parameters: dict[str, str] | None, path: str, route: str
) -> None:
    seen: list[str] = []

    def resolve(event: Any, context: Any) -> dict[str, Any]:
        seen.append(event["path"])
        return {"statusCode": 200, "body": "", "multiValueHeaders": {}}

    app: Any = SimpleNamespace(resolve=resolve)
    event = {"resource": resource, "pathParameters": parameters, "path": path, "httpMethod": "GET"}
    edge.serve(app, event, CONTEXT, origins=[], deadline=Deadline())  # type: ignore[arg-type]
    assert seen == [route]


@pytest.mark.parametrize("origin", [CHARTS, LOCAL])
def test_allowed_origin_is_echoed(call: Caller, origin: str) -> None:
    for changes in ({}, {"path": "/nowhere"}, {"method": "OPTIONS"}):
        headers = call(**changes, headers={"Origin": origin}).headers
        assert headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in headers["Vary"].split(", ")
        assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "*", "", f"{CHARTS}.evil.example", CHARTS.upper(), f"{CHARTS}, {LOCAL}"],
)
def test_other_origins_get_no_cors_headers(call: Caller, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = call(method, headers={"Origin": origin}).headers
        assert not [name for name in headers if name.startswith("Access-Control-")]
        assert "Origin" in headers["Vary"].split(", ")


def test_without_origins_there_are_no_cors_headers(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for app, *_ in APIS.values():
        monkeypatch.setattr(app.api, "origins", lambda: ())
    for method in ("GET", "OPTIONS"):
        headers = call(method, headers={"Origin": CHARTS}).headers
        assert not [name for name in headers if name.startswith("Access-Control-")]
        assert "Origin" not in headers.get("Vary", "")


def test_preflight_needs_no_token(call: Caller) -> None:
    headers = {"Origin": CHARTS, "Access-Control-Request-Method": "POST"}
    answer = call("OPTIONS", call.post_path, headers=headers, authorizer={"unused": ""})
    assert (answer.status, answer.text, call.backend.calls) == (204, "", [])
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert allowed == ["Authorization", "Content-Type", "Accept", "If-None-Match"]
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_head_is_get_without_the_body(call: Caller) -> None:
    assert call("GET").text
    answer = call("HEAD")
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers == call("GET").headers
    assert call("HEAD", "/nowhere").status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
def test_unknown_method_is_405_and_names_the_allowed(call: Caller, method: str) -> None:
    answer = call(method)
    assert answer.error == (405, "METHOD_NOT_ALLOWED")
    [allowed] = [allowed for _, path, _, allowed in APIS.values() if path == call.get_path]
    assert answer.headers["Allow"] == allowed
    assert answer.message == f"method not allowed; use {allowed.removesuffix(', OPTIONS')}"
    assert call(method, "/nowhere").error == (404, "NOT_FOUND")
    assert call(method, "/nowhere").message == "path not found"
    assert call.backend.calls == []


@pytest.mark.parametrize(
    ("changes", "status"),
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
def test_invalid_path_or_parameter_is_refused_before_routing(
    call: Caller, changes: dict[str, Any], status: int
) -> None:
    assert call(**changes).error == (status, "INVALID_REQUEST")
    assert call.backend.calls == []


def test_values_at_the_limits_are_allowed(call: Caller) -> None:
    query = {f"p{n}": ["x" * 10] for n in range(29)} | {"n" * 64: ["x" * 10_000]}
    # A request that passes the edge reaches its route, which refuses unknown parameters.
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
def test_body_of_another_type_is_415(call: Caller, kind: str) -> None:
    assert call("POST", body="{}", headers={"content-type": kind}).error == (415, "INVALID_REQUEST")
    assert call.backend.calls == []


@pytest.mark.parametrize("kind", [None, "application/json", "Application/JSON; charset=utf-8"])
def test_json_content_types_are_accepted(call: Caller, kind: str | None) -> None:
    answer = call("POST", body=good(call.post_path), headers={"content-type": kind} if kind else {})
    assert answer.status in (200, 202)
    assert len(call.backend.calls) == 1


def test_base64_body_is_decoded(call: Caller) -> None:
    def encoded(data: bytes) -> Answer:
        return call("POST", body=base64.b64encode(data).decode(), headers=JSON, encoded=True)

    assert encoded(good(call.post_path).encode()).status in (200, 202)
    assert encoded(b'{"site_name": "\xff"}').error == (400, "INVALID_REQUEST")
    assert encoded(b" " * edge.MAX_BODY_BYTES + b"{}").error == (413, "TOO_LARGE")
    assert encoded(b" " * 10_000_000).error == (413, "TOO_LARGE")
    for invalid in ("no base64!", "ü"):
        answer = call("POST", body=invalid, headers=JSON, encoded=True)
        assert answer.error == (400, "INVALID_REQUEST")
        assert answer.message == "the request body is not valid base64"


def test_repeated_key_of_a_body_is_refused(call: Caller) -> None:
    """Parsers keep the last value, and the answer would be to another request."""
    body = good(call.post_path)
    [first, *_] = json.loads(body)
    repeated = f'{{"{first}": 1, {body[1:]}'
    for text in (repeated, body[:-1] + ', "x": [{"a": {}, "\\u0061": 0}]}'):
        answer = call("POST", body=text, headers=JSON)
        assert answer.error == (400, "INVALID_REQUEST")
        assert re.fullmatch(f"the request body has the key '(a|{first})' twice", answer.message)
    assert call("POST", body="[" * 1_000 + "]" * 1_000, headers=JSON).error == (400, "INVALID_REQUEST")
    assert call.backend.calls == []


def test_keys_of_a_body_are_compared_once() -> None:
    """A search for each key again takes seconds on a small body, and hours on the largest."""
    compared: list[int] = []

    class Key(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(1)
            return str.__eq__(self, other)

    keys = [Key(f"k{number}") for number in range(2_000)]
    with pytest.raises(Exception, match="has the key 'k1999' twice"):
        edge._unique([(key, 0) for key in [*keys, Key("k1999")]])
    assert len(compared) < 2 * len(keys)


def test_last_key_of_the_largest_body_is_checked(call: Caller) -> None:
    keys = ", ".join(f'"k{number}": 0' for number in [*range(200_000), 199_999])
    answer = call("POST", body=f"{{{keys}}}", headers=JSON)
    assert answer.message == "the request body has the key 'k199999' twice"
    assert call.backend.calls == []


def test_repeated_parameter_is_refused(call: Caller) -> None:
    twice = {"query": {"limit": ["3", "4"]}}
    of_mill = twice["query"] | {"site_name": ["mill"]}
    answers = {
        "/sites/mill/points": twice,
        "/backfill/r-7": {"path": "/backfill", "query": of_mill},
        "/exports/r-7": {"path": "/exports", "query": of_mill},
        "/sites/mill/changes": twice,
    }
    assert call(**answers[call.get_path]).error == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(("expires_ms", "valid"), [("1000001", True), ("1000000", False), ("1", False)])
def test_token_that_expires_in_the_cache_is_refused(call: Caller, expires_ms: str, valid: bool) -> None:
    grant = {"principalId": "t", "scopes": "admin", "sites": "*", "expires_ms": expires_ms}
    answer = call(authorizer=grant)
    if valid:
        assert answer.status == 200
    else:
        assert answer.error == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert call.backend.calls == []


GUARDED = [
    (method.upper(), path)
    for path, operations in openapi.document()["paths"].items()
    for method, operation in operations.items()
    if operation.get("security") != []
]


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=" ".join)
def test_every_route_refuses_an_expired_token(
    method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(method, path)
    monkeypatch.setattr(app.api, "connect", Reached)
    values = {name: [str(value)] for name, value in VALUES.items()} | {"point_names": ["a"]}
    request: dict[str, Any] = {
        "method": method,
        "path": re.sub(r"{\w+}", "mill", path.replace("{op}", "about")),
        "query": {name: values[name] for name in openapi.parameters_of(method, path) & values.keys()},
        "body": good(path, method) if openapi.keys_of(method, path) else None,
        "headers": JSON,
    }
    send = Caller(app.handler, path, path, Backend(None))
    assert "reached" in send(**request).text
    # The authorizer reads its clock after API Gateway, so it may find a token expired that was valid before.
    answer = send(**request, authorizer={"principalId": "old", "expires_ms": "1000002"})
    assert answer.error == (401, "UNAUTHORIZED")
    assert answer.message.startswith("the token expired at 1970-01-01T00:16:40.002Z")
