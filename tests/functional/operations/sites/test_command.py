"""`vitals site`, and the records that it changes, on moto."""

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.ace_simulator.simulator import Simulator
from operations import stacks
from operations.sites import changes, command, key_secrets
from operations.stacks import Stack
from tests.support.kill import Killed, Killer, at_steps
from tests.support.sites import SITE
from vitals.model.records.sites import ENABLED, PAUSED, REMOVED, SiteRecord
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.state.changes import ChangeTable
from vitals.store.state.sites import SiteTable

NOON = 1_767_268_800_000
type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def table(dynamodb: Any) -> SiteTable:
    return SiteTable(dynamodb, "StateTable")


@pytest.fixture
def ace() -> dict[str, str]:
    """The URL of ACE in the settings of the stack."""
    return {"url": "http://127.0.0.1:1/api"}


@pytest.fixture
def run(dynamodb: Any, ace: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on a stack whose initial list is mill and bank."""

    class Functions:
        def get_function_configuration(self, **_: Any) -> Any:
            variables = {"SITES": "mill,bank", "ACE_SECRET_NAME": "s/ace-api-key", "ACE_API_URL": ace["url"]}
            return {"Environment": {"Variables": variables}}

    secrets = boto3.client("secretsmanager")
    sts = boto3.client("sts")
    clients = {"dynamodb": dynamodb, "lambda": Functions(), "secretsmanager": secrets, "sts": sts}
    stack = Stack({"StateTable": "StateTable", "EtlFunction": "etl"}, clients.__getitem__)
    monkeypatch.setattr(stacks, "local", lambda: stack)

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command.main(arguments)
        return code, out.getvalue(), err.getvalue()

    return run


def synced(table: SiteTable, site: str) -> SiteRecord | None:
    """Syncs the site for an hour, and returns its record."""
    table.record_catalog(site, site.title(), 3, NOON)
    table.advance(site, None, Span(NOON - HOUR_MS, NOON), {"null": 1})
    table.record_reread(site, NOON, full=True)
    return table.load(site)


def statuses(run: Run, *options: str) -> dict[str, Any]:
    _, out, _ = run("list", "--json", *options)
    return {site["site"]: site["status"] for site in json.loads(out)["sites"]}


def test_a_site_is_added_paused_and_removed(run: Run, table: SiteTable) -> None:
    assert statuses(run) == {"mill": "enabled", "bank": "enabled"}
    code, out, err = run("add", "school")
    assert (code, out) == (0, "")
    assert err == (
        "school is enabled: the next sync starts within five minutes and reads the site's first hours\n"
    )
    assert statuses(run)["school"] == "enabled"
    synced(table, "school")
    assert run("pause", "school")[2].startswith("school is paused: no sync starts from now on")
    assert run("remove", "school")[2].startswith("school is removed: no sync starts from now on")
    assert statuses(run)["school"] == "removed"
    assert "continues at 2026-01-01T12:00, an hour per step" in run("add", "school")[2]


@pytest.mark.parametrize(("name", "status"), [("add", ENABLED), ("pause", PAUSED), ("remove", REMOVED)])
def test_a_command_changes_nothing_but_the_status(run: Run, table: SiteTable, name: str, status: Any) -> None:
    before = synced(table, "mill")
    assert before
    for _ in range(2):
        assert run(name, "mill")[0] == 0
        after = table.load("mill")
        assert after and after.status_ms is not None
        assert after == replace(before, status=status, status_ms=after.status_ms)
    assert "nothing has changed" in run(name, "mill")[2]


@pytest.mark.parametrize("name", ["pause", "remove"])
def test_a_listed_site_without_record_can_stop(run: Run, table: SiteTable, name: str) -> None:
    assert run(name, "bank")[0] == 0
    assert statuses(run)["bank"] == f"{name}d"


@pytest.mark.parametrize("name", ["pause", "remove"])
def test_an_unknown_site_cannot_stop(run: Run, table: SiteTable, name: str) -> None:
    assert run(name, "mil") == (
        1,
        "",
        "error: there is no site 'mil'; `vitals site list` lists them\n",
    )
    assert table.list() == []


def test_an_unsynced_site_off_the_list_is_unknown(run: Run, table: SiteTable) -> None:
    """Its record only has the time of the schedule's first message."""
    table.record_first_message("school")
    for name in ("pause", "remove"):
        assert run(name, "school")[2].startswith("error: there is no site 'school'")
    assert "school" not in statuses(run)
    assert run("add", "school", "--key", "north")[0] == 0
    assert statuses(run)["school"] == "enabled"
    assert key_groups(run)["school"] == "north"


@pytest.mark.parametrize("name", ["../x", "", "a b", "x" * 65])
def test_a_malformed_name_is_not_added(run: Run, table: SiteTable, name: str) -> None:
    code, _, err = run("add", name)
    assert code == 1
    assert "a site name must have 1 to 64 letters" in err
    assert table.list() == []


def test_a_table_alone_has_no_initial_list(run: Run, table: SiteTable) -> None:
    synced(table, "mill")
    assert statuses(run, "--table", "StateTable") == {"mill": None}
    assert "by the parameter Sites" in run("list", "--table", "StateTable")[1]
    assert run("pause", "mill", "--table", "StateTable")[0] == 0
    assert statuses(run, "--table", "StateTable") == {"mill": "paused"}
    assert run("list", "--table", "StateTable", "--stack", "s")[0] == 1


def test_scripts_get_json(run: Run, table: SiteTable) -> None:
    assert json.loads(run("add", "school", "--json")[1]) == {
        "site": "school",
        "status": "enabled",
        "before": None,
        "key": "default",
    }


def test_a_listing_is_a_table(run: Run, table: SiteTable) -> None:
    synced(table, "mill")
    table.set_settings("mill", {"timezone": "America/Chicago"}, "test")
    head, row, _ = run("list")[1].splitlines()
    assert head.split() == [
        "site",
        "status",
        "key",
        "timezone",
        "units",
        "points",
        "synced",
        "from",
        "synced",
        "until",
    ]
    facts = ["mill", "enabled", "default", "America/Chicago", "source", "3"]
    assert row.split() == [*facts, "2026-01-01T11:00", "2026-01-01T12:00"]
    site = json.loads(run("list", "--json")[1])["sites"][0]
    assert (site["timezone"], site["units"]) == ("America/Chicago", "source")


def key_groups(run: Run) -> dict[str, str]:
    return {site["site"]: site["key"] for site in json.loads(run("list", "--json")[1])["sites"]}


def test_a_site_has_the_key_of_its_group(run: Run, table: SiteTable) -> None:
    code, out, err = run("add", "school", "--key", "north", "--json")
    assert (code, json.loads(out)["key"]) == (0, "north")
    assert "school is enabled: the next sync starts" in err
    assert "school is in the key group north: its next sync uses that key" in err
    assert key_groups(run) == {"mill": "default", "bank": "default", "school": "north"}
    assert "nothing has changed" in run("add", "school", "--key", "north")[2]


def test_without_the_option_the_group_stays(run: Run, table: SiteTable) -> None:
    run("add", "mill", "--key", "north")
    before = synced(table, "mill")
    for name in ("add", "pause", "remove", "add"):
        assert run(name, "mill")[0] == 0
    after = table.load("mill")
    assert after and replace(after, status_ms=before.status_ms) == before
    boto3.client("secretsmanager").create_secret(Name="s/ace-api-key", SecretString="KEY")
    assert run("add", "mill", "--key", "default")[2] == (
        "mill is in the key group default: its next sync uses that key\n"
    )
    assert key_groups(run)["mill"] == "default"


@pytest.mark.parametrize("name", ["pause", "remove"])
def test_a_key_group_leaves_the_status(run: Run, table: SiteTable, name: str) -> None:
    synced(table, "mill")
    run(name, "mill")
    before = table.load("mill")
    code, out, err = run("add", "mill", "--key", "north", "--json")
    assert before and table.load("mill") == replace(before, key_group="north")
    assert (code, json.loads(out)["status"]) == (0, before.status)
    assert f"mill is {before.status}, as before; `vitals site add mill` without --key resumes it" in err
    assert "next sync starts" not in err
    run("add", "mill")
    assert statuses(run)["mill"] == "enabled"
    assert key_groups(run)["mill"] == "north"


def test_an_unknown_status_stays_unknown(run: Run, table: SiteTable) -> None:
    before = synced(table, "mill")
    options = ("add", "mill", "--key", "north", "--table", "StateTable")
    assert run(*options)[0] == 0
    assert before and table.load("mill") == replace(before, key_group="north")
    assert run(*options)[2] == "mill is in the key group north already; nothing has changed\n"


def test_a_key_group_without_secret_is_named(run: Run, table: SiteTable) -> None:
    command = "aws secretsmanager create-secret --name s/ace-api-key-north --secret-string file:///dev/stdin"
    create = f"create it: {command}"
    warning = f"warning: there is no secret s/ace-api-key-north, so syncs fail; {create}\n"
    assert run("add", "school", "--key", "north")[2].endswith(warning)
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="s/ace-api-key-north", SecretString="KEY")
    assert "warning" not in run("add", "school", "--key", "north")[2]
    secrets.delete_secret(SecretId="s/ace-api-key-north")
    assert "restore-secret --secret-id s/ace-api-key-north" in run("add", "school", "--key", "north")[2]


