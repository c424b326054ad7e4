"""/status: what the other functions leave of how the store is kept, and what was given up."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from query.answers import Api
from query.status import MAX_DAYS, MAX_LAG_MS
from tests.support.clock import NOON, Clock
from tests.support.failing_servers import closed_port, hanging, impatient, refusing
from tests.support.query_calls import Call, api, ask, call
from tests.support.query_tiers import DEAD_LETTERS
from tests.support.template import template
from vitals.aws import clients
from vitals.aws.sqs import DeadLetters
from vitals.model.due_days import OVERDUE_MS
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.records.ledger import ROLLUP_VERSION
from vitals.model.records.sites import ENABLED, PAUSED, REMOVED
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name, iso
from vitals.store import keys
from vitals.store.control.circuit import Circuit, CircuitTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable

__all__ = ["api", "ask", "call"]
TODAY = NOON - 12 * HOUR_MS
NO_WARNINGS: dict[str, Any] = {"warnings": [], "warning_details": []}


def settle(ledger: Ledger, day_ms: int) -> None:
    ledger.update_archive(
        SiteDay("home", day_ms), changed_ms=day_ms, began_ms=day_ms + DAY_MS + HOUR_MS, status="done"
    )


def since(dynamodb: Any, days: int) -> None:
    """Makes the site's first day so many before today."""
    dynamodb.update_item(
        TableName="StateTable",
        Key=keys.site_record("home"),
        UpdateExpression="SET first_ms = :first",
        ExpressionAttributeValues={":first": {"N": str(TODAY - days * DAY_MS)}},
    )


def test_a_site_has_lag_and_rejected_readings(call: Call, dynamodb: Any) -> None:
    home = {
        "site_name": "home",
        "display_name": "Home",
        "status": "enabled",
        "timezone": "UTC",
        "units": "source",
        "holidays": [],
        "points": 3,
        "synced_from": iso(NOON - HOUR_MS),
        "synced_until": iso(NOON),
        "lag_seconds": 61,
        "late": False,
        "overdue": False,
        "rejected": {"null": 2},
        "rejected_since": iso(NOON - HOUR_MS),
        "rejected_until": iso(NOON),
        "unarchived_days": [],
        "unarchived_count": 0,
        "days_to_rebuild": 0,
        "upstream_paused_until": None,
    }
    assert call("/status") == (200, {"sites": [home], **NO_WARNINGS, "dead_letters": None})
    span = Span(NOON - 5 * 60_000, NOON + 10 * 60_000)
    SiteTable(dynamodb, "StateTable").advance("home", NOON, span, {"malformed": 1, "bad_time": 7})
    [home] = call("/status")[1]["sites"]
    assert home["rejected"] == {"malformed": 1, "bad_time": 7}
    assert (home["rejected_since"], home["rejected_until"]) == (iso(span.start_ms), iso(span.end_ms))


def test_an_older_records_span_is_null(call: Call, dynamodb: Any) -> None:
    dynamodb.update_item(
        TableName="StateTable",
        Key=keys.site_record("home"),
        UpdateExpression="REMOVE rejected, rejected_from_ms",
    )
    [home] = call("/status")[1]["sites"]
    assert (home["rejected"], home["rejected_since"], home["rejected_until"]) == ({}, None, None)


def test_unarchived_days_are_listed_oldest_first(call: Call, dynamodb: Any) -> None:
    ledger = Ledger(dynamodb, "StateTable")
    since(dynamodb, 5)
    for day in (5, 3):
        settle(ledger, TODAY - day * DAY_MS)
    # Archived, and written to again.
    settle(ledger, TODAY - 4 * DAY_MS)
    ledger.update_archive(SiteDay("home", TODAY - 4 * DAY_MS), changed_ms=TODAY)
    # From before the site's first day: a backfill wrote to it.
    ledger.update_archive(SiteDay("home", TODAY - 40 * DAY_MS), changed_ms=TODAY)
    [home] = call("/status")[1]["sites"]
    due = [day_name(TODAY - day * DAY_MS) for day in (40, 4, 2, 1)]
    assert (home["unarchived_days"], home["unarchived_count"]) == (due, 4)


def test_archived_days_with_old_rollups_are_counted(call: Call, dynamodb: Any) -> None:
    """Also a day that is due, and one before the site's first day."""
    ledger = Ledger(dynamodb, "StateTable")
    since(dynamodb, 3)
    for day, rollups in ((1, {}), (2, {"rollups": ROLLUP_VERSION}), (3, {}), (40, {"rollups": 1})):
        settle(ledger, TODAY - day * DAY_MS)
        ledger.update_archive(SiteDay("home", TODAY - day * DAY_MS), etag="e", **rollups)
    ledger.update_archive(SiteDay("home", TODAY - 3 * DAY_MS), changed_ms=TODAY)
    # Not archived yet.
    ledger.update_archive(SiteDay("home", TODAY - 4 * DAY_MS), changed_ms=TODAY)
    [home] = call("/status")[1]["sites"]
    assert (home["days_to_rebuild"], home["unarchived_count"]) == (3, 2)


