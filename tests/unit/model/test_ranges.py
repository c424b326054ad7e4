"""The edges of a range, at any precision and in any year; and that every part agrees where time begins."""

import math
import re
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backfill.events import parse_request
from etl import events
from exports.events import ExportRequest
from operations import oracle
from tests.support.instants import instants
from tests.support.template import ROOT, template
from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model.due_days import due_days, synced_days
from vitals.model.ranges import MAX_TEXT, parse_range
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, Span, day_name, iso
from vitals.pipeline import acceptance
from vitals.reading import request as query_request

NOW = 1_767_225_600_000
YEAR_MS = 366 * DAY_MS


NOW_DATE = datetime(2025, 12, 30)


@given(instants(NOW_DATE), instants())
@example(
    ("2026-01-01T00:00:00.000500Z", NOW + Fraction(1, 2)), ("2026-01-01T00:00:00.0005001Z", NOW + Fraction(1))
)
def test_a_span_holds_exactly_the_ranges_milliseconds(
    first: tuple[str, Fraction], last: tuple[str, Fraction]
) -> None:
    (start, start_ms), (end, end_ms) = first, last
    if start_ms >= end_ms:
        with pytest.raises(InvalidRequestError, match="start_time must be before end_time"):
            parse_range(start, end, NOW)
        return
    span = parse_range(start, end, NOW + DAY_MS)
    around = {edge_ms + step for edge_ms in map(math.floor, (start_ms, end_ms)) for step in range(-2, 3)}
    for edge_ms in around | {EARLIEST_MS - 1, EARLIEST_MS}:
        assert (span.start_ms <= edge_ms < span.end_ms) == (
            start_ms <= edge_ms < end_ms and edge_ms >= EARLIEST_MS
        )
    assert EARLIEST_MS <= span.start_ms <= span.end_ms


@given(instants(NOW_DATE), instants(NOW_DATE))
def test_every_route_reads_the_same_range(first: tuple[str, Fraction], last: tuple[str, Fraction]) -> None:
    (start, start_ms), (end, end_ms) = sorted((first, last), key=lambda edge: edge[1])
    if start_ms == end_ms:
        return
    span = parse_range(start, end, NOW)
    request = ExportRequest("s", (), start, end, "csv", "normal")
    routes: list[tuple[Callable[[], Span], int]] = [
        (lambda: query_request.parse_span(start, end, NOW, 365), 365),
        (lambda: request.span(NOW), 730),
    ]
    for route, limit in routes:
        if span.length_ms <= limit * DAY_MS:
            assert route() == span
        else:
            with pytest.raises(TooLargeError, match=f"longer than {limit} days"):
                route()


@given(st.integers(-62_135_596_800_000, NOW - 1), st.integers(1, 10**6), st.integers(1, 999))
def test_going_on_after_the_last_sample_repeats_nothing(last: int, length: int, microseconds: int) -> None:
    text = f"{iso(last - last % 1000)[:19]}.{last % 1000:03d}{microseconds:03d}Z"
    end = max(last, EARLIEST_MS) + 1 + length
    assert parse_range(text, end, NOW).start_ms == max(EARLIEST_MS, last + 1)


@pytest.mark.parametrize(
    "time", [NOW, str(NOW), float(NOW), f"{NOW}.000", iso(NOW), NOW - 0.25, f"{NOW - 1}.0000001"]
)
def test_numbers_are_milliseconds_with_or_without_a_fraction(time: str | float) -> None:
    assert parse_range(time, NOW + 1, NOW) == Span(NOW, NOW + 1)
    assert parse_range(NOW - 10, time, NOW) == Span(NOW - 10, NOW)


@given(st.integers(-62_135_596_800_000 - DAY_MS, -1) | st.integers(10**10, NOW - 1))
def test_years_1_to_9999_are_edges(time_ms: int) -> None:
    for edge in (time_ms, str(time_ms)) if abs(time_ms) >= 10_000 else (time_ms,):
        assert parse_range(edge, NOW, NOW).start_ms == max(time_ms, EARLIEST_MS)


@given(
    st.sampled_from([("seconds", 1, 1000), ("microseconds", 1000, 1), ("nanoseconds", 10**6, 1)]),
    st.integers(EARLIEST_MS, NOW + YEAR_MS - 1000),
    st.sampled_from([int, str, "fraction"]),
)
def test_numbers_of_another_unit_are_refused_with_meaning(
    unit: tuple[str, int, int], time_ms: int, form: Any
) -> None:
    name, factor, divisor = unit
    time_ms -= time_ms % divisor
    number = time_ms * factor // divisor
    time = f"{number}.0" if form == "fraction" else form(number)
    with pytest.raises(InvalidRequestError, match=f"start_time .* looks like {name}") as raised:
        parse_range(time, NOW, NOW)
    assert f"give milliseconds: {time_ms} ({iso(time_ms)})" in str(raised.value)
    with pytest.raises(InvalidRequestError, match=f"^end_time .* looks like {name}"):
        parse_range(0, time, NOW)


