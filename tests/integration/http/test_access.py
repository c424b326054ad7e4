"""Who gets in, how often, and what strangers learn, through the deployed gateway and functions."""

import json
import re
import subprocess
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from operations.token_lifecycle import Tokens, tokens_of
from operations.usage_plan import UsagePlan
from tests.support.local_stack import HOME, ROOT, VITALS
from tests.support.stack import aws_client
from vitals.http.edge import SECURITY_HEADERS
from vitals.model.records.tokens import UsageKey
from vitals.model.timespan import iso
from vitals.store.state.tokens import TokenTable

pytestmark = pytest.mark.integration

CHARTS, LOCAL = "https://charts.example.com", "http://localhost:3000"
JSON = {"Content-Type": "application/json"}


def get(stack: dict[str, Any], token: str, path: str = "/sites", **headers: str) -> requests.Response:
    sent = {"Authorization": f"Bearer {token}"} | headers
    return requests.get(stack["api"] + path, headers=sent, timeout=40)


def assert_refused(answer: requests.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    assert set(answer.json()) == {"error", "error_code", "request_id"}
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.fixture(scope="module")
def tokens(stack: dict[str, Any]) -> Tokens:
    return tokens_of(lambda service: aws_client(stack, service), stack["outputs"])


@pytest.fixture(scope="module")
def granted(stack: dict[str, Any]) -> dict[str, str]:
    dynamodb, table = aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"]
    now_ms = time.time_ns() // 1_000_000
    grants: dict[str, tuple[list[str], list[str], int | None]] = {
        "everything": (["read"], ["*"], None),
        "no read": (["backfill"], ["*"], None),
        "elsewhere": (["read"], ["another_site"], None),
        "expired": (["read"], ["*"], now_ms - 60_000),
    }
    return {
        name: TokenTable(dynamodb, table).create(name, scopes, sites, now_ms=now_ms, expires_ms=expires)
        for name, (scopes, sites, expires) in grants.items()
    }


def site_of(stack: dict[str, Any]) -> str:
    [site] = get(stack, stack["token"]).json()["sites"]
    return str(site["site_name"])


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("everything", 200, None),
        ("no read", 403, "FORBIDDEN"),
        ("elsewhere", 403, "FORBIDDEN"),
        ("expired", 401, "UNAUTHORIZED"),
    ],
)
def test_a_token_opens_what_it_grants(
    stack: dict[str, Any], granted: dict[str, str], token: str, status: int, code: str | None
) -> None:
    answer = get(stack, granted[token], f"/sites/{site_of(stack)}/points")
    assert (answer.status_code, answer.json().get("error_code")) == (status, code)


def test_an_expiring_token_is_refused_despite_gateway_caching(stack: dict[str, Any], tokens: Tokens) -> None:
    token = tokens.create("brief", ["read"], ["*"], 4_000)
    ends_ms = tokens.find("brief").expires_ms
    assert ends_ms
    assert get(stack, token).status_code == 200
    time.sleep(max(0.0, ends_ms / 1000 - time.time()))
    refused = get(stack, token)
    assert_refused(refused, 401, "UNAUTHORIZED")
    assert refused.json()["error"] == f"the token expired at {iso(ends_ms)}; use a new one"


def test_an_expired_token_is_refused_with_its_time(stack: dict[str, Any], granted: dict[str, str]) -> None:
    assert "the token expired at " in get(stack, granted["expired"]).json()["error"]
    assert get(stack, "nobody").json()["error"] == "a valid bearer token is needed"


def test_a_revoked_token_is_refused_at_once(stack: dict[str, Any], tokens: Tokens) -> None:
    token = tokens.create("to be revoked", ["read"], ["*"], None)
    assert get(stack, token).status_code == 200
    tokens.revoke(tokens.find("to be revoked"))
    assert_refused(get(stack, token), 401, "UNAUTHORIZED")


def test_a_rotated_token_works_for_its_grace_alone(stack: dict[str, Any], tokens: Tokens) -> None:
    first = tokens.create("rotated", ["read"], ["*"], None)
    second = tokens.rotate(tokens.find("rotated"), 3_600_000, None)
    assert [get(stack, token).status_code for token in (first, second)] == [200, 200]
    [newest] = [token for token in tokens.all() if token.name == "rotated" and token.expires_ms is None]
    third = tokens.rotate(newest, 0, None)
    assert [get(stack, token).status_code for token in (first, second, third)] == [200, 401, 200]


