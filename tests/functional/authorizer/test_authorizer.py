import base64
import json
import logging
from fnmatch import fnmatchcase
from typing import Any

import pytest

from authorizer import app
from tests.support.lambda_context import lambda_context
from tests.support.old_tokens import forget_scopes_version
from vitals.config import AuthorizerSettings
from vitals.errors import InvalidRequestError
from vitals.model.records.tokens import EVERY_SITE, UsageKey
from vitals.store.state.tokens import TokenTable

ARN = "arn:aws:execute-api:us-east-1:1:api/v1/GET/sites"
CONTEXT = lambda_context("authorizer")


@pytest.fixture
def table(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings = AuthorizerSettings(state_table="StateTable", shared_usage_key="shared-key")
    monkeypatch.setattr(app, "_state", lambda: (TokenTable(dynamodb, "StateTable"), settings))
    return dynamodb


def authorize(header: str) -> dict[str, Any]:
    return app.handler({"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}, CONTEXT)


def test_a_token_brings_grants_and_the_whole_stage(table: Any) -> None:
    token = TokenTable(table, "StateTable").create("charts", ["read", "backfill"], ["b", "a"], now_ms=0)
    answer = authorize(f"Bearer {token}")
    assert answer["principalId"] == "charts"
    assert answer["context"] == {
        "scopes": "backfill read",
        "sites": "a b",
        "token_id": TokenTable(table, "StateTable").all()[0].id,
    }
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws:execute-api:us-east-1:1:api/v1/*"


def test_basic_may_call_haystack_alone(table: Any) -> None:
    token = TokenTable(table, "StateTable").create("plugin", ["read"], ["*"], now_ms=0)
    answer = authorize("Basic " + base64.b64encode(f"su:{token}".encode()).decode())
    [statement] = answer["policyDocument"]["Statement"]
    stage = "arn:aws:execute-api:us-east-1:1:api/v1"

    def may(call: str) -> bool:
        return any(fnmatchcase(f"{stage}/{call}", pattern) for pattern in statement["Resource"])

    assert may("GET/haystack/about")
    assert may("POST/haystack/hisRead")
    for other in ("GET/sites", "PATCH/sites/haystack/points", "GET/sites/haystack/flags", "PUT/haystack/x"):
        assert not may(other)


@pytest.mark.parametrize(
    ("scopes", "granted"), [(["read"], "export read"), (["backfill"], "backfill"), (["admin"], "admin")]
)
def test_reading_tokens_of_version_one_export(table: Any, scopes: list[str], granted: str) -> None:
    secret = TokenTable(table, "StateTable").create("old", scopes, ["*"], now_ms=0)
    assert authorize(f"Bearer {secret}")["context"]["scopes"] == " ".join(scopes)
    forget_scopes_version(table)
    assert authorize(f"Bearer {secret}")["context"]["scopes"] == granted


def test_a_token_is_counted_by_its_key(
    table: Any, logged: list[logging.LogRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    own = TokenTable(table, "StateTable").create(
        "new", ["read"], ["*"], now_ms=0, usage=UsageKey("id", "own-key")
    )
    old = TokenTable(table, "StateTable").create("old", ["read"], ["*"], now_ms=0)
    answers = [authorize(f"Bearer {token}") for token in (own, old)]
    assert [answer["usageIdentifierKey"] for answer in answers] == ["own-key", "shared-key"]
    # The context is what API Gateway hands on to functions and logs.
    assert not any("key" in value for answer in answers for value in answer["context"].values())
    app.logger.info("proof that this is where logs go")
    assert logged
    written = "".join(capsys.readouterr()) + "".join(str(vars(record)) for record in logged)
    assert not any(word in written for word in ("own-key", "shared-key", own, old))


def test_the_functions_are_told_when_the_token_ends(table: Any) -> None:
    ends_ms = 4_000_000_000_000
    token = TokenTable(table, "StateTable").create("charts", ["read"], ["*"], now_ms=0, expires_ms=ends_ms)
    assert authorize(f"Bearer {token}")["context"]["expires_ms"] == str(ends_ms)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer nobody", "Basic abc", "bearer x"])
def test_anything_else_is_unauthorized(table: Any, header: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(header)


def test_an_expired_token_passes_without_a_grant(table: Any) -> None:
    own = UsageKey("id", "own-key")
    token = TokenTable(table, "StateTable").create(
        "old", ["read"], [EVERY_SITE], now_ms=0, expires_ms=1_000_000, usage=own
    )
    answer = authorize(f"Bearer {token}")
    assert (answer["principalId"], answer["context"]) == ("old", {"expires_ms": "1000000"})
    assert answer["usageIdentifierKey"] == "shared-key"


def test_a_revoked_or_rotated_token_is_unknown(table: Any) -> None:
    revoked, rotated = (
        TokenTable(table, "StateTable").create(name, ["read"], [EVERY_SITE], now_ms=0)
        for name in ("revoked", "rotated")
    )
    by_name = {token.name: token for token in TokenTable(table, "StateTable").all()}
    TokenTable(table, "StateTable").remove_grant(by_name["revoked"])
    TokenTable(table, "StateTable").replace(by_name["rotated"], now_ms=1, old_until_ms=0)
    for token in (revoked, rotated):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(f"Bearer {token}")


def test_the_table_never_holds_the_token(table: Any) -> None:
    token = TokenTable(table, "StateTable").create("charts", ["read"], [EVERY_SITE], now_ms=0)
    assert token.removeprefix("vitals_") not in json.dumps(
        table.scan(TableName="StateTable")["Items"], default=str
    )


@pytest.mark.parametrize(
    ("scopes", "sites"), [(["write"], ["*"]), ([], ["*"]), (["read"], []), (["read"], ["../x"])]
)
def test_grants_that_mean_nothing_are_refused(table: Any, scopes: list[str], sites: list[str]) -> None:
    with pytest.raises(InvalidRequestError):
        TokenTable(table, "StateTable").create("x", scopes, sites, now_ms=0)