def test_a_site_is_late_after_twenty_minutes(call: Call, clock: Clock, dynamodb: Any) -> None:
    clock.now_ms = NOON + MAX_LAG_MS
    assert call("/status")[1]["sites"][0]["late"] is False
    clock.now_ms += 1
    assert call("/status")[1]["sites"][0]["late"] is True
    clock.now_ms = NOON
    dynamodb.update_item(
        TableName="StateTable", Key=keys.site_record("home"), UpdateExpression="REMOVE checkpoint_ms"
    )
    assert call("/status")[1]["sites"][0]["late"] is True


def test_a_paused_site_is_not_late(call: Call, clock: Clock, dynamodb: Any) -> None:
    clock.now_ms = NOON + DAY_MS
    assert call("/health")[1]["status"] == "degraded"
    SiteTable(dynamodb, "StateTable").set_status("home", PAUSED)
    SiteTable(dynamodb, "StateTable").set_status("other", PAUSED)
    [home] = call("/status")[1]["sites"]
    assert (home["status"], home["late"]) == ("paused", False)
    assert call("/sites")[1]["sites"][0]["status"] == "paused"
    assert call("/health")[1] == {"status": "ok", "lag_seconds": None}
    assert call("/sites/home/points")[0] == 200


def test_a_removed_site_is_gone_within_a_minute(call: Call, clock: Clock, dynamodb: Any) -> None:
    assert call("/sites/home/points")[0] == 200
    SiteTable(dynamodb, "StateTable").set_status("home", REMOVED)
    assert call("/sites")[1]["sites"] == call("/status")[1]["sites"] == []
    clock.forward(1)
    assert call("/sites/home/points")[0] == 404
    SiteTable(dynamodb, "StateTable").set_status("home", ENABLED)
    assert call("/sites/home/points")[0] == 200


def test_a_site_is_overdue_after_48_hours(call: Call, clock: Clock, dynamodb: Any) -> None:
    since(dynamodb, 1)
    clock.now_ms = TODAY + OVERDUE_MS
    assert call("/status")[1]["sites"][0]["overdue"] is False
    clock.now_ms += 1
    assert call("/status")[1]["sites"][0]["overdue"] is True
    settle(Ledger(dynamodb, "StateTable"), TODAY - DAY_MS)
    assert call("/status")[1]["sites"][0]["overdue"] is False


def test_the_alarms_have_like_limits() -> None:
    resources = template()["Resources"]
    lag = resources["SyncLagAlarm"]["Properties"]
    # Of a site that stands still, the lag at the first and at the deciding report of the alarm.
    first_s, last_s = lag["Threshold"], lag["Threshold"] + (lag["DatapointsToAlarm"] - 1) * 300
    assert first_s * 1000 < MAX_LAG_MS < last_s * 1000
    hours = OVERDUE_MS // HOUR_MS
    assert (
        f"{hours} hours after its end" in resources["ArchiveProblemsAlarm"]["Properties"]["AlarmDescription"]
    )


def test_the_list_of_days_is_bounded(call: Call, dynamodb: Any) -> None:
    since(dynamodb, MAX_DAYS + 50)
    [home] = call("/status")[1]["sites"]
    assert home["unarchived_count"] == MAX_DAYS + 50
    assert len(home["unarchived_days"]) == MAX_DAYS
    assert home["unarchived_days"][0] == day_name(TODAY - (MAX_DAYS + 50) * DAY_MS)


def test_the_token_decides_about_sites_and_dead_letters(call: Call) -> None:
    sqs = boto3.client("sqs")
    urls = {name: sqs.get_queue_url(QueueName=queue)["QueueUrl"] for name, queue in DEAD_LETTERS.items()}
    for name, messages in (("sync", 1), ("export", 2)):
        for _ in range(messages):
            sqs.send_message(QueueUrl=urls[name], MessageBody="{}")
    # Somebody looks at them, who hides them from others meanwhile.
    sqs.receive_message(QueueUrl=urls["export"])
    everything = call("/status", sites="*")[1]
    assert [site["site_name"] for site in everything["sites"]] == ["home", "other"]
    assert everything["dead_letters"] == {"sync": 1, "archive": 0, "export": 2}
    both = call("/status", sites="home other")[1]
    assert (both["sites"], both["dead_letters"]) == (everything["sites"], None)
    nothing = {"sites": [], "dead_letters": None, **NO_WARNINGS}
    assert call("/status", scopes="admin", sites="nowhere")[1] == nothing
    assert call("/status", scopes="backfill")[0] == 403


