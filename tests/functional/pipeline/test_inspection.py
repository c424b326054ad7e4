"""The quality of a day that is archived: recomputed with the day, and never in the way of its samples."""

import pytest

from tests.support.archiving import DAY, Archive, archive, simulator
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.codec import quality_file
from vitals.errors import ConflictError, NotFoundError
from vitals.model.quality import stuck
from vitals.model.quality.findings import FINDINGS
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.quality_files import QualityFiles

__all__ = ["archive", "simulator"]

SITE_DAY = SiteDay(SITE, DAY)


def put(archive: Archive, name: str, value: str, time_ms: int) -> None:
    archive.world.simulator.put_samples(SITE, [(name, value, time_ms)])
    archive.world.reread(Span(time_ms, time_ms + 1))


def test_every_point_has_a_row(archive: Archive) -> None:
    archive.archive()
    quality = archive.assert_quality_follows()
    listed = archive.world.syncer.catalogs.load(SITE).active_ids
    assert [point.point_name for point in quality.points] == sorted(listed)
    record = archive.archiver.ledger.archive_record(SITE_DAY)
    assert len(record.findings) < 1_000
    assert list(quality.counts()) == list(FINDINGS)


def test_a_late_sample_changes_the_quality(archive: Archive) -> None:
    archive.archive()
    quality = archive.assert_quality_follows()
    point = next(point for point in quality.points if point.high is not None and point.kind == "analog")
    assert "range" not in point.findings
    archive.world.clock.forward(60)
    put(archive, point.point_name, "9999.5", DAY + 5 * HOUR_MS + 77)
    archive.archive()
    after = {p.point_name: p for p in archive.assert_quality_follows().points}[point.point_name]
    assert after.samples == point.samples + 1
    finding = after.findings["range"]
    assert (finding.number, finding.first_ms, finding.value) == (1, DAY + 5 * HOUR_MS + 77, 9999.5)


def test_rejected_readings_are_text(archive: Archive) -> None:
    name = sorted(archive.world.syncer.catalogs.load(SITE).active_ids)[0]
    put(archive, name, "fault text", DAY + 7 * HOUR_MS + 5)
    archive.archive()
    point = next(p for p in archive.assert_quality_follows().points if p.point_name == name)
    text = point.findings["text"]
    assert text.first_ms <= DAY + 7 * HOUR_MS < text.last_ms


def test_an_error_of_a_rule_blocks_no_sample(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.archive()
    before = archive.assert_quality_follows()
    archive.world.clock.forward(60)
    with monkeypatch.context() as patch:
        patch.setattr(stuck, "runs", lambda times, values: [][0])
        receipt = archive.archive()
    archive.assert_exact()
    archive.assert_rollups_follow()
    record = archive.archiver.ledger.archive_record(SITE_DAY)
    assert (record.status, record.quality, record.findings) == ("done", "", "")
    assert receipt["quality_error"] == record.quality_error == "IndexError: list index out of range"
    # The file of other samples does not stay in the published folder.
    empty, head = quality_file.decode(archive.archiver.quality_files.read(SITE_DAY)[1], SITE_DAY)
    assert (empty.points, empty.outages, head.began_ms) == ([], [], record.began_ms)
    archive.world.clock.forward(60)
    archive.archive()
    assert archive.assert_quality_follows().points == before.points


def test_a_bucket_that_refuses_leaves_the_day_due(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(QualityFiles, "_head", lambda self, day: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            archive.archive()
    archive.assert_exact()
    archive.assert_nothing_expires_unverified()
    assert archive.archiver.ledger.archive_record(SITE_DAY).status == "failed"
    archive.archive()
    archive.assert_quality_follows()


def test_a_stalled_archiving_replaces_no_later_quality(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = QualityFiles.put

    def stalled(files: QualityFiles, *arguments: object) -> str:
        monkeypatch.setattr(QualityFiles, "put", real)
        archive.world.clock.forward(30)
        archive.archive()
        return real(files, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(QualityFiles, "put", stalled)
    with pytest.raises(ConflictError):
        archive.archive()
    assert archive.archiver.ledger.archive_record(SITE_DAY).status == "done"
    archive.assert_quality_follows()


def test_the_first_kill_leaves_no_quality(archive: Archive) -> None:
    with killed_at(ColdTier, "copy_footer"):
        archive.archive()
    with pytest.raises(NotFoundError):
        archive.archiver.quality_files.read(SITE_DAY)
    assert archive.archiver.ledger.archive_record(SITE_DAY).status == "verified"
    archive.archive()
    archive.assert_quality_follows()
