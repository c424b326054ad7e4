"""Points that a listing names late: everything that was served of them since is stored, whatever fails."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import numpy as np
import pytest

from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.archiving import GRANT
from tests.support.clock import Clock
from tests.support.kill import Killed, Killer, Moment, at_steps
from tests.support.sites import SITE
from tests.support.syncing import but
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.errors import UpstreamUnavailableError
from vitals.model.due_days import due_days, synced_days
from vitals.model.points import Catalog
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, MINUTE_MS, Span, floor_window
from vitals.pipeline.archiver import Archiver
from vitals.reading.request import QueryRequest
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading of each point every two hours."""
    settings = SimulatorSettings(
        points=12, sites=(SITE,), interval_s=7_200, other_intervals=False, opened_days_ago=60
    )
    with Simulator(settings, clock=clock) as running:
        yield running


class Listings(AceClient):
    """The upstream, whose listing lacks the `hidden` points, and fails while it is `broken`."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(simulator.url, simulator.settings.api_key, Pace(60_000, burst=1_000))
        self.hidden: set[str] = set()
        self.broken = False

    def configured_points(self, site: str) -> Any:
        if self.broken:
            raise UpstreamUnavailableError("no points today")
        listing = super().configured_points(site)
        items = tuple(item for item in listing.items if item["name"] not in self.hidden)
        return dataclasses.replace(listing, items=items)


@dataclasses.dataclass
class LateSite:
    """A site two of whose points no listing has named; `world` has the whole truth."""

    world: World
    upstream: Listings
    late: set[str]

    def sync(self, **changes: Any) -> None:
        but(self.world, ace=self.upstream, **changes).sync()

    def hourly(self, times: int) -> None:
        """Syncs once an hour, and runs what the syncs send."""
        for _ in range(times):
            self.world.clock.forward(61)
            self.sync()
            self.drain()

    def drain(self) -> None:
        but(self.world, ace=self.upstream).drain()

    def list_nothing_for(self, hours: int) -> Span:
        """Breaks the listing, adds the late points in it, and repairs it; returns the time of the outage."""
        start_ms = floor_window(self.world.clock())
        self.upstream.broken = True
        for _ in range(0, hours, 6):
            self.world.clock.forward(6 * 60)
            self.sync()
            self.world.sent.clear()
        self.upstream.broken, self.upstream.hidden = False, set()
        return Span(start_ms, floor_window(self.world.clock()))

    def catalog(self) -> Catalog:
        return self.world.syncer.catalogs.load(SITE)

    def assert_stored(self, span: Span) -> None:
        truth = self.world.truth(span)
        assert {name for name, _ in truth} >= self.late
        assert self.world.stored(span) == truth
        assert self.catalog().unread_from_ms is None


@pytest.fixture
def site(world: World) -> LateSite:
    """The site after two steady listings without the late points."""
    upstream = Listings(world.simulator)
    names = sorted(item["name"] for item in upstream.configured_points(SITE).items)
    upstream.hidden = set(names[3:5])
    late = LateSite(world, upstream, set(upstream.hidden))

    def list_twice() -> None:
        late.sync()
        late.hourly(2)

    world.fill_once("late", list_twice)
    return late


@pytest.mark.parametrize("hours", [6, 30, 54])
def test_late_points_are_read_from_their_start(site: LateSite, hours: int) -> None:
    outage = site.list_nothing_for(hours)
    site.hourly(2 + hours // 24)
    site.assert_stored(Span(outage.start_ms, floor_window(site.world.clock())))


def test_unread_days_are_requested_one_an_hour(site: LateSite) -> None:
    site.list_nothing_for(72)
    counts = []
    for _ in range(6):
        site.world.clock.forward(61)
        site.sync()
        counts.append(len(site.world.sent))
        site.drain()
    # The gaps, hours of which the test has dropped, count too; 24 more are those of a full re-read.
    assert max(counts) <= 50
    assert site.catalog().unread_from_ms is None


def test_a_returning_point_is_read_since_its_absence(site: LateSite) -> None:
    site.upstream.hidden = set()
    site.hourly(2)
    site.upstream.hidden = set(site.late)
    site.hourly(3)
    assert not site.late & site.catalog().active_ids.keys()
    outage = site.list_nothing_for(30)
    site.hourly(3)
    site.assert_stored(Span(outage.start_ms, floor_window(site.world.clock())))


def test_a_renamed_point_is_a_new_one(site: LateSite) -> None:
    names = set(site.catalog().active_ids)
    old = min(name for name in names if not name.startswith("weather."))
    site.upstream.hidden |= {old}
    site.hourly(1)
    site.list_nothing_for(30)
    site.upstream.hidden = {old}
    site.hourly(3)
    catalog = site.catalog()
    assert old not in catalog.active_ids
    assert site.late <= catalog.active_ids.keys()
    assert catalog.unread_from_ms is None


def test_a_first_listing_leaves_nothing_unread(site: LateSite) -> None:
    assert {point.unread_from_ms for point in site.catalog().points} == {None}


def test_at_most_a_month_is_read_again(site: LateSite) -> None:
    site.hourly(1)
    logged: list[tuple[str, dict[str, Any]]] = []
    site.world.journal.warning = lambda message, **fields: logged.append((message, fields))  # type: ignore[method-assign]
    key = {"pk": {"S": "sites"}, "sk": {"S": SITE}}
    began_ms = floor_window(site.world.clock()) - 33 * DAY_MS
    site.world.client.update_item(
        TableName="StateTable",
        Key=key,
        UpdateExpression="SET first_ms = :first, catalog_before_ms = :first",
        ExpressionAttributeValues={":first": {"N": str(began_ms)}},
    )
    site.upstream.hidden = set()
    site.world.clock.forward(61)
    site.sync()
    [(message, fields)] = logged
    assert message == "points were listed too late to be read from the start"
    oldest = min(message["start"] for message in site.world.sent)
    assert fields["site"] == SITE
    assert fields["end_date"] == oldest[:10]
    assert fields["start_date"] < fields["end_date"]
    site.world.sent.clear()
    for _ in range(40):
        site.world.clock.forward(61)
        site.sync()
        site.world.sent.clear()
    assert len(logged) == 1
    assert site.catalog().unread_from_ms is None


def finding(site: LateSite, killer: Killer) -> None:
    """One sync that finds the late points, with its writes of records and its messages as steps."""
    mortal = killer.client(site.world.client)
    site.sync(
        catalogs=CatalogTable(mortal, "StateTable"),
        sites=SiteTable(mortal, "StateTable"),
        enqueue=killer.step(site.world.syncer.enqueue),
    )


# The catalog, its time, the checkpoint, the messages, the catalog and the time of the re-read.
STEPS = 6


@at_steps(range(STEPS))
@pytest.mark.parametrize("between", [False, True], ids=["", "after another sync"])
def test_killed_at_any_step_loses_no_point(site: LateSite, moment: Moment, between: bool) -> None:
    outage = site.list_nothing_for(6)
    site.world.clock.forward(61)
    with pytest.raises(Killed):
        finding(site, Killer(moment))
    if between:
        # What the killed sync sent is run; the next one does not list again, or lists without the points.
        site.upstream.hidden = set(site.late)
        site.drain()
        site.world.clock.forward(5)
        site.sync()
        site.drain()
        site.upstream.hidden = set()
    site.hourly(2)
    site.assert_stored(Span(outage.start_ms, floor_window(site.world.clock())))


def test_the_steps_are_all_steps(site: LateSite) -> None:
    site.list_nothing_for(6)
    site.world.clock.forward(61)
    counter = Killer()
    finding(site, counter)
    assert counter.steps == STEPS


class Interrupted:
    """A DynamoDB client with something else happening before one of its writes."""

    def __init__(self, client: Any, step: int, other: Callable[[], None]) -> None:
        self._client, self._remaining, self._other = client, step, other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        self._remaining -= 1
        if self._remaining == -1:
            self._other()
        return self._client.update_item(**request)


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("sees", [False, True], ids=["without the points", "with the points"])
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed after it"])
def test_another_sync_in_between_loses_no_point(site: LateSite, step: int, sees: bool, killed: bool) -> None:
    """The other syncs, and all that it sends is run, before a step of the one that finds the points."""
    outage = site.list_nothing_for(6)
    site.world.clock.forward(61)

    def other() -> None:
        site.upstream.hidden = set() if sees else set(site.late)
        site.sync()
        site.drain()
        site.upstream.hidden = set()

    interrupted = Interrupted(site.world.client, step, other)
    killer = Killer(Moment(step, after=True) if killed else None)
    mortal = killer.client(interrupted, ["update_item"])
    tables = {"catalogs": CatalogTable(mortal, "StateTable"), "sites": SiteTable(mortal, "StateTable")}
    try:
        site.sync(**tables)
    except Killed:
        assert killed
    site.drain()
    site.hourly(2)
    site.assert_stored(Span(outage.start_ms, floor_window(site.world.clock())))


def test_failing_after_the_listing_loses_no_point(site: LateSite) -> None:
    outage = site.list_nothing_for(30)
    site.world.clock.forward(61)

    class Silent(Listings):
        def pages(self, *_: Any) -> Any:
            raise UpstreamUnavailableError("no samples today")

    silent = Silent(site.world.simulator)
    with pytest.raises(UpstreamUnavailableError):
        but(site.world, ace=silent).sync()
    since = site.catalog().unread_from_ms
    assert since is not None
    assert since <= outage.start_ms - HOUR_MS + 15 * MINUTE_MS
    site.hourly(4)
    site.assert_stored(Span(outage.start_ms, floor_window(site.world.clock())))


def archive_due_days(site: LateSite) -> None:
    """Archives the days that are due, from their files and blocks alone, with one hot day."""
    client, ingest = site.world.client, site.world.syncer.ingest
    archiver = Archiver(
        ingest.hot,
        ColdTier(boto3.client("s3"), "cold-bucket"),
        RollupTier(client, "HotTable"),
        QualityFiles(boto3.client("s3"), "cold-bucket"),
        site.world.syncer.catalogs,
        Ledger(client, "StateTable"),
        site.world.clock,
        hot_days=1,
    )
    record = site.world.syncer.sites.load(SITE)
    assert record is not None
    days = synced_days(record)
    records = archiver.ledger.archive_records(SITE, Span(EARLIEST_MS, days.end_ms))
    for day_ms in due_days(days, records):
        archiver.archive(SiteDay(SITE, day_ms))


def delete_expired(site: LateSite) -> None:
    """What DynamoDB does with blocks after their time."""
    for item in site.world.client.scan(TableName="HotTable")["Items"]:
        if "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= site.world.clock():
            key = {"pk": item["pk"], "w": item["w"]}
            site.world.client.delete_item(TableName="HotTable", Key=key)


def answered(site: LateSite, span: Span) -> dict[tuple[str, int], bytes]:
    """What the query API returns of the late points."""
    names = sorted(site.late)
    request = QueryRequest(SITE, names, span.start_ms, span.end_ms, "raw", None, None)
    answer = site.world.api().query(GRANT, request).answer
    assert answer["warnings"] == []
    assert answer["metadata"]["next_token"] is None
    return {
        (name, time_ms): np.float64(value).tobytes()
        for name, series in zip(names, answer["series"], strict=True)
        for time_ms, value in zip(series["timestamps"], series["values"], strict=True)
    }


def test_expired_days_are_read_and_archived_again(site: LateSite) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="cold-bucket")
    s3.put_bucket_versioning(Bucket="cold-bucket", VersioningConfiguration={"Status": "Enabled"})
    start_ms = floor_window(site.world.clock())
    site.upstream.broken = True
    for _ in range(4):
        for _ in range(4):
            site.world.clock.forward(6 * 60)
            site.sync()
            site.world.sent.clear()
        archive_due_days(site)
        delete_expired(site)
    old = Span(start_ms, start_ms - start_ms % DAY_MS + DAY_MS)
    assert site.world.stored(old) == {}
    site.upstream.broken, site.upstream.hidden = False, set()
    site.hourly(5)
    assert site.catalog().unread_from_ms is None
    span = Span(start_ms, floor_window(site.world.clock()))
    truth = {key: value for key, value in site.world.truth(span).items() if key[0] in site.late}
    assert answered(site, span) == truth
    for _ in range(2):
        archive_due_days(site)
        site.world.clock.forward(24 * 60)
        delete_expired(site)
        assert answered(site, span) == truth
    assert site.world.stored(old) == {}