def test_the_command_manages_tokens_of_the_running_stack(stack: dict[str, Any]) -> None:
    def run(*arguments: str) -> str:
        command = [VITALS, "token", *arguments]
        environ = {"VITALS_HOME": str(HOME), "PATH": ""}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    token = run("create", "--name", "by command").strip()
    assert get(stack, token).status_code == 200
    assert "by command" in run("list")
    assert run("revoke", "by command") == ""
    assert get(stack, token).status_code == 401
    assert "by command" not in run("list")


def limited(stack: dict[str, Any], tokens: Tokens, name: str, **limits: Any) -> str:
    """A token in a usage plan of its own."""
    gateway = aws_client(stack, "apigateway")
    deployed = gateway.get_usage_plan(usagePlanId=stack["outputs"]["UsagePlan"])
    plan = gateway.create_usage_plan(name=name, apiStages=deployed["apiStages"], **limits)
    own = Tokens(tokens.dynamodb, tokens.table, UsagePlan(gateway, plan["id"]), tokens.now)
    return own.create(name, ["read"], ["*"], None)


def test_only_the_token_that_is_throttled_is_refused(stack: dict[str, Any], tokens: Tokens) -> None:
    # So slow that nothing comes back while the test runs.
    fast, other = (
        limited(stack, tokens, name, throttle={"rateLimit": 0.001, "burstLimit": 3}) for name in ("a", "b")
    )
    assert [get(stack, fast).status_code for _ in range(3)] == [200, 200, 200]
    refused = get(stack, fast)
    assert_refused(refused, 429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) > 0
    assert get(stack, other).status_code == 200
    assert requests.get(f"{stack['api']}/health", timeout=40).status_code == 200


def test_a_daily_quota_ends(stack: dict[str, Any], tokens: Tokens) -> None:
    token = limited(stack, tokens, "quota", quota={"limit": 2, "period": "DAY"})
    assert [get(stack, token).status_code for _ in range(2)] == [200, 200]
    refused = get(stack, token)
    assert_refused(refused, 429, "RATE_LIMITED")
    assert "midnight" in refused.json()["error"]


def test_a_clients_own_key_counts_for_nothing(stack: dict[str, Any], tokens: Tokens) -> None:
    dynamodb, now_ms = tokens.dynamodb, tokens.now()
    forged = TokenTable(dynamodb, tokens.table).create(
        "forged", ["read"], ["*"], now_ms=now_ms, usage=UsageKey("none", "no-such-key")
    )
    shared = aws_client(stack, "apigateway").get_api_keys(includeValues=True)["items"][0]["value"]
    assert_refused(get(stack, forged), 403, "FORBIDDEN")
    assert_refused(get(stack, forged, **{"x-api-key": shared}), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    "path", ["/sites", "/timeseries/query", "/backfill", "/backfill/x/cancel", "/health"]
)
def test_a_preflight_needs_no_token(stack: dict[str, Any], path: str) -> None:
    for origin, allowed in ((CHARTS, CHARTS), (LOCAL, LOCAL), ("https://evil.example", None)):
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = requests.options(stack["api"] + path, headers=preflight, timeout=40)
        assert answer.status_code == 204, answer.text
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        assert ("Authorization" in answer.headers.get("Access-Control-Allow-Headers", "")) == bool(allowed)


def test_cors_covers_allowed_origins_and_gateway_errors(
    stack: dict[str, Any],
) -> None:
    answer = get(stack, stack["token"], Origin=LOCAL)
    assert answer.headers["Access-Control-Allow-Origin"] == LOCAL
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
    for origin in (CHARTS, LOCAL):
        refused = get(stack, "nobody", Origin=origin)
        assert_refused(refused, 401, "UNAUTHORIZED")
        assert refused.headers["Access-Control-Allow-Origin"] == CHARTS


