"""Who gets in and what the gateway says by itself, as template.yaml has it."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.template import template
from vitals.http.edge import SECURITY_HEADERS
from vitals.store import keys

DOCUMENT = template()
RESOURCES = DOCUMENT["Resources"]
PARAMETERS = DOCUMENT["Parameters"]
RESPONSES: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"]
FUNCTIONS = {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
TOKENS = [key["pk"]["S"] for key in (keys.token("f" * 64), keys.token_entry("f" * 64))]


def routes() -> Iterator[tuple[str, dict[str, Any]]]:
    for function in FUNCTIONS.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "Api":
                yield event["Properties"]["Path"], event["Properties"]


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [s for policy in function.get("Policies", []) for s in policy["Statement"]]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_nobody_but_the_authorizer_may_touch_tokens_or_their_index(name: str) -> None:
    on_state = [s for s in statements(FUNCTIONS[name]) if "StateTable.Arn" in json.dumps(s["Resource"])]
    if name == "AuthorizerFunction":
        [allowed] = on_state
        assert (allowed["Effect"], allowed["Action"]) == ("Allow", "dynamodb:GetItem")
        assert allowed["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{keys.TOKEN_PREFIX}*"]}
        }
        return
    if not on_state:
        return
    [denied] = [s for s in on_state if s["Effect"] == "Deny"]
    assert denied["Action"] == "dynamodb:*"
    patterns = denied["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    assert all(any(fnmatchcase(key, pattern) for pattern in patterns) for key in TOKENS)
    # A scan names no keys, so the condition could not deny it.
    allowed_actions = {a for s in on_state if s["Effect"] == "Allow" for a in s["Action"]}
    assert not allowed_actions & {"dynamodb:Scan", "dynamodb:*", "dynamodb:PartiQLSelect"}


@pytest.mark.parametrize("name", ["QueryFunction", "ExportFunction"])
def test_who_reads_in_bulk_may_read_what_the_rows_are_compared_with(name: str) -> None:
    allowed = [s for s in statements(FUNCTIONS[name]) if s["Effect"] == "Allow"]
    for table in ("HotTable.Arn", "StateTable.Arn"):
        actions = {a for s in allowed if table in json.dumps(s["Resource"]) for a in s["Action"]}
        assert {"dynamodb:GetItem", "dynamodb:Query"} <= actions, table


# They tell of no site: whether syncs work, what the API is, and the page that asks for a token.
OPEN = {"/health", "/openapi.json", "/docs", "/", "/assets/{file}"}


def test_every_route_needs_a_token_and_its_key_but_open_ones_and_preflights() -> None:
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    assert (auth["DefaultAuthorizer"], auth["ApiKeyRequired"]) == ("BearerToken", True)
    open_ = {"Authorizer": "NONE", "ApiKeyRequired": False}
    for path, route in routes():
        expected = open_ if path in OPEN or route["Method"] == "options" else None
        assert route.get("Auth") == expected, path


def test_every_path_answers_any_method_and_preflights() -> None:
    methods: dict[str, set[str]] = {}
    for path, route in routes():
        methods.setdefault(path, set()).add(route["Method"])
    assert all(methods.pop(path) == {"any"} for path in OPEN)
    assert all(found == {"any", "options"} for found in methods.values()), methods


def test_a_usage_plan_holds_each_token_to_its_rate() -> None:
    api, plan = RESOURCES["Api"]["Properties"], RESOURCES["TokenUsagePlan"]["Properties"]
    # Without this the gateway would go by a header that clients send.
    assert api["ApiKeySourceType"] == "AUTHORIZER"
    assert plan["Throttle"] == {"RateLimit": {"Ref": "TokenRate"}, "BurstLimit": {"Ref": "TokenBurst"}}
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Api.Stage"}}]
    assert DOCUMENT["Outputs"]["UsagePlan"]["Value"] == {"Ref": "TokenUsagePlan"}
    given = FUNCTIONS["AuthorizerFunction"]["Environment"]["Variables"]["SHARED_USAGE_KEY"]
    assert given == RESOURCES["SharedUsageKey"]["Properties"]["Value"]


@pytest.mark.parametrize("kind", sorted(RESPONSES))
def test_the_gateways_own_answers_have_the_headers_of_the_functions(kind: str) -> None:
    headers = RESPONSES[kind]["ResponseParameters"]["Headers"]
    fixed = {name: value[1:-1] for name, value in headers.items() if isinstance(value, str)}
    assert all(f"'{value}'" == headers[name] for name, value in fixed.items())
    assert fixed | SECURITY_HEADERS == fixed
    condition, given, otherwise = headers["Access-Control-Allow-Origin"]["If"]
    assert (condition, otherwise) == ("HasOrigins", {"Ref": "AWS::NoValue"})
    # The first of the list: a fixed header cannot echo, and one that echoed anybody would be a star.
    text, values = given["Sub"]
    [[name, first]] = values.items()
    assert (text, first) == (f"'${{{name}}}'", {"Select": [0, {"Split": [",", {"Ref": "AllowedOrigins"}]}]})


@pytest.mark.parametrize("kind", sorted(RESPONSES))
def test_the_gateways_own_answers_have_the_shape_of_errors(kind: str) -> None:
    text = RESPONSES[kind]["ResponseTemplates"]["application/json"]
    said = json.loads(re.sub(r"\$context\.error\.messageString", '"what AWS says"', text))
    assert set(said) == {"error", "error_code", "request_id"}


@pytest.mark.parametrize("kind", ["THROTTLED", "QUOTA_EXCEEDED"])
def test_who_asks_too_much_is_told_when_to_ask_again(kind: str) -> None:
    response = RESPONSES[kind]
    assert response["StatusCode"] == 429
    assert '"RATE_LIMITED"' in response["ResponseTemplates"]["application/json"]
    assert re.fullmatch(r"'[1-9]\d*'", response["ResponseParameters"]["Headers"]["Retry-After"])


@pytest.mark.parametrize(
    ("origins", "fits"),
    [
        ("", True),
        ("https://charts.example.com", True),
        ("https://charts.example.com,http://localhost:3000", True),
        ("*", False),
        ("https://*.example.com", False),
        ("https://charts.example.com,*", False),
        ("https://charts.example.com/", False),
        ("https://charts.example.com, https://other.example", False),
        ("charts.example.com", False),
        ("null", False),
        ("https://a'b", False),
    ],
)
def test_the_origins_are_a_list_without_a_star(origins: str, fits: bool) -> None:
    pattern = PARAMETERS["AllowedOrigins"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, origins)) == fits
    assert PARAMETERS["AllowedOrigins"]["Default"] == ""


def test_a_daily_quota_is_there_only_when_it_is_asked_for() -> None:
    condition, quota, otherwise = RESOURCES["TokenUsagePlan"]["Properties"]["Quota"]["If"]
    assert (condition, otherwise) == ("HasQuota", {"Ref": "AWS::NoValue"})
    assert quota == {"Limit": {"Ref": "TokenDailyQuota"}, "Period": "DAY"}
    assert DOCUMENT["Conditions"]["HasQuota"] == {"Not": [{"Equals": [{"Ref": "TokenDailyQuota"}, "0"]}]}
