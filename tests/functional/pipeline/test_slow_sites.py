"""A site with a reading of each point every two hours, so that few blocks follow each other."""

from collections.abc import Iterator

import boto3
import pytest

from archival import app as archival_app
from backfill import app as backfill_app
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfill_handlers import CONTEXT, deployed
from tests.support.clock import Clock
from tests.support.sites import SITE
from tests.support.template import BUCKET
from tests.support.world import World
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS

__all__ = ["deployed"]

DAY = SiteDay(SITE, 1_767_225_600_000)


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    settings = SimulatorSettings(points=6, sites=(SITE,), interval_s=7_200, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def over(deployed: World, clock: Clock) -> World:
    """The site after the day of which the last hours were synced."""
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    clock.now_ms = DAY.span.end_ms + 2 * HOUR_MS
    return deployed


def test_a_slow_day_is_archived_exactly(over: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_QUEUE_URL", boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"])
    archival_app.connect.cache_clear()
    receipt = archival_app.handler({"site": SITE, "date": DAY.date}, CONTEXT)
    assert receipt["rows"] >= len(over.truth(DAY.span)) > 60
    assert over.stored(DAY.span) == over.truth(DAY.span)


def test_a_slow_day_is_backfilled_exactly(over: World) -> None:
    request = {"site": SITE, "start_date": DAY.date, "end_date": DAY.date}
    backfill_app.handler({"task": "plan", "run": "r-1", "asked": request}, CONTEXT)
    done = backfill_app.handler({"task": "day", "run": "r-1", "site": SITE, "day": DAY.date}, CONTEXT)
    assert done["status"] == "done"
    assert over.stored(DAY.span) == over.truth(DAY.span)
