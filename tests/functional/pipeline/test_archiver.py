"""Archiving on moto: however it dies, races or is corrected, file and blocks say what the source said."""

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

import boto3
import pytest

from operations import oracle
from tests.support.archiving import DAY, WHOLE, Archive, archive, simulator
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.errors import ArchiveVerificationError, ConflictError, DayFileError
from vitals.model.due_days import due_days, synced_days
from vitals.model.records.ledger import Attempt
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.pipeline import day_builder
from vitals.store.tiers.cold import ColdTier

__all__ = ["archive", "simulator"]


def test_a_day_is_archived_verified_and_may_expire(archive: Archive) -> None:
    receipt = archive.archive()
    archive.assert_exact()
    archive.assert_rollups_follow()
    assert receipt["rows"] >= len(archive.held())
    assert {i["expires_at"]["N"] for i in archive.blocks()} == {str((DAY + 21 * DAY_MS) // 1000)}
    record = archive.archiver.ledger.archive_record(SiteDay(SITE, DAY))
    assert (record.status, record.rows, record.attempts) == ("done", receipt["rows"], 1)
    assert record.checksum == receipt["checksum"]
    assert record.windows >= 24


def test_a_repeat_puts_no_second_file(archive: Archive) -> None:
    archive.archive()
    archive.world.clock.forward(30)
    before = archive.archive()
    versions = boto3.client("s3").list_object_versions(Bucket="cold-bucket", Prefix="timeseries/")["Versions"]
    assert len(versions) == 1
    assert archive.archive()["etag"] == before["etag"]


STEPS = [
    ("ingest", "write", 1),
    ("cold", "describe", 1),
    ("hot", "read_group", 1),
    ("cold", "put", 1),
    ("cold", "groups", 1),
    ("ledger", "_apply", 1),
    ("ledger", "_apply", 2),
    ("ledger", "_apply", 3),
    ("ledger", "_apply", 4),
    ("ledger", "_apply", 5),
    ("ledger", "_apply", 6),
    ("rollups", "write", 1),
    ("hot", "expire", 1),
    ("hot._table", "expire", 3),
    ("ledger", "rejected", 1),
    ("quality_files", "put", 1),
    ("quality_files", "_head", 1),
]


@pytest.mark.parametrize(("step", "method", "call"), STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_killed_around_any_step_a_repeat_completes_it(
    archive: Archive, step: str, method: str, call: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = archive.world.syncer.ingest if step == "ingest" else attrgetter(step)(archive.archiver)
    owner = type(store)
    with killed_at(owner, method, call=call, after=after):
        # Only a kill of `fetch` needs the re-read; the repeat always makes one.
        archive.archive(reconcile=step == "ingest")
    archive.assert_nothing_expires_unverified()
    if archive.archiver.ledger.archive_record(SiteDay(SITE, DAY)).status == "done":
        archive.assert_quality_follows()
    archive.world.clock.forward(20)
    archive.archive()
    archive.assert_exact()
    archive.assert_nothing_expires_unverified()
    archive.assert_rollups_follow()
    archive.assert_quality_follows()
    assert all("expires_at" in item for item in archive.blocks())
    assert archive.archiver.ledger.archive_record(SiteDay(SITE, DAY)).status == "done"


def test_two_at_once_end_exact(archive: Archive) -> None:
    gate = threading.Barrier(2)

    def run(_: int) -> None:
        gate.wait(timeout=10)
        try:
            archive.archive()
        except ConflictError:
            return

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    archive.assert_nothing_expires_unverified()
    archive.archive()
    archive.assert_exact()
    archive.assert_rollups_follow()


def due(archive: Archive) -> list[int]:
    record = archive.world.syncer.sites.load(SITE)
    assert record is not None
    days = synced_days(record)
    return due_days(days, archive.archiver.ledger.archive_records(SITE, days))


def late_sample(archive: Archive, value: str) -> tuple[str, int]:
    name, time_ms = sorted(archive.world.truth(WHOLE))[100]
    archive.world.simulator.put_samples(SITE, [(name, value, time_ms)])
    return name, time_ms


def test_a_correction_makes_an_archived_day_due(archive: Archive) -> None:
    archive.world.clock.forward(60)
    archive.archive()
    archive.world.clock.forward(60)
    archive.archive()
    assert DAY not in due(archive)
    _, time_ms = late_sample(archive, "4242.5")
    archive.world.clock.forward(60)
    archive.world.reread(Span(time_ms, time_ms + 1))
    assert DAY in due(archive)
    changed = [i for i in archive.blocks() if "expires_at" not in i]
    assert len(changed) == 1
    archive.archive()
    archive.assert_exact()
    archive.assert_rollups_follow()
    archive.assert_quality_follows()
    assert oracle.number("4242.5") == 4242.5
    assert all("expires_at" in item for item in archive.blocks())
    archive.world.clock.forward(60)
    archive.archive()
    assert DAY not in due(archive)


def test_what_came_late_is_in_by_reconciling(archive: Archive) -> None:
    late_sample(archive, "17.25")
    archive.archive()
    archive.assert_exact()
    archive.assert_rollups_follow()


def test_a_failed_verification_restores_the_previous_file(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.archive()
    good = archive.held()
    _, time_ms = late_sample(archive, "1.5")
    archive.world.reread(Span(time_ms, time_ms + 1))
    before = {(i["pk"]["S"], i["w"]["N"]) for i in archive.blocks() if "expires_at" in i}
    real = ColdTier.put

    def corrupting(self: ColdTier, day: SiteDay, file: Any, contents: Any, replaces: Any) -> Any:
        stored = real(self, day, file, contents, replaces)
        other = good_file(archive)
        answer = boto3.client("s3").put_object(Bucket="cold-bucket", Key=other[0], Body=other[1])
        return dataclasses.replace(
            stored, etag=answer["ETag"], version_id=answer["VersionId"], size=len(other[1])
        )

    with monkeypatch.context() as patch:
        patch.setattr(ColdTier, "put", corrupting)
        with pytest.raises(ArchiveVerificationError):
            archive.archive()
    assert {(i["pk"]["S"], i["w"]["N"]) for i in archive.blocks() if "expires_at" in i} == before
    assert archive.archiver.ledger.archive_record(SiteDay(SITE, DAY)).status == "failed"
    assert DAY in due(archive)
    archive.archive()
    archive.assert_exact()
    assert good != archive.held()


def good_file(archive: Archive) -> tuple[str, bytes]:
    """The first version that was ever archived, under its key."""
    s3 = boto3.client("s3")
    first = s3.list_object_versions(Bucket="cold-bucket", Prefix="timeseries/")["Versions"][-1]
    answer = s3.get_object(Bucket="cold-bucket", Key=first["Key"], VersionId=first["VersionId"])
    return first["Key"], answer["Body"].read()


def test_sixty_days_without_archiving_lose_nothing(archive: Archive) -> None:
    assert not any("expires_at" in item for item in archive.blocks())
    archive.world.clock.now_ms += 60 * DAY_MS
    archive.archive(reconcile=False)
    archive.assert_exact()
    archive.assert_nothing_expires_unverified()


def test_an_expired_day_and_a_late_sample_merge(archive: Archive) -> None:
    archive.archive()
    truth = archive.held()
    for item in archive.blocks():
        archive.world.client.delete_item(TableName="HotTable", Key={"pk": item["pk"], "w": item["w"]})
    archive.world.clock.now_ms += 40 * DAY_MS
    catalog = archive.archiver.catalogs.load(SITE)
    name, time_ms = sorted(truth)[7]
    late = from_columns(
        [catalog.by_name[name].id, catalog.by_name[name].id], [time_ms, DAY + 5], [99.5, 1.25]
    )
    archive.archiver.hot.write(SITE, late, archive.world.clock())
    archive.archive(reconcile=False)
    held = archive.held()
    assert len(held) == len(truth | {(name, DAY + 5): b""})
    assert held[name, time_ms] == late.values[:1].tobytes()
    assert held[name, DAY + 5] == late.values[1:].tobytes()


def test_a_damaged_file_is_deleted_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.archive()
    good = archive.held()
    _, time_ms = late_sample(archive, "1.5")
    archive.world.reread(Span(time_ms, time_ms + 1))
    with monkeypatch.context() as patch:
        damage_files(patch)
        with pytest.raises((DayFileError, ArchiveVerificationError)):
            archive.archive(reconcile=False)
    assert archive.held() == good
    archive.archive(reconcile=False)
    archive.assert_exact()


def test_a_damaged_file_stays_under_later_attempts(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, day = archive.archiver.ledger, SiteDay(SITE, DAY)

    def start_another() -> None:
        later = Attempt.after(day, ledger.archive_record(day), archive.world.clock(), "later")
        ledger.apply(day, later.started())

    damage_files(monkeypatch, start_another)
    with pytest.raises((DayFileError, ArchiveVerificationError)):
        archive.archive(reconcile=False)
    assert ledger.archive_record(day).attempt == "later"
    assert ledger.archive_record(day).status != "failed"
    assert (
        len(boto3.client("s3").list_object_versions(Bucket="cold-bucket", Prefix="timeseries/")["Versions"])
        == 1
    )


def damage_files(patch: pytest.MonkeyPatch, then: Callable[[], None] = lambda: None) -> None:
    """Damages each day file that is put, and calls `then` after it is."""
    real = ColdTier.put

    def put(self: ColdTier, day: SiteDay, file: Any, contents: Any, replaces: Any) -> Any:
        data = bytearray(file.read_bytes())
        data[200] ^= 0xFF
        stored = real(self, day, bytes(data), contents, replaces)
        then()
        return stored

    patch.setattr(ColdTier, "put", put)


def test_points_newer_than_the_catalog_keep_their_blocks(archive: Archive) -> None:
    new = len(archive.archiver.catalogs.load(SITE).points)
    archive.archiver.hot.write(SITE, from_columns([new], [DAY + HOUR_MS], [1.0]), archive.world.clock())
    with pytest.raises(ConflictError):
        archive.archive(reconcile=False)
    assert not any("expires_at" in item for item in archive.blocks())


def test_a_group_that_changes_meanwhile_is_a_conflict(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot, catalog = archive.archiver.hot, archive.archiver.catalogs.load(SITE)
    blocks = day_builder._Blocks(SiteDay(SITE, DAY), hot, archive.world.clock(), None)
    monkeypatch.setattr(day_builder, "_MAX_GROUPS", 0)
    blocks.take([catalog.points[0].id])
    hot.write(SITE, from_columns([1], [DAY + 77], [1.0]), archive.world.clock())
    with pytest.raises(ConflictError):
        blocks.take([catalog.points[1].id])
