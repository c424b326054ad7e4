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


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "", "PATCH, OPTIONS"),
        ("POST", "/changes", "GET, HEAD, OPTIONS"),
        ("DELETE", "/points", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_refused(
    stack: dict[str, Any], admin: requests.Session, method: str, path: str, allow: str
) -> None:
    answer = admin.request(method, f"{stack['api']}/sites/mill{path}", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert admin.options(answer.url, headers={"Authorization": ""}, timeout=60).status_code == 204
