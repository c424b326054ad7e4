"""Settings over HTTP: the routes of AdminFunction beside those of QueryFunction."""

from typing import Any

import pytest
import requests

from tests.support.stack import token_for

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(stack: dict[str, Any]) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token_for(stack, 'settings', 'admin', '*')}"
    return session


def test_settings_are_beside_the_points(stack: dict[str, Any], admin: requests.Session) -> None:
    [site] = admin.get(f"{stack['api']}/sites", timeout=60).json()["sites"]
    url = f"{stack['api']}/sites/{site['site_name']}"
    # The timezone that it has, because other tests use the site.
    answer = admin.patch(url, json={"timezone": site["timezone"]}, timeout=60)
    assert (answer.status_code, answer.json()["timezone"]) == (200, site["timezone"])
    assert "use UTC" in admin.patch(url, json={"timezone": "utc"}, timeout=60).json()["error"]
    for holidays in (["2026-12-25"], site["holidays"]):
        answer = admin.patch(url, json={"holidays": holidays}, timeout=60)
        assert (answer.status_code, answer.json()["holidays"]) == (200, holidays)
    [point] = admin.get(f"{url}/points?limit=1", timeout=60).json()["points"]
    name = point["point_name"]
    for rollover in (1e12, None):
        body = {"points": {name: {"rollover": rollover}}}
        [changed] = admin.patch(f"{url}/points", json=body, timeout=60).json()["points"]
        assert changed.get("rollover") == rollover
    newest = admin.get(f"{url}/changes?limit=2", timeout=60).json()["changes"]
    listed = [(change["subject"], change["before"], change["after"]) for change in newest]
    assert listed == [(name, 1e12, None), (name, None, 1e12)]
    assert newest[0]["who"].startswith("settings (")


def test_views_are_saved_and_deleted(stack: dict[str, Any], admin: requests.Session) -> None:
    [site] = admin.get(f"{stack['api']}/sites", timeout=60).json()["sites"]
    url = f"{stack['api']}/sites/{site['site_name']}/views"
    view = {"name": "Plant & roof, é", "view": "tag=equip%3DAHU-1&range=7d"}
    saved = admin.put(url, json=view, timeout=60)
    assert (saved.status_code, saved.json()["view"]) == (200, view["view"])
    headers = {"Authorization": f"Bearer {token_for(stack, 'reader', 'read', '*')}"}
    assert saved.json() in requests.get(url, headers=headers, timeout=60).json()["views"]
    assert requests.put(url, json=view, headers=headers, timeout=60).status_code == 403
    deleted = admin.delete(url, params={"name": view["name"]}, timeout=60)
    assert (deleted.status_code, deleted.json()["status"]) == (200, "removed")
    assert admin.delete(url, params={"name": view["name"]}, timeout=60).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "", "PATCH, OPTIONS"),
        ("POST", "/changes", "GET, HEAD, OPTIONS"),
        ("POST", "/views", "DELETE, GET, HEAD, PUT, OPTIONS"),
        ("DELETE", "/points", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_refused(
    stack: dict[str, Any], admin: requests.Session, method: str, path: str, allow: str
) -> None:
    answer = admin.request(method, f"{stack['api']}/sites/mill{path}", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert admin.options(answer.url, headers={"Authorization": ""}, timeout=60).status_code == 204
