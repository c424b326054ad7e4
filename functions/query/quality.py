"""Answers with the data quality of a site's archived day, the worst findings first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from query.catalogs import Catalogs
from query.points import paging
from query.points.names import display_name
from query.points.search import display_name_of
from query.schemas import FindingAnswer, FindingCounts, QualityAnswer
from vitals.codec import quality_file
from vitals.codec.quality_file import QualityHead
from vitals.errors import NotFoundError, QualityFileError
from vitals.model.points import Point
from vitals.model.quality.findings import DayQuality, FindingName, Outage, PointQuality
from vitals.model.ranges import parse_day
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, EARLIEST_MS, Span, iso
from vitals.reading import page_token
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.quality_files import QualityFiles

# The latest archived day is looked for in these first, and then in all.
_RECENT_MS = 62 * DAY_MS
_READ_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class QualityReader:
    """Reads the quality of days; `now_ms` is UTC ms."""

    ledger: Ledger
    files: QualityFiles
    catalogs: Catalogs
    now_ms: int

    def page(self, site: str, date: str | None, limit: int, next_token: str | None) -> QualityAnswer:
        """Returns a page of the findings of a day (YYYY-MM-DD), by default the latest with a quality.

        NotFoundError for a day without one. A token is valid until the day is archived again.
        """
        day = self._latest(site) if date is None else SiteDay(site, parse_day(date, self.now_ms))
        etag, quality, head = self._read(day)
        digest = page_token.fingerprint("quality", site, day.date, etag)
        start = 0 if next_token is None else page_token.decode(next_token, digest)
        points = self.catalogs.find(site).by_name
        findings = [_answer(name, item, site, points.get(item.point_name)) for name, item in _sorted(quality)]
        if not 0 <= start <= len(findings):
            raise page_token.invalid()
        page = paging.fitting(findings[start : start + limit])
        end = start + len(page)
        return {
            "site_name": site,
            "date": day.date,
            "archived_at": iso(head.began_ms),
            "points": len(quality.points),
            "counts": cast(FindingCounts, quality.counts()),
            "findings": page,
            "next_token": page_token.encode(end, digest) if end < len(findings) else None,
        }

    def _latest(self, site: str) -> SiteDay:
        for start_ms in (self.now_ms - _RECENT_MS, EARLIEST_MS):
            for record in reversed(self.ledger.archive_records(site, Span(start_ms, self.now_ms))):
                if record.quality:
                    return SiteDay(site, record.day_ms)
        raise NotFoundError(f"no day of {site} has been archived with its data quality yet")

    def _read(self, day: SiteDay) -> tuple[str, DayQuality, QualityHead]:
        """Returns the quality that the ledger names, or while the day is archived again, the present one.

        QualityFileError when the file is missing, or another one than the ledger names.
        """
        for _ in range(_READ_ATTEMPTS):
            record = self.ledger.archive_record(day)
            if not record.quality:
                raise NotFoundError(_why_missing(day, record))
            try:
                etag, data = self.files.read(day)
            except NotFoundError as error:
                raise QualityFileError(f"{error}; archive the day again") from None
            quality, head = quality_file.decode(data, day)
            if record.status != "done":
                return etag, quality, head
            if etag == record.quality:
                if head.began_ms != record.began_ms:
                    # A release without data quality has archived the day since.
                    raise NotFoundError(_why_missing(day, replace(record, quality_error="")))
                return etag, quality, head
        raise QualityFileError(
            f"the quality file of {day} is not the one in the ledger; archive the day again"
        )


@dataclass(frozen=True, slots=True)
class _Item:
    """A finding before it is an answer: of a point, or an outage."""

    point: PointQuality | None = None
    outage: Outage | None = None

    @property
    def point_name(self) -> str:
        return self.point.point_name if self.point else ""


def _sorted(quality: DayQuality) -> Iterator[tuple[FindingName, _Item]]:
    """Yields outages in order of time, then by finding the points that have it, in the order of names."""
    for outage in quality.outages:
        yield "outage", _Item(outage=outage)
    for name, point in quality.ranked():
        yield name, _Item(point)


def _answer(name: FindingName, item: _Item, site: str, listed: Point | None) -> FindingAnswer:
    if item.outage is not None:
        outage = item.outage
        return _row(name, outage.first_ms, outage.last_ms) | {"points": outage.points}
    assert item.point is not None
    point, finding = item.point, item.point.findings[name]
    row = _row(name, finding.first_ms, finding.last_ms)
    return row | {
        "point_name": point.point_name,
        "display_name": (
            display_name_of(site, listed.listed) if listed else display_name(point.point_name, site)
        ),
        "unit": point.unit,
        "kind": point.kind,
        "count": finding.number,
        "longest_seconds": None if finding.longest_ms is None else finding.longest_ms / 1000,
        "value": finding.value,
        "low": point.low if name == "range" else None,
        "high": point.high if name == "range" else None,
    }


def _row(name: FindingName, first_ms: int, last_ms: int) -> FindingAnswer:
    return {
        "finding": name,
        "point_name": None,
        "display_name": "",
        "unit": "",
        "kind": None,
        "first_time": iso(first_ms),
        "last_time": iso(last_ms),
        "count": 1,
        "longest_seconds": None,
        "value": None,
        "low": None,
        "high": None,
        "points": None,
    }


def _why_missing(day: SiteDay, record: ArchiveRecord) -> str:
    if record.quality_error:
        return f"the data quality of {day} could not be computed; the log of its archiving says why"
    if record.etag:
        return f"{day} was archived without its data quality; archive it again to compute it"
    return f"{day} is not archived yet, so it has no data quality"
