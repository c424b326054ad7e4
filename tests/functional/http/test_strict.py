"""Every JSON route accepts the parameters and keys in /openapi.json and refuses others by name."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import query.app
from query import pages
from tests.support import openapi
from tests.support.http_calls import APIS, Answer, Backend, Caller, Reached
from tests.support.routing import app_of
from vitals.http import edge

PAGES = ("/", "/assets/{file}", "/docs", "/health")
# They follow the specification of Project Haystack.
OTHER_ROUTES = ("/haystack/{op}",)
OPERATIONS = [
    (method.upper(), path)
    for path, operations in openapi.document()["paths"].items()
    for method in operations
]
JSON_ROUTES = [(method, path) for method, path in OPERATIONS if path not in PAGES + OTHER_ROUTES]
TEXTS = {"start_date": "2026-01-01", "end_date": "2026-01-02", "resolution": "raw", "method": "m4"}
NUMBERS = {"max_points": 10, "width": 10, "interval_ms": 10, "limit": 1}
TIMES = {"start": 0, "end": 60_000, "start_time": 0, "end_time": 60_000}
OTHERS = {
    "force": False,
    "rebuild": False,
    "dry_run": True,
    "format": "csv",
    "priority": "high",
    "units": "metric",
    "form": "table",
}
POINTS = {"points": {"ahu": {"kind": "analog"}}}
LISTS = {"holidays": ["2026-12-25"], "point_names": ["a"], "point_name": ["a,b"], "tag": ["ahu"]}
VALUES: dict[str, Any] = TEXTS | NUMBERS | TIMES | OTHERS | LISTS | POINTS
# A value that any text parameter takes.
ANY_TEXT = "mill"

_ANY = st.characters(exclude_categories=["Cs"])

type Send = Callable[..., Answer]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Sends a request to the function of its path; one that its route accepts is a 404 `reached`."""
    for app, *_ in APIS.values():
        monkeypatch.setattr(app.api, "connect", Reached)

    def call(method: str, path: str, **request: Any) -> Answer:
        own = re.sub(r"{\w+}", "mill", path)
        app = app_of(method, own)
        headers = {"Content-Type": "application/json"}
        return Caller(app.handler, own, own, Backend(None))(method, own, headers=headers, **request)

    return call


def query_of(method: str, path: str) -> dict[str, list[str]]:
    """Returns a valid value of every documented parameter."""
    values = {name: VALUES.get(name, ANY_TEXT) for name in openapi.parameters_of(method, path)}
    return {name: value if isinstance(value, list) else [str(value)] for name, value in values.items()}


def body_of(method: str, path: str) -> dict[str, Any] | None:
    return {key: VALUES.get(key, ANY_TEXT) for key in openapi.keys_of(method, path)} or None


def text_of(body: Any) -> str | None:
    return None if body is None else json.dumps(body)


