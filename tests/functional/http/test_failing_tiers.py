"""Responses, and their time, when AWS hangs, refuses or is unreachable."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

import admin.app
import backfill.api.app
import exports.api.app
import query.app
from tests.support.failing_servers import closed_port, hanging, impatient, refusing
from tests.support.http_calls import Caller
from tests.support.iam.statements import arn
from tests.support.template import STACK, template
from vitals.aws import clients
from vitals.aws.athena import Athena
from vitals.aws.clients import ClientConfig
from vitals.aws.cost import Cost
from vitals.errors import TierTimeoutError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import Span
from vitals.reading.athena import AthenaReader
from vitals.store.tiers.cold import ColdTier

type Setup = Callable[..., Caller]

# No response may contain any of these.
_SECRETS = (
    "arn:",
    "StateTable",
    "HotTable",
    "boto",
    "/var/",
    "Traceback",
    "127.0.0.1",
    "http:",
    "Error:",
    ".py",
)


@pytest.fixture
def time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit of an answer passes, as it does in production."""
    monkeypatch.setattr(clients.deadline, "_monotonic", time.monotonic)


@pytest.fixture(params=["query", "backfill", "exports", "admin"])
def deployed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """Yields a factory of one API function that calls an endpoint."""
    app, path = {
        "query": (query.app, "/sites/mill/points"),
        "backfill": (backfill.api.app, "/backfill/r-7"),
        "exports": (exports.api.app, "/exports/r-7"),
        "admin": (admin.app, "/sites/mill/changes"),
    }[request.param]
    resources = template()["Resources"]
    functions = [resources[name]["Properties"] for name in ("QueryFunction", "ExportApiFunction")]
    for name in {name for function in functions for name in function["Environment"]["Variables"]}:
        if not name.startswith(("POWERTOOLS_", "MAX_", "ALLOWED_")) and not name.endswith("_BYTES"):
            monkeypatch.setenv(name, "mill" if name == "SITES" else name.title().replace("_", ""))
    monkeypatch.setenv("ACE_API_URL", "http://ace.example/api")
    monkeypatch.setenv("STATE_TABLE", "StateTable")
    monkeypatch.setenv("STATE_MACHINE_ARN", arn("states", f"stateMachine:{STACK}-backfill"))
    caches = (app.api.connect, clients.made_client, clients._session)

    def setup(endpoint: str, config: ClientConfig, answer_s: float = 20.0) -> Caller:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setattr(app, "PROMPT", config)
        monkeypatch.setattr(clients, "ANSWER_S", answer_s)
        for cached in caches:
            cached.cache_clear()
        return Caller(app.handler, path, path, None)  # type: ignore[arg-type]

    yield setup
    for cached in caches:
        cached.cache_clear()


def test_hanging_tier_is_a_timeout_after_the_attempts(deployed: Setup) -> None:
    with hanging() as endpoint:
        call = deployed(endpoint, impatient(attempts=2))
        began = time.monotonic()
        answer = call()
        # One attempt of botocore's own takes 60 s.
        assert time.monotonic() - began < 30
    assert answer.error == (504, "TIMEOUT")
    assert not [word for word in _SECRETS if word in answer.text]


@pytest.mark.usefixtures("time_limit")
def test_attempts_end_at_the_deadline(deployed: Setup) -> None:
    with hanging() as endpoint:
        call = deployed(endpoint, impatient(attempts=1_000), answer_s=1.0)
        began = time.monotonic()
        answer = call()
        # A thousand attempts would take 200 s.
        assert 1.0 <= time.monotonic() - began < 100
    assert answer.error == (504, "TIMEOUT")


@pytest.mark.usefixtures("time_limit")
def test_every_request_has_a_deadline_of_its_own(deployed: Setup) -> None:
    with hanging() as endpoint:
        call = deployed(endpoint, impatient(attempts=1_000), answer_s=0.3)
        for _ in range(2):
            began = time.monotonic()
            assert call().error == (504, "TIMEOUT")
            assert time.monotonic() - began >= 0.3
    assert clients.deadline.left_s() == float("inf")


