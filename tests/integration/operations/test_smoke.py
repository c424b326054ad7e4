"""`vitals smoke` on the local stack: every check is OK, nothing stays, and a refused key is named."""

import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from operations.smoke.checks import ProblemError
from operations.smoke.sync import Sync
from operations.smoke.target import first_site, selected
from operations.token_lifecycle import tokens_of
from tests.support.local_stack import HOME, ROOT, VITALS
from tests.support.stack import aws_client, invoke_archival
from tests.support.upstream_faults import other_faults
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.store.state.ledger import Ledger
from vitals_client import Client

pytestmark = pytest.mark.integration

CHECKS = [
    "key and sync",
    "schedules",
    "tables",
    "archived day",
    "Athena",
    "token",
    "chart",
    "export",
    "access",
    "headers",
    "dead letters",
    "clean-up",
]


@pytest.fixture
def calm(stack: dict[str, Any]) -> Iterator[None]:
    """An upstream without faults, and no messages that earlier tests let fail."""
    with other_faults():
        for queue in ("SyncDeadLetters", "ArchiveDeadLetters", "ExportDeadLetters"):
            aws_client(stack, "sqs").purge_queue(QueueUrl=stack["outputs"][queue])
        yield


def archive_a_day(stack: dict[str, Any], site: str) -> None:
    """Archives yesterday, unless another test has archived a day."""
    now_ms = time.time_ns() // 1_000_000
    ledger = Ledger(aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"])
    if not any(
        record.countable for record in ledger.archive_records(site, Span(now_ms - 7 * DAY_MS, now_ms))
    ):
        invoke_archival(stack, {"site": site, "date": day_name(now_ms - DAY_MS)})


def smoke() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VITALS, "smoke"],
        cwd=ROOT,
        env=os.environ | {"VITALS_HOME": str(HOME)},
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )


@pytest.mark.usefixtures("calm")
def test_a_fresh_stack_is_ok_and_unchanged(stack: dict[str, Any]) -> None:
    with Client(stack["api"], stack["token"]) as client:
        [site] = [site["site_name"] for site in client.sites()]
        archive_a_day(stack, site)
        exports = {export["id"] for export in client.exports.list(site)}
        done = smoke()
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line.partition(":")[0].split(maxsplit=1) for line in done.stdout.splitlines()]
        assert lines == [["OK", check] for check in CHECKS]
        assert {export["id"] for export in client.exports.list(site)} <= exports
    tokens = tokens_of(lambda service: aws_client(stack, service), stack["outputs"])
    assert "smoke" not in {token.name for token in tokens.all()}


@pytest.mark.usefixtures("calm")
def test_a_refused_key_says_how_to_set_it(stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALS_HOME", str(HOME))
    target = selected(None)
    sync = Sync(target, first_site(target))
    with other_faults(status=401), pytest.raises(ProblemError, match=r"401.*put-secret-value"):
        sync.run()
    assert sync.run().startswith("ACE accepts the key")
