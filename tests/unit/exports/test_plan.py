"""What an export is asked for, and its parts: each day that was ever written to is read once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import plan
from exports.events import MAX_POINTS, ExportRequest
from exports.handle import MAX_RECEIVES
from tests.support.template import template
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError, VitalsError
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.exports import RETENTION_MS, ExportPart
from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start

DAY = day_start("2026-01-05")
NOW = DAY + 10 * DAY_MS
CATALOG = Catalog(tuple(Point(i, ListedPoint(name)) for i, name in enumerate("abcde")))
LIMIT = 10_000_000


def request(
    start: str | int = DAY, end: str | int = DAY + DAY_MS, names: list[str] | None = None
) -> ExportRequest:
    return ExportRequest("site", names or [], start, end, "csv", "normal")


def settled(number: int, *, rows: int = 1_000, size: int = 10_000) -> ArchiveRecord:
    day_ms = DAY + number * DAY_MS
    began_ms = day_ms + 26 * HOUR_MS
    return ArchiveRecord(
        day_ms, day_ms, began_ms, "done", rows=rows, points=5 if rows else 0, bytes=size, etag="e"
    )


def changed(number: int) -> ArchiveRecord:
    day_ms = DAY + number * DAY_MS
    return ArchiveRecord(day_ms, day_ms + 2 * DAY_MS, day_ms + 2 * DAY_MS, "done", rows=1_000, points=5)


def parts(
    *records: ArchiveRecord, span: Span | None = None, points: int = 0, limit: int = LIMIT
) -> list[tuple[str, int, int]]:
    """Kind, first day and number of days of each part."""
    export_parts = plan.parts(span or Span(DAY, DAY + 30 * DAY_MS), records, points, limit)
    return [(item.kind, (item.start_ms - DAY) // DAY_MS, item.days) for item in export_parts]


def test_only_settled_days_are_read_together() -> None:
    export_parts = parts(settled(0), settled(1), changed(2), changed(3), settled(4))
    assert export_parts == [("archive", 0, 2), ("day", 2, 1), ("day", 3, 1), ("archive", 4, 1)]


def test_a_day_without_data_separates_parts() -> None:
    assert parts(settled(0), settled(2)) == [("archive", 0, 1), ("archive", 2, 1)]
    assert parts(settled(0), settled(1, rows=0), settled(2)) == [("archive", 0, 1), ("archive", 2, 1)]
    assert parts() == []


def test_a_part_respects_the_scan_limit() -> None:
    days = [settled(number, size=LIMIT // 3) for number in range(7)]
    assert parts(*days) == [("archive", 0, 3), ("archive", 3, 3), ("archive", 6, 1)]
    assert parts(settled(0), settled(1, size=LIMIT + 1), settled(2)) == [
        ("archive", 0, 1),
        ("day", 1, 1),
        ("archive", 2, 1),
    ]


def test_a_part_respects_the_row_limit() -> None:
    days = [settled(number, rows=plan.MAX_ROWS // 2) for number in range(4)]
    assert parts(*days) == [("archive", 0, 2), ("archive", 2, 2)]
    assert parts(*days, points=1) == [("archive", 0, 4)]


def test_parts_end_where_the_range_does() -> None:
    span = Span(DAY + HOUR_MS, DAY + 2 * DAY_MS - 1)
    export_parts = plan.parts(span, [settled(0), settled(1)], 0, LIMIT)
    assert export_parts == (ExportPart("archive", span.start_ms, span.end_ms),)
    assert export_parts[0].days == 2
    assert plan.parts(span, [changed(0), changed(1)], 0, LIMIT) == (
        ExportPart("day", span.start_ms, DAY + DAY_MS),
        ExportPart("day", DAY + DAY_MS, span.end_ms),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> list[ArchiveRecord]:
    kinds = draw(st.lists(st.sampled_from(["none", "settled", "empty", "changed", "large"]), max_size=40))
    made = {
        "settled": lambda n: settled(n, size=draw(st.integers(1, LIMIT))),
        "empty": lambda n: settled(n, rows=0),
        "changed": changed,
        "large": lambda n: settled(n, size=LIMIT + 1),
    }
    return [made[kind](number) for number, kind in enumerate(kinds) if kind != "none"]


@given(ledgers(), st.integers(0, 20 * DAY_MS), st.integers(1, 20 * DAY_MS))
def test_each_recorded_day_is_in_one_part(records: list[ArchiveRecord], start: int, length: int) -> None:
    span = Span(DAY + start, DAY + start + length)
    within = [r for r in records if r.day_ms < span.end_ms and r.day_ms + DAY_MS > span.start_ms]
    export_parts = plan.parts(span, within, 0, LIMIT)
    read = [day for p in export_parts for day in range(p.start_ms - p.start_ms % DAY_MS, p.end_ms, DAY_MS)]
    assert read == [r.day_ms for r in within if r.rows or not r.settled]
    assert all(span.start_ms <= p.start_ms < p.end_ms <= span.end_ms for p in export_parts)
    by_day = {record.day_ms: record for record in records}
    for item in export_parts:
        days = range(item.start_ms - item.start_ms % DAY_MS, item.end_ms, DAY_MS)
        if item.kind == "archive":
            assert all(by_day[day].settled for day in days)
            assert sum(by_day[day].bytes for day in days) <= LIMIT
        else:
            assert len(days) == 1


def test_the_range_ends_at_the_present() -> None:
    assert request(end=NOW + DAY_MS).span(NOW) == Span(DAY, NOW)
    years = request(start=NOW - 730 * DAY_MS, end=NOW + 900 * DAY_MS)
    assert years.span(NOW).length_ms == 730 * DAY_MS


@pytest.mark.parametrize(
    ("refused", "error", "text"),
    [
        (request(start=DAY + 1, end=DAY), InvalidRequestError, "before end_time"),
        (request(end=DAY), InvalidRequestError, "before end_time"),
        (request(start=NOW + 1, end=NOW + 2), InvalidRequestError, "in the future"),
        (request(start="yesterday"), InvalidRequestError, "ISO 8601"),
        (request(start=NOW - 730 * DAY_MS - 1, end=NOW), TooLargeError, "730 days"),
    ],
)
def test_a_senseless_range_is_refused(refused: ExportRequest, error: type[VitalsError], text: str) -> None:
    with pytest.raises(error, match=text):
        refused.span(NOW)


def test_points_become_ids_once_each() -> None:
    assert request(names=["c", "a", "c"]).point_ids(CATALOG) == (2, 0)
    assert request().point_ids(CATALOG) == ()


def test_points_that_the_site_lacks_are_named() -> None:
    with pytest.raises(NotFoundError, match="'x', 'y', 'z' and 1 more"):
        request(names=["a", "x", "y", "z", "w"]).point_ids(CATALOG)
    with pytest.raises(TooLargeError, match="none for all"):
        request(names=[str(i) for i in range(MAX_POINTS + 1)]).point_ids(CATALOG)


def test_the_template_matches_the_times_of_exports() -> None:
    resources = template()["Resources"]
    function = resources["ExportFunction"]["Properties"]
    for name in ("ExportQueue", "ExportQueueHigh"):
        queue = resources[name]["Properties"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
        assert queue["VisibilityTimeout"] > function["Timeout"]
        # Or an export that waits long would never be taken up, and say queued until it expires.
        assert queue["MessageRetentionPeriod"] * 1000 >= RETENTION_MS
    rules = resources["ColdBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [rule] = [rule for rule in rules if rule.get("Prefix") == "exports/"]
    assert rule["ExpirationInDays"] * DAY_MS == RETENTION_MS
    assert function["Timeout"] * 1000 < WRITE_GRACE_MS