def test_a_python_clock_is_taken_as_is() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        parse_range(1767225600.5, NOW + HOUR_MS, NOW)
    assert str(raised.value) == (
        "start_time must be ISO 8601 or epoch milliseconds: 1767225600.5 looks like seconds; "
        "give milliseconds: 1767225600500 (2026-01-01T00:00:00.500Z)"
    )
    with pytest.raises(InvalidRequestError, match=r"20260101 looks like a date; write 2026-01-01$"):
        parse_range("20260101", NOW + HOUR_MS, NOW)
    with pytest.raises(
        InvalidRequestError, match=r"20260131240000 looks like a date; write 2026-01-31T24:00:00Z$"
    ):
        parse_range(NOW, 20260131240000, NOW)


@pytest.mark.parametrize("number", [10**8, 500_000_000, 600_000_000, 4_102_444_800, 2**32 - 1])
def test_seconds_that_a_clock_shows_are_refused(number: int) -> None:
    """Those of 1985 or of 2100, which stands for ever, would be an empty range of 1970."""
    with pytest.raises(InvalidRequestError, match=f"looks like seconds; give milliseconds: {number * 1000} "):
        parse_range(0, number, NOW)


@pytest.mark.parametrize(
    "number", [0, 1, -1, 10_000, 86_400_000, 99_999_999, 20_261_301, 19_700_101, 20_991_231, 10**10]
)
def test_numbers_that_mean_nothing_else_are_early_milliseconds(number: int) -> None:
    assert parse_range(number, NOW, NOW) == Span(EARLIEST_MS, NOW)


