"""Backfills on a real upstream that is slow, fails on large pages, or was read by an older version."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

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
from vitals.store.tiers.staging import StagingArea

__all__ = ["backfill"]

DAY = days_ago(3)


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading every two minutes of each of 30 points: 21,600 a day."""
    settings = SimulatorSettings(points=30, sites=(SITE,), interval_s=120, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


class Limited(AceClient):
    """Requests pages of an upstream that fails when they are larger than `limit`.

    `at` is the first page of a span that it may fail for.
    """

    limit, at, refused = 0, 1, 0

    def _page(self, path: str, query: dict[str, Any], accept: Any, page: int) -> Any:
        transport, real = self._transport, self._transport._attempt

        def attempt(request: Any, *arguments: Any) -> Any:
            if page >= self.at and request.query["page_size"] > self.limit:
                self.refused += 1
                arguments = (*arguments[:-1], 0.000001)
            return real(request, *arguments)

        transport._attempt = attempt  # type: ignore[method-assign]
        try:
            return super()._page(path, query, accept, page)
        finally:
            transport._attempt = real  # type: ignore[method-assign]


def limited(backfill: Backfill, limit: int, *, at: int = 1) -> Limited:
    """Lets the backfill read from an upstream that times out on larger pages."""
    url, key = backfill.world.simulator.url, backfill.world.simulator.settings.api_key
    instant = dataclasses.replace(SYSTEM, sleep=lambda _: None)
    ace = Limited(url, key, Pace(60_000, burst=1_000), runtime=instant)
    ace.limit, ace.at = limit, at
    ingest = dataclasses.replace(backfill.worker.ingest, ace=ace)
    backfill.worker = dataclasses.replace(backfill.worker, ingest=ingest)
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


@pytest.mark.parametrize(("limit", "refused"), [(300_000, 1), (50_000, 3), (10_000, 4)])
def test_pages_that_time_out_become_smaller(backfill: Backfill, limit: int, refused: int) -> None:
    ace = limited(backfill, limit)
    assert backfill.worker.work("run", DAY)["status"] == "done"
    assert (ace.refused, ace.page_size) == (refused, limit)
    backfill.assert_exact(whole(3, 3))
    assert backfill.day(DAY).samples == len(backfill.answers(whole(3, 3)))


def test_a_later_page_that_times_out_starts_over(backfill: Backfill) -> None:
    """Its cursor may belong to the size, so the span is read again, and no reading is counted twice."""
    ace = limited(backfill, 10_000, at=2)
    ace.page_size = 50_000
    first = whole(3, 3)
    with pytest.MonkeyPatch.context() as patch:
        # There is room for the whole day, but the upstream returns 5,000 readings at a time.
        patch.setattr("local.ace_simulator.api.page_size", lambda query: 5_000)
        assert backfill.worker.work("run", DAY)["status"] == "done"
    assert (ace.refused, ace.page_size) == (4, 10_000)
    backfill.assert_exact(first)
    assert backfill.day(DAY).samples == len(backfill.answers(first))


def test_an_upstream_that_is_down_ends_the_attempt(backfill: Backfill) -> None:
    ace = limited(backfill, 0)
    with pytest.raises(UpstreamUnavailableError, match="no complete response"):
        backfill.worker.work("run", DAY)
    assert ace.page_size == 10_000
    assert ace.refused == 8


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
