"""An archiver over a world of one day, with what it made."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from archival.reconcile import ReconcilingArchiver
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from query.answers import Api
from tests.support.clock import Clock
from tests.support.equal_buckets import aggregate
from tests.support.sites import SITE
from tests.support.world import World
from vitals.codec.quality_file import decode
from vitals.model.quality.findings import DayQuality
from vitals.model.records.tokens import Grant
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.pipeline.archiver import Archiver
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.footers import FooterTable
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

DAY = 1_767_225_600_000
WHOLE = Span(DAY, DAY + DAY_MS)
HOT_DAYS = 20


@dataclasses.dataclass
class Archive:
    """An archiver over a world, with what it made."""

    world: World
    archiver: Archiver
    reconcile: bool = True

    def archive(self, *, reconcile: bool | None = None) -> dict[str, Any]:
        wanted = self.reconcile if reconcile is None else reconcile
        ingest = self.world.syncer.ingest if wanted else None
        return ReconcilingArchiver(self.archiver, ingest).archive(SiteDay(SITE, DAY))

    def held(self) -> dict[tuple[str, int], bytes]:
        """Every archived sample, weather apart; none twice."""
        archived: dict[tuple[str, int], bytes] = {}
        for group in self.archiver.cold.groups(SiteDay(SITE, DAY)):
            rows = group.samples
            for index, time_ms, value in zip(
                rows.ids.tolist(), rows.times.tolist(), rows.values, strict=True
            ):
                key = (group.names[index], time_ms)
                assert key not in archived
                if not key[0].startswith("weather."):
                    archived[key] = value.tobytes()
        return archived

    def blocks(self) -> list[dict[str, Any]]:
        """The day's items in the hot table."""
        items = self.world.client.scan(TableName="HotTable")["Items"]
        return [i for i in items if "#rollup#" not in i["pk"]["S"] and DAY <= int(i["w"]["N"]) < DAY + DAY_MS]

    def assert_exact(self) -> None:
        assert self.held() == self.world.truth(WHOLE)

    def assert_nothing_expires_unverified(self) -> None:
        """Each sample of a block that expires is in the file, to the bit."""
        expiring = {(i["pk"]["S"], i["w"]["N"]) for i in self.blocks() if "expires_at" in i}
        if not expiring:
            return
        held = self.held()
        catalog = self.archiver.catalogs.load(SITE)
        names = {point.id: point.name for point in catalog.points}
        for group in {pk for pk, _ in expiring}:
            samples, _ = self.archiver.hot.read_group(SITE, int(group.rpartition("#")[2]), WHOLE, 0)
            rows = zip(samples.ids.tolist(), samples.times.tolist(), samples.values, strict=True)
            for point, time_ms, value in rows:
                lives = (group, str(time_ms - time_ms % 300_000)) not in expiring
                if not names[point].startswith("weather."):
                    assert lives or held.get((names[point], time_ms)) == value.tobytes()

    def assert_quality_follows(self) -> DayQuality:
        """The day's quality is the ledger's, of the same archiving and of every sample of the file."""
        day = SiteDay(SITE, DAY)
        record = self.archiver.ledger.archive_record(day)
        etag, data = self.archiver.quality_files.read(day)
        quality, head = decode(data, day)
        assert (etag, head.attempt, head.began_ms) == (record.quality, record.attempt, record.began_ms)
        assert json.loads(record.findings) == quality.counts()
        assert sum(point.samples for point in quality.points) == record.rows
        return quality

    def assert_rollups_follow(self) -> None:
        catalog = self.archiver.catalogs.load(SITE)
        ids = [point.id for point in catalog.points]
        hot = self.world.syncer.ingest.hot
        samples: Samples = hot.read(SITE, ids, WHOLE, self.world.clock())
        hours = self.archiver.rollups.read(SITE, ids, WHOLE)
        assert hours.rows.equals(aggregate(samples, HOUR_MS))
        assert hours.is_complete.all()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading an hour, so that a day is 24 blocks a group."""
    settings = SimulatorSettings(points=16, sites=(SITE,), interval_s=3_600, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def archive(make_world: Callable[..., World]) -> Archive:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="cold-bucket")
    s3.put_bucket_versioning(Bucket="cold-bucket", VersioningConfiguration={"Status": "Enabled"})
    world = make_world(initial_lookback_ms=14 * HOUR_MS)
    ingest = world.syncer.ingest

    def sync() -> None:
        for hours in (13, 26):
            world.clock.now_ms = DAY + hours * HOUR_MS
            world.sync()

    world.fill_once("archive", sync)
    archiver = Archiver(
        ingest.hot,
        ColdTier(s3, "cold-bucket", footers=FooterTable(world.client, "StateTable")),
        RollupTier(world.client, "HotTable"),
        QualityFiles(s3, "cold-bucket"),
        world.syncer.catalogs,
        Ledger(world.client, "StateTable"),
        world.clock,
        HOT_DAYS,
    )
    return Archive(world, archiver)


GRANT = Grant("test", frozenset({"read"}), frozenset({"*"}))


@pytest.fixture
def api(archive: Archive) -> Api:
    return archive.world.api()


def names_of(archive: Archive) -> list[str]:
    return sorted(archive.world.syncer.catalogs.load(SITE).active_ids)[:12]


def expire(archive: Archive) -> None:
    """What DynamoDB does when blocks are over their time."""
    now_s = archive.world.clock() // 1000
    for item in archive.blocks():
        if "expires_at" in item and int(item["expires_at"]["N"]) <= now_s:
            key = {"pk": item["pk"], "w": item["w"]}
            archive.world.client.delete_item(TableName="HotTable", Key=key)


def settle(archive: Archive) -> None:
    for _ in range(2):
        archive.world.clock.forward(40)
        archive.archive()