@pytest.mark.parametrize(
    "time",
    [
        *("", " ", "now", "yesterday", "12", "2026", "-1", "1e12", "0x10", "1_767_225_600_000", "NaN", "inf"),
        *("2026-02-30", "2026-01-01T24:00:01Z", "2026-01-01T00:00:00 05:00", "٢٠٢٦-01-01", f"{NOW}."),
        *(10**18 * 9, -(10**15), 10**400, "9" * 90, float("nan"), float("inf"), -math.inf, 1e300, True),
        *("2026-01-01T00:00:00." + "0" * MAX_TEXT, None, [NOW], {"ms": NOW}),
    ],
)
def test_what_is_no_time_is_named_and_refused(time: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^start_time ") as raised:
        parse_range(time, NOW, NOW)
    assert len(str(raised.value)) < 300
    with pytest.raises(InvalidRequestError, match=r"^end "):
        parse_range(0, time, NOW, ("start", "end"))


def test_edges_are_compared_as_they_are_written() -> None:
    assert not parse_range("2025-01-01T00:00:00.0001Z", "2025-01-01T00:00:00.0002Z", NOW)
    assert parse_range("0001-01-01", "1989-12-31T24:00:00Z", NOW) == Span(EARLIEST_MS, EARLIEST_MS)
    with pytest.raises(InvalidRequestError, match="before"):
        parse_range("0001-01-01", "0001-01-01T00:00:00Z", NOW)
    with pytest.raises(InvalidRequestError, match="before"):
        parse_range("9999-01-01", "2026-01-01", NOW)
    with pytest.raises(InvalidRequestError, match="start_time is in the future"):
        parse_range("2026-01-01T00:00:00.0000001Z", "9999-12-31T24:00:00-23:59", NOW)


@pytest.mark.parametrize("end", ["9999-12-31T24:00:00-23:59", NOW + 3_000 * DAY_MS, NOW + 366 * DAY_MS])
def test_a_range_too_far_ahead_is_shortened(end: str | int) -> None:
    start = NOW - 100 * DAY_MS
    assert query_request.parse_span(start, end, NOW, 365) == Span(start, start + 365 * DAY_MS)
    with pytest.raises(TooLargeError):
        query_request.parse_span(NOW - 365 * DAY_MS, end, NOW, 365)


def test_length_is_measured_after_clipping() -> None:
    assert query_request.parse_span("0001-01-01", EARLIEST_MS + DAY_MS, NOW, 1) == Span(
        EARLIEST_MS, EARLIEST_MS + DAY_MS
    )
    with pytest.raises(TooLargeError):
        query_request.parse_span("0001-01-01", EARLIEST_MS + DAY_MS + 1, NOW, 1)


def test_a_sync_reads_what_the_edges_say() -> None:
    event = {"site": "s", "start": "2025-12-31T23:00:00.0001Z", "end": "2025-12-31t23:00:00.0012z"}
    assert events.parse(event, NOW) == events.OneSpan("s", Span(NOW - HOUR_MS + 1, NOW - HOUR_MS + 2))
    event = {"site": "s", "start": "0001-01-01", "end": "1990-01-01T01:00:00Z"}
    assert events.parse(event, NOW) == events.OneSpan("s", Span(EARLIEST_MS, EARLIEST_MS + HOUR_MS))
    for start, end in (("1989-01-01", "1990-01-01"), (NOW, NOW + 1), ("2025-01-01", None), (True, NOW)):
        with pytest.raises(InvalidRequestError):
            events.parse({"site": "s", "start": start, "end": end}, NOW)


# Where time begins.


def test_the_archive_table_begins_at_the_first_day() -> None:
    parameters = template()["Resources"]["GlueTable"]["Properties"]["TableInput"]["Parameters"]
    first, last = parameters["projection.day.range"].split(",")
    assert (first, last) == (day_name(EARLIEST_MS).replace("-", "/"), "NOW")
    assert parameters["projection.day.format"] == "yyyy/MM/dd"


def test_the_page_begins_where_everything_does() -> None:
    source = (ROOT / "web/src/ui/days.ts").read_text()
    assert re.findall(r'EARLIEST = "(.+)"', source) == [day_name(EARLIEST_MS)]


def test_a_backfill_begins_at_the_first_day() -> None:
    event = {"site": "s", "start_date": "0001-01-01", "end_date": "1990-01-02"}
    assert parse_request(event, NOW).days == Span(EARLIEST_MS, EARLIEST_MS + 2 * DAY_MS)
    with pytest.raises(InvalidRequestError, match="end_date is before 1990-01-01"):
        parse_request(event | {"end_date": "1989-12-31"}, NOW)


def test_days_are_due_from_the_first_on() -> None:
    site = SiteRecord("s", checkpoint_ms=EARLIEST_MS + 2 * DAY_MS, first_ms=EARLIEST_MS - 10 * DAY_MS)
    assert due_days(synced_days(site), []) == [EARLIEST_MS, EARLIEST_MS + DAY_MS]
    assert not synced_days(SiteRecord("s"))
    written = [ArchiveRecord(EARLIEST_MS, changed_ms=1)]
    assert due_days(synced_days(site), written) == [EARLIEST_MS, EARLIEST_MS + DAY_MS]


# Readings, by the product's rules and by the oracle's.


def accepted(text: str) -> int | None:
    try:
        return acceptance.parse_time(text)
    except acceptance.RejectedReadingError as reason:
        assert str(reason) == acceptance.BAD_TIME
        return None


@given(instants(), st.booleans())
@example(("1989-12-31T23:59:59.999Z", Fraction(EARLIEST_MS - 1)), False)
@example(("1989-12-31T24:00:00Z", Fraction(EARLIEST_MS)), False)
@example(("1990-01-01T00:00:00z", Fraction(EARLIEST_MS)), False)
def test_reading_times_are_floored_and_since_1990(instant: tuple[str, Fraction], flaw: bool) -> None:
    text, exact = instant
    text = text.replace("24:00:00", "24:00:01") if flaw else text
    zoned = text[-1] in "Zz" or "+" in text or "-" in text[10:]
    right = zoned and EARLIEST_MS <= exact < 253_402_300_800_000 and "24:00:01" not in text
    assert accepted(text) == (math.floor(exact) if right else None)
    if exact < 253_402_300_800_000:
        assert oracle.milliseconds(text) == accepted(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T25:00:00Z"),
        *(
            "2026-01-01T24:00:00.1Z",
            "2026-01-01T23:60:00Z",
            "2026-01-01T23:59:60Z",
            "2026-01-01T00:00:00+24:00",
        ),
        *("2026-01-01T24:00:00", "2026-01-01", "1990-01-01T00:00:00+00:01", "yesterday"),
    ],
)
def test_the_oracle_rejects_what_the_product_does(text: str) -> None:
    assert oracle.milliseconds(text) is None
    assert accepted(text) is None


def test_readings_of_any_time_are_stored_or_counted() -> None:
    times = ["2025-12-31T24:00:00Z", "2025-12-31t23:00:00z", "2025-12-31 22:00:00+00", "1990-01-01T00:00:00Z"]
    wrong = ["1989-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00", "2025-12-31T24:00:01Z", "1767225600"]
    page = [{"name": "p", "value": 1, "time": time} for time in times + wrong]
    accepted_page = acceptance.accept(page, {"p": 7}, NOW)
    assert accepted_page.samples.times.tolist() == [NOW, NOW - HOUR_MS, NOW - 2 * HOUR_MS, EARLIEST_MS]
    assert accepted_page.rejected == {acceptance.BAD_TIME: len(wrong)}
