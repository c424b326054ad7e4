"""`make up` and `make down`."""

import socket
import stat
from typing import Any

import pytest
import requests

from tests.support.local_stack import HOME, local_stack
from tests.support.template import template

pytestmark = pytest.mark.integration


def get(stack: dict[str, Any], path: str, **headers: str) -> requests.Response:
    return requests.get(stack["api"] + path, headers=headers, timeout=40)


def test_health_answers_without_a_token(stack: dict[str, Any]) -> None:
    answer = get(stack, "/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_a_token_opens_every_other_route(stack: dict[str, Any]) -> None:
    answer = get(stack, "/sites", Authorization=f"Bearer {stack['token']}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer not-a-token"},
        {"Authorization": "Basic dTpw"},
        {"Authorization": "Bearer "},
    ],
)
def test_without_a_good_token_the_answer_is_401(stack: dict[str, Any], headers: dict[str, str]) -> None:
    answer = get(stack, "/sites", **headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error_code"] == "UNAUTHORIZED"
    assert set(answer.json()) == {"error", "error_code", "request_id"}


def test_stack_json_has_every_output_of_the_template(stack: dict[str, Any]) -> None:
    assert set(stack["outputs"]) == set(template()["Outputs"])
    assert stack["outputs"]["ApiUrl"] == stack["api"]
    assert set(stack) == {"api", "token", "aws_endpoint", "athena_endpoint", "region", "outputs"}


def test_the_token_is_readable_by_its_owner_only(stack: dict[str, Any]) -> None:
    assert stat.S_IMODE((HOME / "stack.json").stat().st_mode) == 0o600


def test_a_busy_port_is_named_and_nothing_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = local_stack("up", seconds=60, VITALS_PORT=str(port), VITALS_HOME=str(HOME / "busy"))
    assert done.returncode == 1
    assert f"port {port}" in done.stdout
    assert "VITALS_PORT=" in done.stdout
    assert not list((HOME / "busy").glob("*.pid"))


def test_down_is_harmless_when_nothing_runs() -> None:
    home = str(HOME / "idle")
    done = local_stack("down", seconds=60, VITALS_HOME=home)
    assert (done.returncode, done.stdout.strip()) == (0, "nothing was running")