def test_a_secret_may_be_out_of_sight() -> None:
    class Denied:
        def describe_secret(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "DescribeSecret")

    problem = key_secrets.KeySecrets(Denied(), "s/ace-api-key").problem("north")
    assert problem == "the secret s/ace-api-key-north could not be checked (AccessDeniedException)"


@pytest.mark.parametrize("group", ["", "North", "a/b", "x" * 33])
def test_a_malformed_key_group_is_refused(run: Run, table: SiteTable, group: str) -> None:
    code, _, err = run("add", "school", "--key", group)
    assert (code, "a key group must have 1 to 32" in err) == (1, True)
    assert table.list() == []


def recorded(dynamodb: Any) -> list[tuple[str, Any, Any]]:
    return [
        (change.who, change.change.before, change.change.after)
        for change in ChangeTable(dynamodb, "StateTable").newest("mill", 10)
    ]


def test_timezone_and_units_are_set(run: Run, table: SiteTable, dynamodb: Any) -> None:
    before = synced(table, "mill")
    code, out, err = run("set", "mill", "--timezone", "America/Chicago", "--units", "metric", "--json")
    expected = {"site": "mill", "timezone": "America/Chicago", "units": "metric", "holidays": []}
    assert (code, json.loads(out)) == (0, expected)
    assert err == "mill: timezone America/Chicago; before: UTC\nmill: units metric; before: source\n"
    assert before and table.load("mill") == replace(before, timezone="America/Chicago", units="metric")
    assert run("set", "mill", "--units", "metric") == (0, "", "mill: units metric already\n")
    who = boto3.client("sts").get_caller_identity()["Arn"].rpartition(":")[2]
    assert sorted(recorded(dynamodb)) == [(who, "UTC", "America/Chicago"), (who, "source", "metric")]


