"""`vitals token`, and the table entries and API keys that it changes, on moto."""

import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Any

import boto3
import pytest

from operations import tokens as command
from operations.errors import OperatorError
from operations.token_lifecycle import Tokens
from operations.usage_plan import UsagePlan
from tests.support.clock import Clock
from tests.support.gateway import flushed
from tests.support.old_tokens import forget_scopes_version
from vitals.errors import InvalidRequestError, NotFoundError
from vitals.model.records.tokens import UsageKey
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store import keys
from vitals.store.state.tokens import TokenTable

__all__ = ["flushed"]

TABLE = "StateTable"


@pytest.fixture
def gateway(flushed: list[dict[str, Any]]) -> Any:
    return boto3.client("apigateway")


@pytest.fixture
def plan_id(gateway: Any) -> str:
    api = gateway.create_rest_api(name="vitals")["id"]
    plan = gateway.create_usage_plan(name="tokens", apiStages=[{"apiId": api, "stage": "v1"}])
    return str(plan["id"])


@pytest.fixture
def tokens(dynamodb: Any, gateway: Any, plan_id: str, clock: Clock) -> Tokens:
    return Tokens(dynamodb, TABLE, UsagePlan(gateway, plan_id), clock)


@pytest.fixture
def run(dynamodb: Any, plan_id: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr(command, "epoch_ms", clock)

    def run(*arguments: str, plan: bool = True) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        stack = ["--table", TABLE, *(["--usage-plan", plan_id] if plan else [])]
        with redirect_stdout(out), redirect_stderr(err):
            code = command.main([*arguments, *stack])
        return code, out.getvalue(), err.getvalue()

    return run


def test_scripts_get_json(run: Callable[..., Any]) -> None:
    def answer(*arguments: str) -> Any:
        code, out, _ = run(*arguments, "--json")
        assert code == 0
        return json.loads(out)

    secret = answer("create", "--name", "charts", "--site", "mill", "--days", "90")["token"]
    [token] = answer("list")["tokens"]
    assert token == {
        "id": keys.token_hash(secret)[-8:],
        "name": "charts",
        "scopes": ["read"],
        "sites": ["mill"],
        "created_at": "2026-01-01T12:01:01Z",
        "expires_at": "2026-04-01T12:01:01Z",
        "expired": False,
        "own_rate": True,
    }
    rotated = answer("rotate", "charts")["token"]
    assert rotated != secret
    assert answer("revoke", "charts") == {
        "revoked": [{"id": keys.token_hash(rotated)[-8:], "name": "charts"}]
    }
    assert answer("list") == {"tokens": []}


def keys_in_plan(gateway: Any, plan_id: str) -> dict[str, str]:
    plan = {key["id"] for key in gateway.get_usage_plan_keys(usagePlanId=plan_id)["items"]}
    api_keys = gateway.get_api_keys(includeValues=True)["items"]
    return {key["id"]: key["value"] for key in api_keys if key["id"] in plan}


def test_a_listing_has_no_secrets(run: Callable[..., Any], clock: Clock) -> None:
    code, out, err = run("create", "--name", "charts", "--site", "mill", "--days", "90")
    assert (code, err) == (0, "")
    [secret] = out.split()
    code, listed, _ = run("list")
    assert code == 0
    assert secret not in listed
    assert keys.token_hash(secret) not in listed
    header, row = listed.splitlines()
    assert header.split() == ["id", "name", "scopes", "sites", "created", "expires", "rate"]
    tail = keys.token_hash(secret)[-8:]
    assert row.split() == [tail, "charts", "read", "mill", "2026-01-01T12:01", "2026-04-01T12:01", "own"]


def test_each_token_has_its_own_key(
    tokens: Tokens, dynamodb: Any, gateway: Any, plan_id: str, clock: Clock
) -> None:
    secrets = [tokens.create(name, ["read"], ["*"], None) for name in ("one", "two")]
    grants = [TokenTable(dynamodb, TABLE).find_grant(secret, clock()) for secret in secrets]
    values = [grant.usage_key for grant in grants if grant]
    assert len(set(values)) == 2
    assert set(keys_in_plan(gateway, plan_id).values()) == set(values)


def test_without_a_plan_the_rate_is_shared(run: Callable[..., Any]) -> None:
    code, out, err = run("create", "--name", "plain", plan=False)
    assert (code, len(out.split())) == (0, 1)
    assert "shares one rate" in err
    assert run("list")[1].splitlines()[1].endswith("shared")


def test_revoking_removes_key_entry_and_cached_grant(
    tokens: Tokens, dynamodb: Any, gateway: Any, plan_id: str, flushed: list[Any], clock: Clock
) -> None:
    secret = tokens.create("charts", ["read"], ["*"], None)
    token = tokens.find("charts")
    assert flushed == []
    tokens.revoke(token)
    assert TokenTable(dynamodb, TABLE).find_grant(secret, clock()) is None
    assert gateway.get_api_keys()["items"] == []
    assert tokens.all() == []
    assert len(flushed) == 1
    tokens.revoke(token)  # It can be repeated after a failure.


def test_a_token_is_found_by_id_or_name(tokens: Tokens) -> None:
    tokens.create("charts", ["read"], ["*"], None)
    only = tokens.create("notebook", ["read"], ["*"], None)
    second = tokens.create("charts", ["read"], ["*"], None)
    assert tokens.find("notebook").sha256 == keys.token_hash(only)
    assert tokens.find(keys.token_hash(second)[-8:].upper()).sha256 == keys.token_hash(second)
    with pytest.raises(OperatorError, match="more than one") as caught:
        tokens.find("charts")
    assert keys.token_hash(second)[-8:] in str(caught.value)
    for nobody in ("", "nobody", keys.token_hash(second)[-2:]):
        with pytest.raises(OperatorError, match="there is no token"):
            tokens.find(nobody)


def test_an_ambiguous_name_revokes_nothing(run: Callable[..., Any], tokens: Tokens) -> None:
    for _ in range(2):
        tokens.create("charts", ["read"], ["*"], None)
    code, out, err = run("revoke", "charts")
    assert (code, out) == (1, "")
    assert err.startswith("error: 'charts' matches more than one token")
    assert len(tokens.all()) == 2


def test_rotation_keeps_grants_rate_and_lifetime(
    tokens: Tokens, dynamodb: Any, gateway: Any, plan_id: str, flushed: list[Any], clock: Clock
) -> None:
    old = tokens.create("charts", ["read", "backfill"], ["mill", "shop"], 30 * DAY_MS)
    before = TokenTable(dynamodb, TABLE).find_grant(old, clock())
    clock.forward(60 * 24 * 10)
    new = tokens.rotate(tokens.find("charts"), 0, None)
    assert TokenTable(dynamodb, TABLE).find_grant(old, clock()) is None
    after = TokenTable(dynamodb, TABLE).find_grant(new, clock())
    assert before and after
    assert (after.name, after.scopes, after.sites) == (before.name, before.scopes, before.sites)
    assert after.usage_key == before.usage_key
    assert len(keys_in_plan(gateway, plan_id)) == 1
    assert after.expires_ms == clock() // 1000 * 1000 + 30 * DAY_MS
    assert [token.sha256 for token in tokens.all()] == [keys.token_hash(new)]
    assert len(flushed) == 1


@pytest.mark.parametrize("grace_ms", [0, HOUR_MS])
def test_rotation_of_an_old_token_keeps_exporting(
    tokens: Tokens, dynamodb: Any, clock: Clock, grace_ms: int
) -> None:
    old = tokens.create("charts", ["read"], ["*"], None)
    forget_scopes_version(dynamodb)
    [listed] = tokens.all()
    assert listed.scopes == ("export", "read")
    new = tokens.rotate(listed, grace_ms, None)
    for secret in (new, old) if grace_ms else (new,):
        grant = TokenTable(dynamodb, TABLE).find_grant(secret, clock())
        assert grant and grant.scopes == {"export", "read"}


def test_a_new_reading_token_does_not_export(run: Callable[..., Any], dynamodb: Any, clock: Clock) -> None:
    secrets = [run("create", "--name", "charts")[1].strip() for _ in range(2)]
    secrets.append(run("rotate", keys.token_hash(secrets.pop())[-8:])[1].strip())
    grants = [TokenTable(dynamodb, TABLE).find_grant(secret, clock()) for secret in secrets]
    assert [grant and grant.allows("export") for grant in grants] == [False, False]
    exporting = run("create", "--name", "notebook", "--scope", "export")[1].strip()
    grant = TokenTable(dynamodb, TABLE).find_grant(exporting, clock())
    assert grant and grant.allows("export") and not grant.allows("read")


def test_both_secrets_work_in_the_grace_period(
    tokens: Tokens, dynamodb: Any, gateway: Any, plan_id: str, clock: Clock
) -> None:
    old = tokens.create("charts", ["read"], ["*"], None)
    new = tokens.rotate(tokens.find("charts"), 2 * HOUR_MS, None)
    clock.forward(119)
    assert TokenTable(dynamodb, TABLE).find_grant(old, clock())
    clock.forward(1)
    ended = TokenTable(dynamodb, TABLE).find_grant(old, clock())
    assert ended and not ended.allows("read") and ended.expires_ms == clock() // 1000 * 1000
    grant = TokenTable(dynamodb, TABLE).find_grant(new, clock())
    assert grant and grant.expires_ms is None
    [gone] = tokens.revoke_expired()
    assert gone.sha256 == keys.token_hash(old)
    assert list(keys_in_plan(gateway, plan_id).values()) == [grant.usage_key]
    tokens.revoke(tokens.find("charts"))
    assert keys_in_plan(gateway, plan_id) == {}


def test_an_expired_token_is_known_for_a_month(tokens: Tokens, dynamodb: Any, clock: Clock) -> None:
    secret = tokens.create("charts", ["read"], ["*"], HOUR_MS)
    item = dynamodb.get_item(TableName=TABLE, Key=keys.token(keys.token_hash(secret)))["Item"]
    ends_ms = clock() + HOUR_MS
    assert int(item["expires_at"]["N"]) * 1000 == (ends_ms + 30 * DAY_MS) // 1000 * 1000
    clock.forward(61)
    ended = TokenTable(dynamodb, TABLE).find_grant(secret, clock())
    assert ended and (ended.expires_ms, ended.scopes, ended.usage_key) == (ends_ms, frozenset(), "")
    # An older version stored no expires_ms.
    item["expires_at"] = {"N": str(ends_ms // 1000)}
    dynamodb.put_item(TableName=TABLE, Item={name: item[name] for name in item if name != "expires_ms"})
    assert TokenTable(dynamodb, TABLE).find_grant(secret, clock()) == replace(
        ended, expires_ms=ends_ms // 1000 * 1000
    )


def test_a_grace_period_never_extends_a_lifetime(tokens: Tokens, dynamodb: Any, clock: Clock) -> None:
    old = tokens.create("charts", ["read"], ["*"], HOUR_MS)
    tokens.rotate(tokens.find("charts"), 48 * HOUR_MS, None)
    clock.forward(61)
    ended = TokenTable(dynamodb, TABLE).find_grant(old, clock())
    assert ended and not ended.allows("read")


def test_a_revoked_token_is_not_rotated(tokens: Tokens, gateway: Any, plan_id: str) -> None:
    for grace_ms in (0, HOUR_MS):
        tokens.create("charts", ["read"], ["*"], None)
        stale = tokens.find("charts")
        tokens.revoke(stale)
        with pytest.raises(NotFoundError):
            tokens.rotate(stale, grace_ms, None)
        assert tokens.all() == []


def test_an_expired_token_is_not_rotated(tokens: Tokens, clock: Clock) -> None:
    tokens.create("charts", ["read"], ["*"], HOUR_MS)
    clock.forward(60)
    with pytest.raises(OperatorError, match="has expired"):
        tokens.rotate(tokens.find("charts"), 0, None)


def test_rotation_gives_an_old_token_a_key(
    tokens: Tokens, dynamodb: Any, gateway: Any, plan_id: str, clock: Clock
) -> None:
    TokenTable(dynamodb, TABLE).create("old", ["read"], ["*"], now_ms=0)
    new = tokens.rotate(tokens.find("old"), 0, None)
    grant = TokenTable(dynamodb, TABLE).find_grant(new, clock())
    assert grant and [grant.usage_key] == list(keys_in_plan(gateway, plan_id).values())


def test_a_scan_finds_tokens_without_an_index(
    run: Callable[..., Any], tokens: Tokens, dynamodb: Any, clock: Clock
) -> None:
    secret = TokenTable(dynamodb, TABLE).create(
        "ancient", ["read"], ["*"], now_ms=0, expires_ms=clock() + DAY_MS
    )
    dynamodb.delete_item(TableName=TABLE, Key=keys.token_entry(keys.token_hash(secret)))
    assert TokenTable(dynamodb, TABLE).find_grant(secret, clock())
    assert "ancient" not in run("list")[1]
    assert "ancient" in run("list", "--scan")[1]
    assert run("list", "--scan")[1] == run("list")[1]
    assert run("revoke", "ancient")[0] == 0
    assert TokenTable(dynamodb, TABLE).find_grant(secret, clock()) is None


def test_expired_tokens_are_marked_and_removed(
    run: Callable[..., Any], tokens: Tokens, dynamodb: Any, gateway: Any, clock: Clock
) -> None:
    gone = tokens.create("gone", ["read"], ["*"], HOUR_MS)
    tokens.create("alive", ["read"], ["*"], None)
    clock.forward(61)
    # DynamoDB's own expiry takes the grant and leaves the entry.
    dynamodb.delete_item(TableName=TABLE, Key=keys.token(keys.token_hash(gone)))
    assert [line.endswith("(expired)  own") for line in run("list")[1].splitlines()[1:]] == [False, True]
    code, out, err = run("revoke", "--expired")
    assert (code, out) == (0, "")
    assert err.startswith("revoked ") and err.endswith(" gone\n")
    assert [token.name for token in TokenTable(dynamodb, TABLE).all()] == ["alive"]
    assert len(gateway.get_api_keys()["items"]) == 1


def test_a_failed_create_leaves_no_key(tokens: Tokens, gateway: Any) -> None:
    with pytest.raises(InvalidRequestError):
        tokens.create("charts", ["write"], ["*"], None)
    assert gateway.get_api_keys()["items"] == []
    with pytest.raises(Exception, match="NotFound"):
        Tokens(tokens.dynamodb, "NoSuchTable", tokens.plan, tokens.now).create("x", ["read"], ["*"], None)
    assert gateway.get_api_keys()["items"] == []


def test_a_token_with_a_key_needs_the_plan(run: Callable[..., Any], tokens: Tokens) -> None:
    tokens.create("charts", ["read"], ["*"], None)
    code, _, err = run("revoke", "charts", plan=False)
    assert code == 1
    assert "--usage-plan" in err
    assert len(tokens.all()) == 1


@pytest.mark.parametrize("name", ["", "a" * 65, 'x","admin":"', "two\nlines", "Ünï", " x"])
def test_an_invalid_name_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="name"):
        tokens.create(name, ["read"], ["*"], None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--name", "x", "--days", "0"],
        ["create", "--name", "x", "--days", "soon"],
        ["rotate", "x", "--grace-hours", "-1"],
        ["rotate", "x", "--grace-hours", "nan"],
        ["destroy"],
        [],
    ],
)
def test_invalid_arguments_are_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught, redirect_stderr(io.StringIO()):
        command.main(arguments)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [["--stack", "s", "--table", "t"], ["--usage-plan", "p"], ["--stack", "s", "--usage-plan", "p"]],
)
def test_contradicting_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list", *arguments]) == 1
    assert capsys.readouterr().err.startswith("error: give --stack")


def test_the_outputs_of_a_stack_name_its_tokens(
    dynamodb: Any, plan_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"StateTable": {"Value": TABLE}, "UsagePlan": {"Value": plan_id}},
    }
    boto3.client("cloudformation").create_stack(StackName="vitals", TemplateBody=json.dumps(template))
    assert command.main(["create", "--name", "charts", "--stack", "vitals"]) == 0
    assert re.fullmatch(r"vitals_[\w-]{43}\n", capsys.readouterr().out)
    assert [token.usage is not None for token in TokenTable(dynamodb, TABLE).all()] == [True]


def test_no_representation_shows_a_key(dynamodb: Any) -> None:
    secret = TokenTable(dynamodb, TABLE).create(
        "charts", ["read"], ["*"], now_ms=0, usage=UsageKey("id", "value-of-the-key")
    )
    shown = repr(TokenTable(dynamodb, TABLE).all()) + repr(TokenTable(dynamodb, TABLE).find_grant(secret, 1))
    assert "value-of-the-key" not in shown
