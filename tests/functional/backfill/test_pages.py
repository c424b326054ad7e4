"""Backfills on a real upstream that is slow, fails on large pages, or was read by an older version."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import Backfill, backfill, days_ago, read_by_hours, whole
from tests.support.clock import Clock
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.aws.runtime import SYSTEM
from vitals.errors import UpstreamUnavailableError
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.tiers.staging import StagingArea

__all__ = ["backfill"]

DAY = days_ago(3)


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading every two minutes of each of 30 points: 21,600 a day."""
    settings = SimulatorSettings(points=30, sites=(SITE,), interval_s=120, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


def limited(backfill: Backfill, limit: float) -> AceClient:
    """Lets the backfill read from an upstream that fails on larger pages."""
    url, key = backfill.world.simulator.url, backfill.world.simulator.settings.api_key
    instant = dataclasses.replace(SYSTEM, sleep=lambda _: None)
    ace = AceClient(url, key, Pace(60_000, burst=1_000), runtime=instant)
    ingest = dataclasses.replace(backfill.worker.ingest, ace=ace)
    backfill.worker = dataclasses.replace(backfill.worker, ingest=ingest)
    backfill.world.simulator.faults = Faults(page_limit=limit)
    plan(backfill)
    return ace


def plan(backfill: Backfill) -> None:
    request = {"site": SITE, "start_date": DAY, "end_date": DAY}
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request})


def test_a_small_site_takes_one_request_a_day(backfill: Backfill) -> None:
    before = backfill.upstream_requests()
    assert backfill.execute(days_ago(5), DAY).output["status"] == "succeeded"
    assert backfill.upstream_requests() - before == 3
    assert (backfill.day(DAY).requests, backfill.day(DAY).hours) == (1, 24)
    backfill.assert_exact(whole(5, 3))


@pytest.mark.parametrize(("limit", "failures", "requests"), [(300_000, 1, 2), (50_000, 3, 4), (10_000, 4, 3)])
def test_pages_that_fail_become_smaller(backfill: Backfill, limit: int, failures: int, requests: int) -> None:
    """A span that failed four times is read again in shorter ones; its failures are no requests of theirs."""
    ace = limited(backfill, limit)
    assert backfill.worker.work("run", DAY)["status"] == "done"
    assert ace.page_size == limit
    assert backfill.day(DAY).requests == requests
    assert ace.requests == failures + -(-21_600 // limit)
    backfill.assert_exact(whole(3, 3))
    assert backfill.day(DAY).samples == len(backfill.answers(whole(3, 3)))


class FailsLater(AceClient):
    """Has no time for the second page of a span while pages are larger than 10,000 readings."""

    def _request(self, path: str, query: Any, page: int | None, timeout_s: float | None = None) -> Any:
        request = super()._request(path, query, page, timeout_s)
        is_late = page == 2 and query["page_size"] > 10_000
        return dataclasses.replace(request, timeout_s=0.000001) if is_late else request


@pytest.fixture
def failing(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Reads an upstream that fails later; it returns 5,000 readings at a time, however many are requested."""
    monkeypatch.setattr("local.ace_simulator.api.page_size", lambda query: 5_000)
    simulator = backfill.world.simulator
    instant = dataclasses.replace(SYSTEM, sleep=lambda _: None)
    pace = Pace(60_000, burst=1_000)
    ace = FailsLater(simulator.url, simulator.settings.api_key, pace, runtime=instant, page_size=50_000)
    return dataclasses.replace(backfill.worker.ingest, ace=ace)


def test_a_span_whose_second_page_fails_starts_over(backfill: Backfill, failing: Ingest) -> None:
    """A cursor may belong to a size of pages. No reading is lost, and none is counted twice."""
    plan(backfill)
    backfill.worker = dataclasses.replace(backfill.worker, ingest=failing)
    assert backfill.worker.work("run", DAY)["status"] == "done"
    assert failing.ace.page_size == 10_000
    backfill.assert_exact(whole(3, 3))
    assert backfill.day(DAY).samples == len(backfill.answers(whole(3, 3)))


def test_a_reread_whose_second_page_fails_starts_over(backfill: Backfill, failing: Ingest) -> None:
    """So do re-reads and the reading before a day is archived: its readings are counted and written once."""
    span, tally, catalog = whole(3, 3), Tally(), backfill.worker.archiver.catalogs.load(SITE)
    failing.fetch_long(SITE, catalog, span, tally)
    assert failing.ace.page_size == 10_000
    stored = failing.hot.read(SITE, list(catalog.active_ids.values()), span, failing.now())
    assert tally.written == len(stored) == len(backfill.world.truth(span))
    assert tally.accepted == tally.written
    assert failing.ledger.coverage(SITE, span).gaps(span) == []


def test_an_upstream_that_hangs_is_not_short_time(backfill: Backfill) -> None:
    """The second failure in a row is the upstream's, even if there is no time for another request then."""
    ace = limited(backfill, 1)
    backfill.worker = dataclasses.replace(
        backfill.worker, remaining_s=lambda: 30.0 if ace.requests > 4 else 400.0
    )
    with pytest.raises(UpstreamUnavailableError, match="answered 504"):
        backfill.worker.work("run", DAY)


def test_an_upstream_that_is_down_ends_the_attempt(backfill: Backfill) -> None:
    ace = limited(backfill, 1)
    with pytest.raises(UpstreamUnavailableError, match="answered 504, after 3 retries"):
        backfill.worker.work("run", DAY)
    assert (ace.page_size, ace.requests) == (10_000, 8)


def test_an_attempt_continues_with_other_spans(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt reads hours, the second the remaining day at once."""
    plan(backfill)
    with monkeypatch.context() as patch:
        read_by_hours(patch)
        with killed_at(StagingArea, "finish", call=6, after=True):
            backfill.worker.work("run", DAY)
    assert backfill.worker.work("run", DAY)["status"] == "done"
    # At most four times as long as the hour before it, and so on.
    assert backfill.day(DAY).requests == 6 + 2
    assert backfill.day(DAY).samples == len(backfill.answers(whole(3, 3)))
    backfill.assert_exact(whole(3, 3))
    assert backfill.staged() == []


def test_hours_of_older_versions_are_read_again(backfill: Backfill, tmp_path: Path) -> None:
    plan(backfill)
    s3, prefix = boto3.client("s3"), f"staging/backfill/run/{DAY}/"
    for name in ("00", "01-000", "01"):
        s3.put_object(Bucket="cold-bucket", Key=prefix + name, Body=b"an hour of an older version")
    assert backfill.worker.work("run", DAY)["status"] == "done"
    assert (backfill.day(DAY).requests, backfill.day(DAY).hours) == (1, 24)
    backfill.assert_exact(whole(3, 3))
    assert backfill.staged() == []


@pytest.mark.parametrize(("seconds", "size"), [(29, 500_000), (31, 300_000)])
def test_a_slow_page_makes_the_next_smaller(backfill: Backfill, seconds: int, size: int) -> None:
    """A page that takes more than half of the timeout is used all the same."""
    simulator, passed_s = backfill.world.simulator, [0.0]
    slow = dataclasses.replace(SYSTEM, monotonic=lambda: passed_s[-1])
    pace = Pace(60_000, burst=1_000)
    ace = AceClient(simulator.url, simulator.settings.api_key, pace, runtime=slow, timeout_s=60)

    def accept(readings: list[Any]) -> int:
        if len(passed_s) == 1:
            passed_s.append(float(seconds))
        return len(readings)

    assert sum(ace.pages(SITE, whole(3, 3), accept)) > 0
    assert (ace.page_size, ace.requests) == (size, 1)
