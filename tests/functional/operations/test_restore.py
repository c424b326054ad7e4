"""`vitals restore`: keys for tokens, points of day files for a catalog, and marks of days."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import boto3
import pytest

from operations import restore as command
from operations.token_lifecycle import Tokens
from operations.usage_plan import UsagePlan
from tests.support.clock import Clock
from tests.support.day_files import build
from tests.support.gateway import flushed
from tests.support.template import BUCKET
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.state.tokens import TokenTable

__all__ = ["flushed"]

TABLE = "StateTable"
DAY = 1_767_225_600_000
type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def plans(flushed: list[dict[str, Any]]) -> dict[str, str]:
    """The usage plans of the lost stack and of the new one."""
    gateway = boto3.client("apigateway")
    return {name: gateway.create_usage_plan(name=name)["id"] for name in ("lost", "new")}


@pytest.fixture
def tokens(dynamodb: Any, plans: dict[str, str], clock: Clock) -> Tokens:
    return Tokens(dynamodb, TABLE, UsagePlan(boto3.client("apigateway"), plans["lost"]), clock)


@pytest.fixture
def run(dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(command, "epoch_ms", clock)

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command.main([*arguments, "--table", TABLE])
        return code, out.getvalue(), err.getvalue()

    return run


def values_of(plan: str) -> dict[str, str]:
    """The values of the plan's keys, by their ids."""
    client = boto3.client("apigateway")
    ids = {key["id"] for key in client.get_usage_plan_keys(usagePlanId=plan)["items"]}
    keys = client.get_api_keys(includeValues=True)["items"]
    return {key["id"]: key["value"] for key in keys if key["id"] in ids}


def usage_key(dynamodb: Any, secret: str, clock: Clock) -> str:
    grant = TokenTable(dynamodb, TABLE).find_grant(secret, clock())
    assert grant is not None
    return grant.usage_key


def test_tokens_work_with_keys_of_the_new_plan(
    run: Run, tokens: Tokens, plans: dict[str, str], dynamodb: Any, clock: Clock
) -> None:
    secrets = [tokens.create(name, ["read"], ["*"], None) for name in ("charts", "notebook")]
    code, out, err = run("keys", "--usage-plan", plans["new"], "--json")
    assert code == 0
    assert {token["name"] for token in json.loads(out)["renewed"]} == {"charts", "notebook"}
    assert "charts has a new key in the usage plan" in err
    keys = values_of(plans["new"])
    assert {usage_key(dynamodb, secret, clock) for secret in secrets} == set(keys.values())
    assert {token.usage.id for token in tokens.all() if token.usage} == set(keys)
    # The lost stack deletes its own keys.
    assert len(values_of(plans["lost"])) == 2


def test_a_repeat_makes_no_keys(run: Run, tokens: Tokens, plans: dict[str, str]) -> None:
    tokens.create("charts", ["read"], ["*"], None)
    run("keys", "--usage-plan", plans["new"])
    keys = values_of(plans["new"])
    assert "nothing has changed" in run("keys", "--usage-plan", plans["new"])[2]
    assert values_of(plans["new"]) == keys


def test_a_rotated_token_shares_its_key(
    run: Run, tokens: Tokens, plans: dict[str, str], dynamodb: Any, clock: Clock
) -> None:
    old = tokens.create("charts", ["read"], ["*"], None)
    new = tokens.rotate(tokens.find("charts"), HOUR_MS, None)
    run("keys", "--usage-plan", plans["new"])
    [value] = values_of(plans["new"]).values()
    assert [usage_key(dynamodb, secret, clock) for secret in (old, new)] == [value, value]


def test_revoked_tokens_get_no_key(run: Run, tokens: Tokens, plans: dict[str, str], dynamodb: Any) -> None:
    tokens.create("charts", ["read"], ["*"], None)
    # A revocation that was interrupted leaves the entry of the index.
    TokenTable(dynamodb, TABLE).remove_grant(tokens.find("charts"))
    code, _, err = run("keys", "--usage-plan", plans["new"])
    assert (code, values_of(plans["new"])) == (0, {})
    assert "nothing has changed" in err