def test_holidays_are_set_and_removed(run: Run, table: SiteTable, dynamodb: Any) -> None:
    synced(table, "mill")
    code, out, err = run("set", "mill", "--holidays", "2027-01-01,2026-12-25", "--json")
    assert (code, json.loads(out)["holidays"]) == (0, ["2026-12-25", "2027-01-01"])
    assert err == "mill: holidays 2026-12-25,2027-01-01; before: none\n"
    assert json.loads(run("list", "--json")[1])["sites"][0]["holidays"] == ["2026-12-25", "2027-01-01"]
    assert run("set", "mill", "--holidays", "none")[2] == (
        "mill: holidays none; before: 2026-12-25,2027-01-01\n"
    )
    assert run("set", "mill", "--holidays", "none")[2] == "mill: holidays none already\n"
    assert sorted(after for _, _, after in recorded(dynamodb)) == [(), ("2026-12-25", "2027-01-01")]


def test_an_unknown_operator_is_the_operator(run: Run, table: SiteTable, dynamodb: Any) -> None:
    class Denied:
        def get_caller_identity(self) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetCallerIdentity")

    clients = {"dynamodb": dynamodb, "sts": Denied()}
    sites = changes.sites_of(Stack({"StateTable": "StateTable"}, clients.__getitem__))
    table.set_status("mill", ENABLED)
    sites.set_settings("mill", {"units": "metric"})
    assert recorded(dynamodb) == [("operator", "source", "metric")]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("mill", "--timezone", "Chicago"), "timezone must be an IANA name such as America/Chicago"),
        (("mill",), "give --timezone, --units or --holidays"),
        (("mill", "--holidays", "2026-12-25,"), "such as 2026-12-25; '' is not one"),
        (("bank", "--units", "metric"), "site 'bank' was not synced yet; run `vitals site add bank` first"),
        (("mil", "--units", "metric"), "there is no site 'mil'; `vitals site list` lists them"),
        (("../x", "--units", "metric"), "a site name must have 1 to 64 letters"),
    ],
)
def test_a_refused_setting_changes_nothing(
    run: Run, table: SiteTable, dynamodb: Any, arguments: Sequence[str], text: str
) -> None:
    before = synced(table, "mill")
    code, out, err = run("set", *arguments)
    assert (code, out, text in err) == (1, "", True)
    assert (table.list(), recorded(dynamodb)) == ([before], [])


def test_a_timezone_is_suggested_and_not_set(
    run: Run, table: SiteTable, ace: dict[str, str], simulator: Simulator
) -> None:
    ace["url"] = simulator.url
    before = synced(table, SITE)
    assert "the secret s/ace-api-key with the key of ACE cannot be read" in run("suggest", SITE)[2]
    key = f"{simulator.settings.api_key}\n"
    boto3.client("secretsmanager").create_secret(Name="s/ace-api-key", SecretString=key)
    code, out, err = run("suggest", SITE)
    assert (code, out) == (0, "America/Los_Angeles\n")
    assert f"vitals site set {SITE} --timezone America/Los_Angeles" in err
    assert json.loads(run("suggest", SITE, "--json")[1])["longitude"] == -123.43
    assert table.load(SITE) == before
    assert "ACE did not describe the site 'none' (status 404)" in run("suggest", "none")[2]
    assert "give --stack" in run("suggest", SITE, "--table", "StateTable")[2]


@at_steps(range(4))
def test_a_change_meets_a_sync_at_any_step(dynamodb: Any, table: SiteTable, moment: Any) -> None:
    """The sync's updates and the command's do not overwrite each other, also where the sync dies."""
    killer = Killer(moment)
    dying = SiteTable(killer.client(dynamodb), "StateTable")
    try:
        synced(dying, "mill")
        table.set_status("mill", PAUSED)
        dying.record_reread("mill", NOON + HOUR_MS)
    except Killed:
        table.set_status("mill", PAUSED)
    before = table.load("mill")
    table.set_status("mill", ENABLED)
    again = synced(table, "mill")
    assert before and again
    assert (before.status, again.status) == (PAUSED, ENABLED)
    assert (again.first_ms, again.checkpoint_ms) == (NOON - HOUR_MS, NOON)
