"""A release of every API function, and a rollback, while clients use the API."""

from typing import Any

import pytest
import requests

from operations import stack_file
from tests.support.load import load
from tests.support.local_stack import local_stack

pytestmark = pytest.mark.integration


def live_version(stack: dict[str, Any]) -> str:
    client = stack_file.client(stack, "lambda")
    alias = client.get_alias(FunctionName=stack["outputs"]["QueryFunction"], Name="live")
    return str(alias["FunctionVersion"])


def paths(stack: dict[str, Any]) -> list[str]:
    """Returns requests to each function of the API."""
    headers = {"Authorization": f"Bearer {stack['token']}"}
    [site] = requests.get(f"{stack['api']}/sites", headers=headers, timeout=60).json()["sites"]
    name = site["site_name"]
    return [
        "/health",
        f"/sites/{name}/points?limit=3",
        f"/backfill?site_name={name}",
        f"/exports?site_name={name}",
    ]


def test_release_and_rollback_fail_no_request(stack: dict[str, Any]) -> None:
    before = live_version(stack)
    with load(stack, paths(stack)) as sent:
        # A setting of the three API functions.
        release = local_stack("up", seconds=300, VITALS_ORIGINS="https://other.example.com")
        released = live_version(stack)
        answered = sent.answered
        rollback = local_stack("up", seconds=300)
    assert (release.returncode, rollback.returncode) == (0, 0), release.stdout + rollback.stdout
    assert "emulator is already running" in release.stdout
    assert stack["api"] in release.stdout
    assert len({before, released, live_version(stack)}) == 3
    assert sent.failures == []
    assert sent.answered > answered > 0