def test_a_paused_upstream_is_named_until_then(call: Call, api: Api, clock: Clock) -> None:
    until_ms = clock() + 5 * 60_000
    api.status_reader.circuits(DEFAULT_GROUP).store(Circuit(5, until_ms))
    assert call("/status")[1]["sites"][0]["upstream_paused_until"] == iso(until_ms)
    api.sites.table.set_status("other", ENABLED, "north")
    api.status_reader.circuits("north").store(Circuit(5, until_ms + 1))
    paused = [site["upstream_paused_until"] for site in call("/status", sites="*")[1]["sites"]]
    assert paused == [iso(until_ms), iso(until_ms + 1)]
    clock.forward(5)
    assert call("/status")[1]["sites"][0]["upstream_paused_until"] is None


@contextmanager
def closed() -> Iterator[str]:
    yield closed_port()


TROUBLES = {"closed": closed, "refusing": lambda: refusing(403, "AccessDenied"), "hanging": hanging}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_unreadable_queue_is_null_and_named(
    call: Call, api: Api, logged: list[logging.LogRecord], trouble: str
) -> None:
    sqs = boto3.client("sqs")
    urls = {name: sqs.get_queue_url(QueueName=queue)["QueueUrl"] for name, queue in DEAD_LETTERS.items()}
    with TROUBLES[trouble]() as endpoint:
        silent = boto3.client("sqs", endpoint_url=endpoint, config=impatient(attempts=1).botocore())
        for dead in ({"archive"}, set(urls)):
            client = SqsByQueue(sqs, silent, dead)
            api.status_reader = replace(
                api.status_reader, dead_letters=DeadLetters(lambda client=client: client, urls)
            )
            status, answer = call("/status", sites="*")
            assert status == 200
            assert answer["dead_letters"] == {name: None if name in dead else 0 for name in urls}
            assert answer["warnings"] == [
                f"The dead letters of {name} could not be read. Try again in a few seconds."
                for name in urls
                if name in dead
            ]
            assert [site["site_name"] for site in answer["sites"]] == ["home", "other"]
            # Of somebody who may not see the queues nobody asks them.
            assert call("/status")[1]["warnings"] == []
    assert sum(record.getMessage() == "the status is incomplete" for record in logged) == 4


@dataclass
class SqsByQueue:
    """Sends what is asked of the queues in `dead` to another client."""

    alive: Any
    silent: Any
    dead: set[str]

    def get_queue_attributes(self, **request: Any) -> Any:
        dead = {DEAD_LETTERS[name] for name in self.dead}
        client = self.silent if request["QueueUrl"].rpartition("/")[2] in dead else self.alive
        return client.get_queue_attributes(**request)


def test_queues_are_read_at_the_same_time(call: Call, api: Api) -> None:
    together = threading.Barrier(3)

    def count() -> int:
        together.wait(60)
        return 7

    counters = dict.fromkeys(("sync", "archive", "export"), count)
    api.status_reader = replace(api.status_reader, dead_letters=SimpleNamespace(counters=lambda: counters))
    assert call("/status", sites="*")[1]["dead_letters"] == {"sync": 7, "archive": 7, "export": 7}
    attempts = clients.BRIEF.attempts
    assert clients.ANSWER_S + attempts * (clients.BRIEF.connect_timeout + clients.BRIEF.read_timeout) < 29


def test_an_unreadable_ledger_or_circuit_leaves_the_others(call: Call, api: Api) -> None:
    whole = call("/status", sites="*")[1]
    with hanging() as endpoint:
        client = boto3.client("dynamodb", endpoint_url=endpoint, config=impatient(attempts=1).botocore())
        api.status_reader = replace(
            api.status_reader,
            ledger=Ledger(client, "StateTable"),
            circuits=partial(CircuitTable, client, "StateTable", "http://ace/api"),
        )
        status, answer = call("/status", sites="*")
    assert status == 200
    assert answer["warnings"] == [
        f"{subject} could not be read. Try again in a few seconds."
        for subject in (
            "The state of the upstream",
            "The archive records of home",
            "The archive records of other",
        )
    ]
    details = answer["warning_details"]
    assert [detail["text"] for detail in details] == answer["warnings"]
    assert {detail["code"] for detail in details} == {"SOURCE_UNREADABLE"}
    assert [detail.get("site_name") for detail in details] == [None, "home", "other"]
    unread = {
        "unarchived_days": [],
        "unarchived_count": None,
        "days_to_rebuild": None,
        "upstream_paused_until": None,
    }
    assert answer["sites"] == [site | unread for site in whole["sites"]]
    assert answer["dead_letters"] == whole["dead_letters"]
