"""The daily digest: once per day and site, with the counts and the worst findings."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from archival import app
from archival.digest import DigestSender, body, subject
from archival.handle import Archival
from tests.support.archiving import DAY, Archive, archive, simulator
from tests.support.backfill_handlers import deployed
from tests.support.clock import Clock
from tests.support.iam.statements import ALARM_TOPIC
from tests.support.kill import Killed, Killer, Moment, killed_at
from tests.support.lambda_context import lambda_context
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.quality import stuck
from vitals.model.quality.findings import DayQuality, Finding, Outage, PointQuality
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store.state.ledger import Ledger

__all__ = ["archive", "deployed", "simulator"]

SITE_DAY = SiteDay(SITE, DAY)


@pytest.fixture
def sent() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def sender(archive: Archive, sent: list[tuple[str, str]]) -> DigestSender:
    archiver = archive.archiver
    return DigestSender(
        lambda title, text: sent.append((title, text)),
        archiver.ledger,
        archiver.quality_files,
        archive.world.clock,
    )


def test_a_day_has_one_digest(archive: Archive, sender: DigestSender, sent: list[tuple[str, str]]) -> None:
    assert not sender.send(SITE_DAY)
    archive.archive()
    assert sender.send(SITE_DAY)
    archive.world.clock.forward(60)
    archive.archive()
    assert not sender.send(SITE_DAY)
    quality = archive.assert_quality_follows()
    assert sent == [(subject(quality), body(quality))]


def test_old_days_have_none(archive: Archive, sender: DigestSender) -> None:
    archive.archive()
    archive.world.clock.now_ms = DAY + 3 * DAY_MS
    assert not sender.send(SITE_DAY)
    archive.world.clock.now_ms -= 1
    assert sender.send(SITE_DAY)


def test_an_error_of_a_rule_is_said(
    archive: Archive, sender: DigestSender, sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck, "runs", lambda times, values: [][0])
    archive.archive()
    assert sender.send(SITE_DAY)
    [(title, text)] = sent
    assert title == f"Data quality 2026-01-01: not computed, {SITE}"
    assert "IndexError: list index out of range. All samples are stored." in text


@pytest.mark.parametrize(("after", "messages"), [(False, 1), (True, 2)])
def test_a_kill_loses_no_digest(
    archive: Archive, sender: DigestSender, sent: list[tuple[str, str]], after: bool, messages: int
) -> None:
    archive.archive()
    killer = Killer(Moment(0, after=after))
    dying = DigestSender(killer.step(sender.publish), sender.ledger, sender.files, sender.now)
    with pytest.raises(Killed):
        dying.send(SITE_DAY)
    assert sender.send(SITE_DAY)
    assert not sender.send(SITE_DAY)
    assert len(sent) == messages


def test_a_kill_at_the_mark_repeats_it(
    archive: Archive, sender: DigestSender, sent: list[tuple[str, str]]
) -> None:
    archive.archive()
    with killed_at(Ledger, "update_archive"):
        sender.send(SITE_DAY)
    assert sender.send(SITE_DAY)
    assert len(sent) == 2


def test_the_next_night_sends_what_is_missing(
    archive: Archive, sender: DigestSender, sent: list[tuple[str, str]]
) -> None:
    """A topic that refuses fails no archiving; days that a backfill has archived have a digest too."""

    def refuse(title: str, text: str) -> None:
        raise ConnectionError("no topic")

    archive.archive()
    planner: Any = SimpleNamespace(plan_sites=lambda initial: {SITE: 0})
    refusing = replace(sender, publish=refuse)
    for digests, messages in ((refusing, 0), (sender, 1), (sender, 1)):
        archival = Archival(pytest.fail, planner, (), archive.world.clock, Logger(), digests)
        archive.world.clock.now_ms = DAY + DAY_MS + 2 * HOUR_MS
        assert archival.handle({}) == {"due": {SITE: 0}}
        assert len(sent) == messages


def test_a_day_that_fails_has_no_digest(
    archive: Archive, sender: DigestSender, sent: list[tuple[str, str]]
) -> None:
    archive.archiver.ledger.update_archive(SITE_DAY, status="failed")
    assert not sender.send(SITE_DAY)


def quality(points: int, *outages: Outage) -> DayQuality:
    finding = Finding(1, DAY, DAY + HOUR_MS, value=-999.5)
    rows = [
        PointQuality(f"p{n:02d}", "analog", "°C", True, 60, 9, 1, 288, -60.0, 80.0, {"range": finding})
        for n in range(points)
    ]
    return DayQuality(SITE_DAY, outages, rows)


def test_the_text_has_counts_and_the_worst() -> None:
    text = body(quality(12, Outage(DAY, DAY + HOUR_MS, 4_100)))
    assert text.splitlines() == [
        f"Data quality of {SITE}, 2026-01-01 (UTC), 12 points",
        "outage 1, silent 0, stuck 0, range 12, jump 0, text 0, idle 0",
        "",
        "outage: 4,100 points, 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z",
        *(
            f"range: p{n:02d}, 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z, worst -999.5 °C"
            for n in range(9)
        ),
        "and 3 more",
        "",
        f"All of them: vitals quality {SITE} --date 2026-01-01",
    ]
    assert subject(quality(1)) == f"Data quality 2026-01-01: 1 finding, {SITE}"
    assert body(quality(0)).count("\n\n") == 1


def test_the_longest_subject_fits_sns() -> None:
    longest = DayQuality(SiteDay("s" * 64, DAY), (), quality(1_234).points)
    assert len(subject(longest)) < 100
    assert subject(longest).isascii()


@pytest.fixture
def topic(deployed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """The messages that the alarm topic has received; the synced day is over."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    sns.create_topic(Name="alarms")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=ALARM_TOPIC, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("ARCHIVE_QUEUE_URL", sqs.create_queue(QueueName="ArchiveQueue")["QueueUrl"])
    monkeypatch.setenv("ALARM_TOPIC_ARN", ALARM_TOPIC)
    app.connect.cache_clear()
    clock.now_ms = DAY + DAY_MS + 2 * HOUR_MS

    def received() -> list[Any]:
        return [
            json.loads(message["Body"]) for message in sqs.receive_message(QueueUrl=url).get("Messages", ())
        ]

    return received


def test_the_handler_sends_it_to_the_topic(topic: Callable[[], list[Any]]) -> None:
    context = lambda_context("archival", remaining_s=900)
    receipt = app.handler({"site": SITE, "date": "2026-01-01"}, context)
    found = {name: number for name, number in json.loads(receipt["findings"]).items() if number}
    assert found == {"jump": 1, "text": 3}
    [message] = topic()
    assert message["Subject"].startswith("Data quality 2026-01-01: ")
    app.handler({"site": SITE, "date": "2026-01-01"}, context)
    assert topic() == []