def raw(stack: dict[str, Any], method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """The request as it stands, where a library would make it a proper one."""
    url = urlsplit(stack["api"])
    connection = HTTPConnection(url.hostname or "", url.port, timeout=60)
    try:
        connection.putrequest(method, url.path + path)
        sent = {"Authorization": f"Bearer {stack['token']}", "Content-Length": str(len(body))} | headers
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


QUERY = {"site_name": "SITE", "point_names": ["x"], "start_time": 0, "end_time": 60_000}
HOSTILE: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "strange names": (
        "POST",
        "/timeseries/query",
        QUERY | {"point_names": ["../../etc", "'; --", "温"]},
        JSON,
    ),
    "a path as a site": ("POST", "/timeseries/query", QUERY | {"site_name": "../etc"}, JSON),
    "ten megabytes": ("POST", "/timeseries/query", QUERY | {"point_names": ["p" * 400] * 25_000}, JSON),
    "no route": ("POST", "/nowhere", {}, JSON),
    "no such method": ("PUT", "/sites", {}, JSON),
    "an invented method": ("BREW", "/sites", b"", {}),
    "delete all": ("DELETE", "/backfill", b"", {}),
    "another type": ("POST", "/timeseries/query", QUERY, {"Content-Type": "text/plain"}),
    "a form": ("POST", "/timeseries/query", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "parts": ("POST", "/timeseries/query", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}),
    "no JSON": ("POST", "/timeseries/query", b"{", JSON),
    "deep JSON": ("POST", "/timeseries/query", b"[" * 100_000, JSON),
    "no UTF-8": ("POST", "/timeseries/query", b'{"site_name": "\xff\xfe"}', JSON),
    "a list": ("POST", "/timeseries/query", [], JSON),
    "nothing": ("POST", "/timeseries/query", b"", JSON),
    "numbers for names": ("POST", "/timeseries/query", QUERY | {"point_names": [1]}, JSON),
    "a huge time": ("POST", "/timeseries/query", QUERY | {"end_time": 10**30}, JSON),
    "a NUL in a name": ("POST", "/timeseries/query", QUERY | {"point_names": ["a\0b"]}, JSON),
    "a NUL in a path": ("GET", "/sites/a%00b/points", b"", {}),
    "a NUL in the name of a parameter": ("GET", "/sites/SITE/points?sea%00rch=a", b"", {}),
    "an unknown parameter": ("GET", "/sites/SITE/points?tz=America/Chicago", b"", {}),
    "an unknown key": ("POST", "/sites/SITE/latest", {"point_name": "x"}, JSON),
    "a body for a route without one": ("GET", "/sites", {"site_name": "x"}, JSON),
    "half a percent sign": ("GET", "/sites/%zz/points", b"", {}),
    "bytes in a path": ("GET", "/sites/%ff%fe/points", b"", {}),
    "dots": ("GET", "/sites/../../etc/passwd", b"", {}),
    "a slash in a site": ("GET", "/sites/a%2Fb/points", b"", {}),
    "a long path": ("GET", "/sites/" + "a" * 5_000, b"", {}),
    "a deep path": ("GET", "/sites" + "/a" * 500, b"", {}),
    "a long parameter": ("GET", "/sites/SITE/points?search=" + "a" * 20_000, b"", {}),
    "a thousand parameters": ("GET", "/sites?" + "&".join(f"a{n}=1" for n in range(1_000)), b"", {}),
    "the same twice": ("GET", "/sites/SITE/points?limit=3&limit=4", b"", {}),
    "no number": ("GET", "/sites/SITE/points?limit=nan", b"", {}),
    "400 digits": ("GET", "/sites/SITE/points?limit=" + "9" * 400, b"", {}),
    "a wrong start": ("POST", "/backfill/start", {"site_name": 1, "start_date": [], "end_date": {}}, JSON),
    "a long id": ("GET", "/backfill/" + "x" * 300, b"", {}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_get_a_clear_4xx(stack: dict[str, Any], name: str) -> None:
    method, path, body, headers = HOSTILE[name]
    site = site_of(stack)
    sent = body if isinstance(body, bytes) else json.dumps(body).replace("SITE", site).encode()
    status, received, content = raw(stack, method, path.replace("SITE", site), sent, headers)
    assert 400 <= status < 500, content[:200]
    assert set(json.loads(content)) == {"error", "error_code", "request_id"}
    assert {header: received[header] for header in SECURITY_HEADERS} == SECURITY_HEADERS


def test_head_of_health_needs_no_token(stack: dict[str, Any]) -> None:
    answer = requests.head(f"{stack['api']}/health", timeout=40)
    assert (answer.status_code, answer.content) == (200, b"")
    assert_refused(requests.post(f"{stack['api']}/health", timeout=40), 405, "METHOD_NOT_ALLOWED")


def test_the_page_and_its_assets_need_no_token(stack: dict[str, Any]) -> None:
    page = requests.get(f"{stack['api']}/", timeout=40)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self' 'sha256-" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page.text)
    assert {name.rpartition(".")[2] for name in loaded} == {"js", "css", "svg"}
    for name in loaded:
        asset = requests.get(f"{stack['api']}/{name}", timeout=40)
        assert (asset.status_code, asset.headers["Cache-Control"].split(", ")[-1]) == (200, "immutable")
        assert asset.content == (ROOT / "functions/query/web" / name).read_bytes()
    assert requests.get(stack["api"], timeout=40).text == page.text
    assert_refused(requests.get(f"{stack['api']}/assets/nothing.js", timeout=40), 404, "NOT_FOUND")
