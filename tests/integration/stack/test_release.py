"""A release of every API function, and a rollback, while clients use the API."""

from typing import Any

import pytest
import requests

from local.stack.processes import wait_until
from operations import stack_file
from tests.support.load import load
from tests.support.local_stack import local_stack

pytestmark = pytest.mark.integration


FUNCTIONS = ("QueryFunction", "BackfillApiFunction", "ExportApiFunction", "AdminFunction")


def live_versions(stack: dict[str, Any]) -> dict[str, str]:
    """Returns the version behind the alias of each function of the API, by the function's name."""
    client = stack_file.client(stack, "lambda")
    names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
    api = [name for name in names if any(f"-{function}-" in name for function in FUNCTIONS)]
    return {name: client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] for name in api}


def roll_back(stack: dict[str, Any], versions: dict[str, str]) -> None:
    """Moves the aliases back, as CodeDeploy does when an alarm goes off."""
    client = stack_file.client(stack, "lambda")
    for name, version in versions.items():
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)


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
        f"/sites/{name}/changes",
    ]


def test_release_and_rollback_fail_no_request(stack: dict[str, Any]) -> None:
    before = live_versions(stack)
    with load(stack, paths(stack)) as sent:
        # A setting of all of them. The first origin is that of the gateway's own errors, too.
        origins = "https://charts.example.com,https://other.example.com"
        release = local_stack("up", seconds=300, VITALS_ORIGINS=origins)
        released, answered = live_versions(stack), sent.answered
        roll_back(stack, before)
        # The clients ask each function again.
        assert wait_until(lambda: sent.answered + len(sent.failures) > answered + 20, 60)
    assert release.returncode == 0, release.stdout
    assert "emulator is already running" in release.stdout
    assert stack["api"] in release.stdout
    assert len(before) == len(FUNCTIONS)
    assert all(released[name] != version for name, version in before.items())
    assert live_versions(stack) == before
    assert sent.failures == []
    assert answered > 0
