"""Flags in the client and in `vitals flag`, against the API's own handlers."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.command import command, out
from tests.support.sites import SITE
from vitals_client import Client, ForbiddenError, NotFoundError

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]
START, END = "2026-01-01T11:10:00Z", "2026-01-01T11:40:00Z"


@pytest.fixture
def admin(server: ApiServer, make_token: Callable[..., str]) -> Iterator[Client]:
    with Client(server.url, make_token("admin")) as admin:
        yield admin


@pytest.fixture
def names(client: Client) -> list[str]:
    return [point["point_name"] for point in client.points(SITE)][:3]


def test_flags_are_added_listed_and_removed(client: Client, admin: Client, names: list[str]) -> None:
    flags = [admin.add_flag(SITE, [name], START, END, f"bad {name}") for name in names]
    assert list(client.flags(SITE)) == sorted(flags, key=lambda flag: flag["flag_id"])
    assert list(client.flags(SITE, names[:1])) == flags[:1]
    for flag in flags:
        removed = admin.remove_flag(SITE, flag["flag_id"])
        assert removed == {"flag_id": flag["flag_id"], "status": "removed"}
    assert list(client.flags(SITE)) == []


def test_flagged_samples_are_left_out(client: Client, admin: Client, names: list[str]) -> None:
    day = ("2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z")
    before = client.query(SITE, names[:1], *day, resolution="raw")
    admin.add_flag(SITE, names[:1], START, END, "fell off")
    assert client.query(SITE, names[:1], *day, resolution="raw").equals(before)
    remaining = client.query(SITE, names[:1], *day, resolution="raw", exclude="bad")
    assert 0 < len(remaining) < len(before)
    [summary] = client.summary(SITE, names[:1], *day, exclude="bad")
    assert summary["count"] == len(remaining)


def test_refused_flags_raise_errors(client: Client, admin: Client, names: list[str]) -> None:
    with pytest.raises(ForbiddenError, match="the token lacks the scope 'admin'"):
        client.add_flag(SITE, names, START, END, "bad")
    with pytest.raises(NotFoundError, match="the site has no flag 'x'"):
        admin.remove_flag(SITE, "x")


def test_the_command_adds_lists_and_removes(
    server: ApiServer, make_token: Callable[..., str], names: list[str]
) -> None:
    vitals = command(server.url, make_token("admin"))
    span = ("--start", START, "--end", END, "--reason", "fell off")
    added = json.loads(out(vitals("flag", "add", SITE, *names, *span, "--json")))
    assert out(vitals("flag", "add", SITE, names[0], *span)).startswith("flagged as ")
    assert len(json.loads(out(vitals("flag", "list", SITE, "--json")))["flags"]) == 2
    head, row = out(vitals("flag", "list", SITE, names[1])).splitlines()
    assert head.split() == ["id", "start", "end", "reason", "flagged", "by", "points"]
    assert row.split()[:3] == [added["flag_id"], START, END]
    assert row.endswith(", ".join(names))
    options = ("--start", START, "--end", END, "--resolution", "raw", "--exclude", "bad", "--json")
    [series] = json.loads(out(vitals("query", SITE, names[0], *options)))["series"]
    assert series["values"] == []
    assert out(vitals("flag", "remove", SITE, added["flag_id"])) == f"flag {added['flag_id']} is removed\n"
    assert json.loads(out(vitals("flag", "list", SITE, names[1], "--json")))["flags"] == []
