"""Buckets of every zone, against the transitions that the files of the package tzdata list."""

import struct
from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model import zones
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.local_time import local_instant, local_iso
from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, MINUTE_MS, Span, day_start, parse_iso

ZONES = sorted(zones.zone_names())
LAST_MS = day_start("2037-01-01")
INTERVALS = (
    *("1m", "5m", "15m", "30m", "1h", "2h", "6h", "12h"),
    *("1d", "3d", "1w", "2w", "1mo", "3mo", "1y", "2y"),
)
times = st.integers(EARLIEST_MS, LAST_MS)
calendars = st.builds(
    Calendar,
    st.sampled_from(INTERVALS).map(Interval.parse),
    st.sampled_from(ZONES),
    st.sampled_from(["monday", "sunday"]),
)
spans = st.builds(lambda start, length: Span(start, start + length), times, st.integers(1, 40 * DAY_MS))


def days(first: str, end: str) -> Span:
    return Span(day_start(first), day_start(end))


@cache
def transitions(zone: str) -> tuple[list[int], list[int]]:
    """Returns when offsets (s) of a TZif file begin, in seconds, and the offsets: as its table has them."""
    package, _, name = f"tzdata.zoneinfo/{zone}".rpartition("/")
    content = (resources.files(package.replace("/", ".")) / name).read_bytes()
    start = _after_first_block(content)
    *_, times, types, _ = struct.unpack(">6L", content[start + 20 : start + 44])
    body = content[start + 44 :]
    instants = list(struct.unpack(f">{times}q", body[: 8 * times]))
    indexes = body[8 * times : 9 * times]
    kinds = [struct.unpack(">l", body[9 * times + 6 * i : 9 * times + 6 * i + 4])[0] for i in range(types)]
    return instants, [kinds[index] for index in indexes]


def _after_first_block(content: bytes) -> int:
    """Returns where the block of 64-bit times begins."""
    isut, isstd, leap, times, types, chars = struct.unpack(">6L", content[20:44])
    return 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut


def offset_changes(zone: str) -> list[tuple[int, int]]:
    """Returns (second, offset in s) of the changes since 1990 that the file lists."""
    changes = []
    for (_, before), (second, after) in pairwise(zip(*transitions(zone), strict=True)):
        if before != after and second * 1000 >= EARLIEST_MS:
            changes.append((second, after))
    return changes


@pytest.mark.parametrize("letter", sorted({zone[0] for zone in ZONES}))
def test_no_offset_changes_twice_within_a_day(letter: str) -> None:
    for zone in [zone for zone in ZONES if zone[0] == letter]:
        changed = [second // 86_400 for second, _ in offset_changes(zone)]
        assert len(changed) == len(set(changed)), zone


@pytest.mark.parametrize("letter", sorted({zone[0] for zone in ZONES}))
def test_offsets_are_those_of_the_files(letter: str) -> None:
    for zone in [zone for zone in ZONES if zone[0] == letter]:
        changes = offset_changes(zone)
        times_ms = [ms for second, _ in changes for ms in (second * 1000 - 1, second * 1000)]
        texts = local_iso(np.array(times_ms, np.int64), zone)
        for (_, offset_s), before, after in zip(changes, texts[::2], texts[1::2], strict=True):
            minutes = abs(offset_s) // 60
            shown = f"{'-' if offset_s < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
            assert after.endswith(shown), zone
            assert not before.endswith(shown), zone


@settings(max_examples=150, deadline=None)
@given(calendars, spans)
@example(
    Calendar(Interval.parse("1d"), "Pacific/Apia"), Span(day_start("2011-12-28"), day_start("2012-01-02"))
)
@example(
    Calendar(Interval.parse("1h"), "Australia/Lord_Howe"),
    Span(day_start("2026-04-04"), day_start("2026-04-06")),
)
def test_buckets_partition_the_widened_span(calendar: Calendar, span: Span) -> None:
    edges = calendar.edges(span).tolist()
    widened = calendar.widened(span)
    assert (widened.start_ms, widened.end_ms) == (edges[0], edges[-1])
    assert widened.start_ms <= span.start_ms < span.end_ms <= widened.end_ms
    assert all(start_ms < end_ms for start_ms, end_ms in pairwise(edges))
    assert calendar.widened(widened) == widened
    assert len(edges) == 2 or (span.start_ms < edges[1] and edges[-2] < span.end_ms)


@settings(max_examples=100, deadline=None)
@given(calendars, spans, times)
def test_edges_do_not_depend_on_the_span(calendar: Calendar, span: Span, time_ms: int) -> None:
    middle_ms = span.start_ms + time_ms % span.length_ms
    edges = calendar.edges(span).tolist()
    assert calendar.floor(middle_ms) == edges[bisect_right(edges, middle_ms) - 1]
    around = calendar.edges(Span(span.start_ms - DAY_MS, span.end_ms + DAY_MS)).tolist()
    assert around[around.index(edges[0]) : around.index(edges[-1]) + 1] == edges


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), times)
def test_a_day_begins_at_its_first_instant(zone: str, time_ms: int) -> None:
    start_ms = Calendar(Interval.parse("1d"), zone).floor(time_ms)
    info = ZoneInfo(zone)
    instants = (start_ms - 1_000, start_ms, time_ms)
    before, first, last = (datetime.fromtimestamp(ms / 1000, info).date() for ms in instants)
    assert before < first == last