def accepted(answer: Answer, path: str) -> bool:
    if path == "/openapi.json":
        return answer.text == pages.openapi()
    return json.loads(answer.text).get("error") == "reached"


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES, ids=" ".join)
def test_route_accepts_documented_parameters_and_refuses_others(send: Send, method: str, path: str) -> None:
    query, body = query_of(method, path), body_of(method, path)
    methods = (method, "HEAD") if method == "GET" else (method,)
    assert accepted(send(method, path, query=query, body=text_of(body)), path)
    for extra in ("tz", "Site_Name", "aggregate", ""):
        for sent in methods:
            answer = send(sent, path, query=query | {extra: ["x"]}, body=text_of(body))
            assert answer.status == 400
            if sent == "HEAD":
                continue
            assert answer.error == (400, "INVALID_REQUEST")
            text = json.loads(answer.text)["error"]
            assert f"unknown parameter {extra!r}; this route takes " in text
            assert all(name in text for name in (*query, *(body or ())))
    # A preflight names no parameters of its own, and a browser sends it for any address.
    assert send("OPTIONS", path, query={"tz": ["x"]}).status == 204


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES, ids=" ".join)
def test_body_has_only_the_documented_keys(send: Send, method: str, path: str) -> None:
    query, body = query_of(method, path), body_of(method, path)
    extra = send(method, path, query=query, body=json.dumps((body or {}) | {"tz": None, "rate": {"x": 1}}))
    assert extra.error == (400, "INVALID_REQUEST")
    text = json.loads(extra.text)["error"]
    assert "unknown keys 'tz', 'rate'" in text
    assert all(key in text for key in body or ("takes no JSON body",))
    if body is None:
        for nothing in ("", "{}", " {} ", "null"):
            assert accepted(send(method, path, query=query, body=nothing), path)
        for something in ("[1]", '"a"', "7"):
            assert send(method, path, query=query, body=something).error == (400, "INVALID_REQUEST")


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every route of the query API a 404 `reached`, those of the pages too."""
    monkeypatch.setattr(query.app.api, "connect", Reached)
    monkeypatch.setattr(pages, "web", Reached())


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_health_ignore_unknown_parameters(path: str, reached: None) -> None:
    call = Caller(query.app.handler, path, path, Backend(None))
    for method in ("GET", "HEAD"):
        answer = call(method, path.replace("{file}", "x.js"), query={"utm_source": ["mail"], "": [""]})
        assert answer.status == (200 if path == "/docs" else 404)
        assert method == "HEAD" or path == "/docs" or json.loads(answer.text)["error"] == "reached"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "body", ["{", '{"a": 1, "a": 2}', "x" * (edge.MAX_BODY_BYTES + 1)], ids=["cut", "twice", "large"]
)
def test_pages_and_health_ignore_bodies(path: str, body: str, reached: None) -> None:
    call = Caller(query.app.handler, path, path, Backend(None))
    for method in ("GET", "HEAD"):
        for kind in ("application/json", "text/csv"):
            headers = {"Content-Type": kind}
            for encoded in (False, True):
                answer = call(
                    method, path.replace("{file}", "x.js"), body=body, headers=headers, encoded=encoded
                )
                assert answer.status == (200 if path == "/docs" else 404)
                assert method == "HEAD" or path == "/docs" or json.loads(answer.text)["error"] == "reached"


def test_unknown_path_or_method_takes_precedence(send: Send) -> None:
    extra = {"query": {"tz": ["x"]}, "body": '{"tz": 1}'}
    for path in ("/nowhere", "/sites/a/b/c", "/backfill/x/y", "/exports/x/y"):
        assert send("GET", path, **extra).error == (404, "NOT_FOUND")
    for path in ("/sites", "/backfill", "/exports"):
        assert send("PUT", path, **extra).error == (405, "METHOD_NOT_ALLOWED")


def test_missing_and_unknown_are_named_together(send: Send) -> None:
    """A parameter that is misspelled is both."""
    answer = send(
        "GET", "/timeseries/query", query={"site": ["mill"], "start_time": ["0"], "end_time": ["1"]}
    )
    text = json.loads(answer.text)["error"]
    assert text.startswith("unknown parameter 'site'; this route takes site_name, ")
    assert "site_name: Field required" in text
    answer = send("POST", "/exports", body='{"site_name": "mill", "width": 10}')
    text = json.loads(answer.text)["error"]
    assert text.startswith("unknown key 'width'; the JSON body takes site_name, point_names, ")
    assert "start_time: Field required" in text


def test_query_parameter_of_a_post_is_refused(send: Send) -> None:
    body = text_of(body_of("POST", "/exports"))
    text = json.loads(send("POST", "/exports", query={"site_name": ["mill"]}, body=body).text)["error"]
    assert text.startswith(
        "unknown parameter 'site_name'; this route takes no parameters; its JSON body takes site_name, "
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=100_000), min_size=1, unique=True
    )
)
def test_error_of_many_long_names_is_short(send: Send, names: list[str]) -> None:
    keys = {name: None for name in names if name not in openapi.keys_of("POST", "/sites/{site}/latest")}
    for method, path in (("POST", "/sites/{site}/latest"), ("POST", "/backfill/{run_id}/cancel")):
        answer = send(method, path, body=json.dumps(keys))
        assert (answer.status if keys else 400) == 400
        assert len(answer.text) < 6_000


@pytest.mark.parametrize("path", ["/sites/{site}/latest", "/backfill/{run_id}/cancel"])
def test_first_names_are_listed_and_others_counted(send: Send, path: str) -> None:
    keys = dict.fromkeys([f"k{number}" for number in range(1_000)] + ["x" * 100_000])
    text = json.loads(send("POST", path, body=json.dumps(keys)).text)["error"]
    assert "unknown keys 'k0', 'k1', 'k2', 'k3', 'k4' and 996 more" in text
    assert (
        f"'{'x' * 64}…'" in json.loads(send("POST", path, body=json.dumps({"x" * 100_000: 1})).text)["error"]
    )