@pytest.mark.usefixtures("time_limit")
def test_hanging_cold_tier_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with hanging() as endpoint, clients.deadline.within(0.5):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        clients._session.cache_clear()
        clients.made_client.cache_clear()
        cold = ColdTier(clients.client("s3", impatient(attempts=1_000)), "cold")
        with pytest.raises(TierTimeoutError):
            cold.read(SiteDay.parse("mill", "2026-01-01"), ["a"], Span(0, 1))
    clients._session.cache_clear()
    clients.made_client.cache_clear()


@pytest.mark.usefixtures("time_limit")
def test_hanging_athena_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (clients._session, clients.boto3_session):
        cached.cache_clear()
    for attempts, answer_s in ((1, 20.0), (1_000, 0.5)):
        with hanging() as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            config = impatient(attempts)
            reader = AthenaReader(Athena("db", "group", config, clients.boto3_session), "cold", "samples")
            with clients.deadline.within(answer_s), pytest.raises(TierTimeoutError):
                reader.raw("mill", ["a"], Span(0, 1), 18.0, Cost())
    for cached in (clients._session, clients.boto3_session):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ProvisionedThroughputExceededException", (503, "UNAVAILABLE")),
        (400, "ThrottlingException", (503, "UNAVAILABLE")),
        (500, "InternalServerError", (503, "UNAVAILABLE")),
        (503, "ServiceUnavailable", (503, "UNAVAILABLE")),
        (400, "AccessDeniedException", (500, "INTERNAL_ERROR")),
        (400, "ResourceNotFoundException", (500, "INTERNAL_ERROR")),
        (400, "UnrecognizedClientException", (500, "INTERNAL_ERROR")),
    ],
)
def test_errors_of_aws_are_logged_and_not_sent(
    deployed: Setup, status: int, code: str, expected: tuple[int, str], logged: list[logging.LogRecord]
) -> None:
    with refusing(status, code) as endpoint:
        answer = deployed(endpoint, impatient(attempts=1, read_timeout=10))()
    assert answer.error == expected
    assert ("Retry-After" in answer.headers) == (expected[0] == 503)
    everything = answer.text + json.dumps(answer.headers)
    assert not [word for word in (*_SECRETS, code) if word in everything]
    [record] = [record for record in logged if record.exc_info]
    assert record.exc_info and code in str(record.exc_info[1])


def test_unreachable_dynamodb_is_unavailable(deployed: Setup) -> None:
    answer = deployed(closed_port(), impatient(attempts=1))()
    assert answer.error == (503, "UNAVAILABLE")
    assert not [word for word in _SECRETS if word in answer.text]


def test_clients_of_background_work_have_no_deadline(aws_table: Any) -> None:
    with clients.deadline.within(-1), pytest.raises(TierTimeoutError):
        aws_table.list_tables()
    assert aws_table.list_tables()["TableNames"] == []


@pytest.fixture
def aws_table(aws: None) -> Any:
    return boto3.Session(botocore_session=_session()).client("dynamodb")


def _session() -> Any:
    clients._session.cache_clear()
    return clients._session()


def test_sum_of_timeouts_is_below_the_gateways() -> None:
    last = _worst_call_s(clients.PROMPT) / clients.PROMPT.attempts
    resources = template()["Resources"]
    for name in ("QueryFunction", "BackfillApiFunction", "ExportApiFunction", "AdminFunction"):
        assert clients.ANSWER_S + last + 2 <= resources[name]["Properties"]["Timeout"] <= 29
    assert _worst_call_s(clients.BRIEF) < resources["AuthorizerFunction"]["Properties"]["Timeout"]


def _worst_call_s(config: ClientConfig) -> float:
    return config.attempts * (config.connect_timeout + config.read_timeout)
