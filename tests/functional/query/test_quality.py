"""The data quality of an archived day through the API's object, over moto and the simulator."""

import json
from typing import Any

import boto3
import pytest

from query.answers import Api
from tests.support.archiving import DAY, GRANT, Archive, api, archive, simulator
from tests.support.sites import SITE
from vitals.codec import quality_file
from vitals.codec.quality_file import QualityHead
from vitals.errors import ForbiddenError, InvalidRequestError, NotFoundError, QualityFileError
from vitals.model.quality import stuck
from vitals.model.quality.findings import FINDINGS
from vitals.model.records.tokens import Grant
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso
from vitals.store import keys

__all__ = ["api", "archive", "simulator"]

SITE_DAY = SiteDay(SITE, DAY)


def answer(api: Api, date: str | None = None, limit: int = 1_000, token: str | None = None) -> Any:
    return api.quality(GRANT, SITE, date, limit, token)


@pytest.fixture
def archived(archive: Archive) -> Archive:
    """A day with findings of many points: a range, text, and an outage until the sync began."""
    names = sorted(archive.world.syncer.catalogs.load(SITE).active_ids)
    times = [DAY + 9 * HOUR_MS + number for number in range(4)]
    samples = [(name, "-9999", time_ms) for name, time_ms in zip(names, times, strict=False)]
    samples += [(name, "fault text", DAY + 11 * HOUR_MS + 5) for name in names[:9]]
    archive.world.simulator.put_samples(SITE, samples)
    archive.world.reread(Span(DAY + 9 * HOUR_MS, DAY + 12 * HOUR_MS))
    archive.archive()
    return archive


def test_findings_are_those_of_the_file(archived: Archive, api: Api) -> None:
    quality, result = archived.assert_quality_follows(), answer(api)
    record = archived.archiver.ledger.archive_record(SITE_DAY)
    assert (result["site_name"], result["date"], result["next_token"]) == (SITE, "2026-01-01", None)
    assert result["archived_at"] == iso(record.began_ms or 0)
    assert result["counts"] == quality.counts() == json.loads(record.findings)
    assert result["points"] == len(quality.points)
    expected = [("outage", None, o.first_ms, o.last_ms, 1) for o in quality.outages]
    expected += [
        (name, p.point_name, p.findings[name].first_ms, p.findings[name].last_ms, p.findings[name].number)
        for name in FINDINGS
        for p in quality.points
        if name in p.findings
    ]
    assert [
        (f["finding"], f["point_name"], f["first_time"], f["last_time"], f["count"])
        for f in result["findings"]
    ] == [(name, point, iso(first), iso(last), count) for name, point, first, last, count in expected]
    assert len(expected) > 10
    [worst] = [f for f in result["findings"] if f["finding"] == "range" and f["unit"] == "degreesFahrenheit"][
        :1
    ]
    assert (worst["value"], worst["kind"]) == (-9999.0, "analog")
    assert worst["low"] < worst["high"]
    assert worst["display_name"]


def test_pages_are_the_whole_in_order(archived: Archive, api: Api) -> None:
    whole = answer(api)["findings"]
    rows, token = [], None
    for _ in range(100):
        page = answer(api, "2026-01-01", 3, token)
        assert len(page["findings"]) <= 3
        rows += page["findings"]
        token = page["next_token"]
        if token is None:
            break
    assert rows == whole


def test_a_token_ends_with_the_archiving(archived: Archive, api: Api) -> None:
    token = answer(api, limit=1)["next_token"]
    archived.world.clock.forward(30)
    archived.archive()
    with pytest.raises(InvalidRequestError, match="belongs to another request"):
        answer(api, limit=1, token=token)


@pytest.mark.parametrize(
    ("date", "error", "text"),
    [
        ("2025-12-30", NotFoundError, "2025-12-30 is not archived yet"),
        ("2027-12-30", InvalidRequestError, "date is in the future"),
        ("yesterday", InvalidRequestError, "date must be a day"),
    ],
)
def test_days_without_quality_are_named(
    archived: Archive, api: Api, date: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        answer(api, date)


def test_a_site_without_archive_has_none(archive: Archive, api: Api) -> None:
    with pytest.raises(NotFoundError, match="no day of ses_falls_city has been archived"):
        answer(api)


def test_only_readers_of_the_site_see_it(archived: Archive, api: Api) -> None:
    with pytest.raises(ForbiddenError):
        api.quality(Grant("other", frozenset({"read"}), frozenset({"mill"})), SITE, None, 10, None)


def test_days_of_older_releases_say_so(archived: Archive, api: Api) -> None:
    archived.archiver.ledger.update_archive(SITE_DAY, quality="", findings="")
    with pytest.raises(NotFoundError, match="without its data quality; archive it again"):
        answer(api, "2026-01-01")


def test_an_error_of_a_rule_is_said(archived: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    archived.world.clock.forward(30)
    monkeypatch.setattr(stuck, "runs", lambda times, values: [][0])
    archived.archive()
    with pytest.raises(NotFoundError, match="could not be computed"):
        answer(api, "2026-01-01")


def test_a_file_that_the_ledger_does_not_know(archived: Archive, api: Api) -> None:
    before, key = answer(api), keys.quality_file(SITE_DAY)
    foreign = quality_file.encode(archived.assert_quality_follows(), QualityHead("other", 1))
    boto3.client("s3").put_object(Bucket="cold-bucket", Key=key, Body=foreign)
    with pytest.raises(QualityFileError, match="is not the one in the ledger"):
        answer(api)
    archived.archiver.ledger.update_archive(SITE_DAY, status="verified")
    assert answer(api)["findings"] == before["findings"]


def test_a_lost_file_is_an_error(archived: Archive, api: Api) -> None:
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=keys.quality_file(SITE_DAY))
    with pytest.raises(QualityFileError, match="archive the day again"):
        answer(api)


def test_quality_of_earlier_samples_is_not_shown(archived: Archive, api: Api) -> None:
    """An older release, which does not know the quality, archives the day once more."""
    ledger = archived.archiver.ledger
    record = ledger.archive_record(SITE_DAY)
    assert record.began_ms is not None
    ledger.update_archive(SITE_DAY, began_ms=record.began_ms + HOUR_MS)
    with pytest.raises(NotFoundError, match="was archived without its data quality"):
        answer(api)


def test_the_latest_day_is_the_default(archived: Archive, api: Api) -> None:
    later = SiteDay(SITE, DAY + DAY_MS)
    archived.world.clock.now_ms = DAY + 2 * DAY_MS + HOUR_MS
    archived.archiver.archive(later)
    assert answer(api)["date"] == "2026-01-02"
    archived.world.clock.now_ms = DAY + 400 * DAY_MS
    assert answer(api)["date"] == "2026-01-02"
