"""Saved views and holidays in the client, against the API's own handlers."""

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.command import command, out
from tests.support.sites import SITE
from vitals_client import Client, ForbiddenError, InvalidRequestError, NotFoundError

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]


@pytest.fixture
def admin(server: ApiServer, make_token: Callable[..., str]) -> Iterator[Client]:
    with Client(server.url, make_token("admin")) as admin:
        yield admin


def test_views_are_saved_listed_and_deleted(client: Client, admin: Client) -> None:
    names = ["Zone & plant", "100 % air?", "é"]
    saved = [admin.save_view(SITE, name, f"range={number}d") for number, name in enumerate(names)]
    assert client.views(SITE) == sorted(saved, key=lambda view: view["name"])
    for name in names:
        assert admin.delete_view(SITE, name) == {"name": name, "status": "removed"}
    assert client.views(SITE) == []


def test_refused_views_raise_errors(client: Client, admin: Client) -> None:
    with pytest.raises(ForbiddenError, match="the token lacks the scope 'admin'"):
        client.save_view(SITE, "a", "range=7d")
    with pytest.raises(InvalidRequestError, match="view must begin after the"):
        admin.save_view(SITE, "a", "?range=7d")
    with pytest.raises(NotFoundError, match="the site has no view 'a'"):
        admin.delete_view(SITE, "a")


def test_holidays_are_listed_with_their_changes(
    client: Client, server: ApiServer, token: str, make_token: Callable[..., str]
) -> None:
    headers = {"Authorization": f"Bearer {make_token('admin')}"}
    body = {"holidays": ["2026-12-25", "2026-11-26"]}
    assert requests.patch(f"{server.url}/sites/{SITE}", json=body, headers=headers).status_code == 200
    [site] = client.sites()
    assert site["holidays"] == ["2026-11-26", "2026-12-25"]
    _, row = out(command(server.url, token)("changes", SITE)).splitlines()
    assert row.split()[-4:] == ["holidays", SITE, "none", "2026-11-26,2026-12-25"]