def test_expired_tokens_get_no_key(run: Run, tokens: Tokens, plans: dict[str, str], clock: Clock) -> None:
    tokens.create("charts", ["read"], ["*"], 1000)
    expired = Tokens(tokens.dynamodb, TABLE, UsagePlan(boto3.client("apigateway"), plans["new"]), clock)
    clock.forward(1)
    assert expired.renew_keys() == []
    assert values_of(plans["new"]) == {}


def test_keys_need_a_usage_plan(run: Run) -> None:
    code, _, err = run("keys")
    assert code == 1
    assert "--usage-plan" in err


@pytest.mark.parametrize(("options", "sites"), [((), ["bank", "mill"]), (("--site", "mill"), ["mill"])])
def test_days_of_sites_are_marked(
    run: Run, dynamodb: Any, options: tuple[str, ...], sites: list[str]
) -> None:
    # The clock of the operator is behind: it is 2026-01-01.
    ledger = Ledger(dynamodb, TABLE)
    for site in ("bank", "mill"):
        SiteTable(dynamodb, TABLE).set_status(site, "enabled")
        archived = SiteDay(site, DAY)
        ledger.update_archive(archived, status="done", etag="e", began_ms=DAY + 26 * HOUR_MS, changed_ms=DAY)
        ledger.mark_changed(site, [DAY + DAY_MS], DAY + DAY_MS)
    code, out, err = run("days", *options, "--json")
    assert code == 0
    assert json.loads(out)["sites"] == [
        {"site": site, "archived": 1, "lost": ["2026-01-02"]} for site in sites
    ]
    assert "mill: 1 archived days are read from their files, and are due" in err
    assert "vitals backfill start mill 2026-01-02 2026-01-02" in err
    settled = [site for site in ("bank", "mill") if ledger.archive_record(SiteDay(site, DAY)).settled]
    assert settled == [site for site in ("bank", "mill") if site not in sites]


@pytest.fixture
def files(dynamodb: Any) -> None:
    """The archives of two sites, each of one day and one point."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for site in ("bank", "mill"):
        SiteTable(dynamodb, TABLE).set_status(site, "enabled")
        body = build({f"{site}/fan": {DAY: 1.0}}, site=site)[0]
        s3.put_object(Bucket=BUCKET, Key=keys.day_file(SiteDay(site, DAY)), Body=body)


@pytest.mark.parametrize(("options", "sites"), [((), ["bank", "mill"]), (("--site", "mill"), ["mill"])])
def test_points_of_files_are_added(
    run: Run, files: None, dynamodb: Any, options: tuple[str, ...], sites: list[str]
) -> None:
    code, out, err = run("catalog", "--bucket", BUCKET, *options, "--json")
    assert code == 0
    assert json.loads(out)["sites"] == [
        {"site": site, "files": 1, "added": [f"{site}/fan"], "unreadable": []} for site in sites
    ]
    assert "mill: points that were missing from the catalog: 1; day files: 1" in err
    catalogs = CatalogTable(dynamodb, TABLE)
    assert [site for site in ("bank", "mill") if catalogs.load(site).points] == sites
    assert "mill: nothing has changed; day files: 1" in run("catalog", "--bucket", BUCKET)[2]


def test_files_that_cannot_be_read_are_named(run: Run, files: None, dynamodb: Any) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=keys.day_file(SiteDay("bank", DAY)), Body=b"no file")
    code, _, err = run("catalog", "--bucket", BUCKET)
    assert code == 1
    assert (
        "day files that cannot be read, and whose points may be missing: 1: the file of bank, 2026-01-01"
        in err
    )
    assert CatalogTable(dynamodb, TABLE).load("mill").points


def test_catalog_needs_a_bucket(run: Run) -> None:
    code, _, err = run("catalog", "--site", "mill")
    assert code == 1
    assert "ColdBucket" in err
