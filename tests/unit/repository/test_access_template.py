"""Access rules and the error responses of API Gateway in template.yaml."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.iam.evaluation import Access, check
from tests.support.iam.statements import arn
from tests.support.iam.statements import statements as iam_statements
from tests.support.template import template
from vitals.http import errors
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
    listed = [s for policy in function.get("Policies", []) for s in policy["Statement"]]
    return [s["If"][1] if "If" in s else s for s in listed]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_only_the_authorizer_may_read_tokens(name: str) -> None:
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
    # A scan names no keys, so the condition cannot deny it.
    listed = [s["Action"] for s in on_state if s["Effect"] == "Allow"]
    allowed_actions = {a for actions in listed for a in ([actions] if isinstance(actions, str) else actions)}
    assert not allowed_actions & {"dynamodb:Scan", "dynamodb:*", "dynamodb:PartiQLSelect"}


@pytest.mark.parametrize("name", ["QueryFunction", "ExportFunction"])
def test_bulk_readers_may_read_the_row_counts(name: str) -> None:
    for table, actions in (("HotTable", ["Query"]), ("StateTable", ["GetItem", "Query"])):
        for action in actions:
            check(iam_statements(name), Access(f"dynamodb:{action}", arn("dynamodb", f"table/{table}")))


# Routes without data of a site.
OPEN = {"/health", "/openapi.json", "/docs", "/", "/assets/{file}"}


def test_only_open_routes_and_preflights_need_no_token() -> None:
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    assert (auth["DefaultAuthorizer"], auth["ApiKeyRequired"]) == ("BearerToken", True)
    no_token = {"Authorizer": "NONE", "ApiKeyRequired": False}
    for path, route in routes():
        expected = no_token if path in OPEN or route["Method"] == "options" else None
        assert route.get("Auth") == expected, path


def test_every_path_takes_any_method_and_preflights() -> None:
    methods: dict[str, set[str]] = {}
    for path, route in routes():
        methods.setdefault(path, set()).add(route["Method"])
    assert all(methods.pop(path) == {"any"} for path in OPEN)
    assert methods.pop("/sites/{site}/points") == {"any", "options", "patch"}
    assert all(allowed == {"any", "options"} for allowed in methods.values()), methods


def test_usage_plan_limits_each_token() -> None:
    api, plan = RESOURCES["Api"]["Properties"], RESOURCES["TokenUsagePlan"]["Properties"]
    # With any other source API Gateway would use a header that clients send.
    assert api["ApiKeySourceType"] == "AUTHORIZER"
    assert plan["Throttle"] == {"RateLimit": {"Ref": "TokenRate"}, "BurstLimit": {"Ref": "TokenBurst"}}
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Api.Stage"}}]
    assert DOCUMENT["Outputs"]["UsagePlan"]["Value"] == {"Ref": "TokenUsagePlan"}
    shared_key = FUNCTIONS["AuthorizerFunction"]["Environment"]["Variables"]["SHARED_USAGE_KEY"]
    assert shared_key == RESOURCES["SharedUsageKey"]["Properties"]["Value"]


@pytest.mark.parametrize("kind", sorted(RESPONSES))
def test_gateway_errors_have_the_functions_headers(kind: str) -> None:
    headers = RESPONSES[kind]["ResponseParameters"]["Headers"]
    fixed = {name: value[1:-1] for name, value in headers.items() if isinstance(value, str)}
    assert all(f"'{value}'" == headers[name] for name, value in fixed.items())
    assert fixed | SECURITY_HEADERS == fixed
    condition, origin, otherwise = headers["Access-Control-Allow-Origin"]["If"]
    assert (condition, otherwise) == ("HasOrigins", {"Ref": "AWS::NoValue"})
    # The first origin of the list, because a fixed header cannot echo the origin of the request.
    text, values = origin["Sub"]
    [[name, first]] = values.items()
    assert (text, first) == (f"'${{{name}}}'", {"Select": [0, {"Split": [",", {"Ref": "AllowedOrigins"}]}]})


@pytest.mark.parametrize("kind", sorted(RESPONSES))
def test_gateway_errors_have_the_functions_shape(kind: str) -> None:
    assert set(gateway_error(kind)) == {"error", "error_code", "request_id"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", errors.PATH_NOT_FOUND),
        ("INTEGRATION_TIMEOUT", errors.TIME_LIMIT_REACHED),
        ("DEFAULT_5XX", errors.INTERNAL_ERROR),
    ],
)
def test_gateway_errors_have_the_functions_texts(kind: str, text: str) -> None:
    assert gateway_error(kind)["error"] == text


def gateway_error(kind: str) -> dict[str, str]:
    """Returns the body of an error response of API Gateway."""
    text = RESPONSES[kind]["ResponseTemplates"]["application/json"]
    body: dict[str, str] = json.loads(text.replace("$context.error.messageString", '"a message of AWS"'))
    return body


@pytest.mark.parametrize("kind", ["THROTTLED", "QUOTA_EXCEEDED"])
def test_throttled_requests_get_retry_after(kind: str) -> None:
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
def test_origins_are_a_list_without_a_star(origins: str, fits: bool) -> None:
    pattern = PARAMETERS["AllowedOrigins"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, origins)) == fits
    assert PARAMETERS["AllowedOrigins"]["Default"] == ""


def method_settings() -> dict[tuple[str, str], dict[str, Any]]:
    settings = RESOURCES["Api"]["Properties"]["MethodSettings"]
    return {(setting["ResourcePath"], setting["HttpMethod"]): setting for setting in settings}


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("path", sorted(OPEN))
def test_open_routes_have_a_lower_rate(path: str) -> None:
    # API Gateway writes a slash within a path as ~1, the root as it is, and has no setting for ANY.
    resource = "/" if path == "/" else "/" + path.replace("/", "~1")
    for method in METHODS:
        setting = method_settings()[resource, method]
        assert setting["ThrottlingRateLimit"] == {"Ref": "OpenRate"}
        assert setting["ThrottlingBurstLimit"] == {"Ref": "OpenBurst"}
    assert PARAMETERS["OpenRate"]["Default"] <= 5


def test_other_routes_have_the_rate_of_the_api() -> None:
    assert len(method_settings()) == 1 + len(OPEN) * len(METHODS)
    setting = method_settings()["/*", "*"]
    assert setting["ThrottlingRateLimit"] == {"Ref": "ApiRate"}
    assert setting["ThrottlingBurstLimit"] == {"Ref": "ApiBurst"}
    assert PARAMETERS["OpenRate"]["Default"] < PARAMETERS["ApiRate"]["Default"]


@pytest.mark.parametrize(
    ("arn", "fits"),
    [
        ("", True),
        ("arn:aws:wafv2:us-east-1:123456789012:regional/webacl/name/id", True),
        ("arn:aws-cn:wafv2:cn-north-1:123456789012:regional/webacl/name/id", True),
        ("arn:aws:waf::123456789012:webacl/id", False),
    ],
)
def test_a_web_acl_is_optional(arn: str, fits: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["WebAclArn"]["AllowedPattern"], arn)) == fits
    acl = RESOURCES["ApiWebAcl"]
    assert (acl["Condition"], PARAMETERS["WebAclArn"]["Default"]) == ("HasWebAcl", "")
    assert DOCUMENT["Conditions"]["HasWebAcl"] == {"Not": [{"Equals": [{"Ref": "WebAclArn"}, ""]}]}
    stage = f"/stages/{RESOURCES['Api']['Properties']['StageName']}"
    assert acl["Properties"]["ResourceArn"]["Sub"].endswith("::/restapis/${Api}" + stage)


def test_a_budget_needs_a_topic() -> None:
    budget, conditions = RESOURCES["Budget"], DOCUMENT["Conditions"]
    assert (budget["Condition"], PARAMETERS["MonthlyBudgetUsd"]["Default"]) == ("HasBudget", 0)
    assert conditions["HasBudget"] == {
        "And": [{"Not": [{"Equals": [{"Ref": "MonthlyBudgetUsd"}, "0"]}]}, {"Condition": "HasAlarmTopic"}]
    }
    notices = budget["Properties"]["NotificationsWithSubscribers"]
    assert {notice["Notification"]["NotificationType"] for notice in notices} == {"ACTUAL", "FORECASTED"}
    for notice in notices:
        assert notice["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopicArn"}}]


def test_traces_are_off_by_default() -> None:
    traced = DOCUMENT["Globals"]["Function"]
    assert PARAMETERS["Tracing"]["Default"] == "false"
    assert traced["Tracing"] == {"If": ["HasTracing", "Active", "PassThrough"]}
    disabled = traced["Environment"]["Variables"]["POWERTOOLS_TRACE_DISABLED"]
    assert disabled == {"If": ["HasTracing", "false", "true"]}


def test_daily_quota_is_optional() -> None:
    condition, quota, otherwise = RESOURCES["TokenUsagePlan"]["Properties"]["Quota"]["If"]
    assert (condition, otherwise) == ("HasQuota", {"Ref": "AWS::NoValue"})
    assert quota == {"Limit": {"Ref": "TokenDailyQuota"}, "Period": "DAY"}
    assert DOCUMENT["Conditions"]["HasQuota"] == {"Not": [{"Equals": [{"Ref": "TokenDailyQuota"}, "0"]}]}