@settings(max_examples=100, deadline=None)
@given(calendars, spans)
def test_cells_end_at_hours_and_edges(calendar: Calendar, span: Span) -> None:
    span = calendar.widened(Span(span.start_ms, min(span.end_ms, span.start_ms + 2 * DAY_MS)))
    if span.length_ms > 60 * DAY_MS:
        return
    edges, cells = calendar.edges(span), calendar.cells(span)
    assert np.isin(edges, cells).all()
    assert (cells[0], cells[-1]) == (span.start_ms, span.end_ms)
    assert np.diff(cells).max() <= HOUR_MS


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Chicago", "2026-03-08", 23),
        ("America/Chicago", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Asia/Kolkata", "2026-04-24", 24),
    ],
)
def test_days_have_their_lengths(zone: str, day: str, hours: float) -> None:
    start_ms = int(local_instant(day, zone))
    span = Calendar(Interval.parse("1d"), zone).widened(Span(start_ms, start_ms + 1))
    assert (span.start_ms, span.length_ms) == (start_ms, hours * HOUR_MS)


def test_a_date_begins_after_a_skipped_midnight() -> None:
    assert local_instant("2026-04-24", "Africa/Cairo") == parse_iso("2026-04-24T01:00:00+03:00")


def test_a_day_that_never_was_has_no_bucket() -> None:
    starts = Calendar(Interval.parse("1d"), "Pacific/Apia").edges(days("2011-12-29", "2012-01-01"))
    dates = [text[:10] for text in local_iso(starts, "Pacific/Apia")]
    assert "2011-12-30" not in dates
    assert {"2011-12-29", "2011-12-31"} <= set(dates)


@pytest.mark.parametrize(("week_start", "day"), [("monday", "2026-01-05"), ("sunday", "2026-01-04")])
def test_weeks_begin_on_their_first_day(week_start: str, day: str) -> None:
    calendar = Calendar(Interval.parse("1w"), "UTC", week_start)  # type: ignore[arg-type]
    assert calendar.floor(day_start("2026-01-07")) == day_start(day)


@pytest.mark.parametrize(
    "text", ["7m", "5h", "13mo", "0d", "01h", "1.5h", "-1d", "1s", "d", "101y", "²h", ""]
)
def test_what_does_not_divide_evenly_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        Interval.parse(text)


@pytest.mark.parametrize(("text", "shown"), [("60m", "1h"), ("24h", "1d"), ("12mo", "1y"), ("30m", "30m")])
def test_the_larger_unit_names_an_interval(text: str, shown: str) -> None:
    assert str(Interval.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "zone", "happens"),
    [
        ("2026-11-01T01:30", "America/Chicago", "twice"),
        ("2026-03-08T02:30", "America/Chicago", "never"),
        ("2011-12-30T12:00", "Pacific/Apia", "never"),
    ],
)
def test_a_local_time_must_happen_once(text: str, zone: str, happens: str) -> None:
    with pytest.raises(ValueError, match=f"happens {happens} in {zone}"):
        local_instant(text, zone)
    assert local_instant(f"{text}Z", zone) == int(datetime.fromisoformat(f"{text}Z").timestamp() * 1000)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), times)
def test_local_text_reads_back(zone: str, time_ms: int) -> None:
    time_ms -= time_ms % MINUTE_MS
    [text] = local_iso(np.array([time_ms]), zone)
    offset = ZoneInfo(zone).utcoffset(datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(ZoneInfo(zone)))
    if offset is not None and not offset.seconds % 60:
        assert parse_iso(text) == time_ms
