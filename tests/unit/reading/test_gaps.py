"""Gaps: found however the range is read in parts, and told apart by what the ledger knows."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.aws.cost import Cost
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.flags import FlaggedSpans
from vitals.model.records.ledger import Coverage
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, WINDOWS_PER_DAY, Span
from vitals.reading.gaps import FLAGGED, NO_DATA, NOT_POLLED, REJECTED, Gap, GapFinder, explain, explain_gaps
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest

DAY = 1_767_225_600_000
STEP = 150_000.0
QUARTER_MS = 15 * MINUTE_MS


def series(*minutes: int) -> list[int]:
    return [DAY + minute * MINUTE_MS for minute in minutes]


def gaps_of(times: list[int], *cuts: int, end: int = DAY + HOUR_MS) -> list[Span]:
    finder = GapFinder(DAY, {7: STEP})
    edges = [DAY, *sorted(cuts), end]
    for low, high in itertools.pairwise(edges):
        inside = [time_ms for time_ms in times if low <= time_ms < high]
        finder.add(from_columns([7] * len(inside), inside, [1.0] * len(inside)))
    return finder.finish(end).get(7, [])


def test_gaps_lie_between_samples_or_at_edges() -> None:
    assert gaps_of(series(*range(60))) == []
    silent = series(*range(10, 20), *range(40, 50))
    assert gaps_of(silent) == [
        Span(DAY, DAY + 10 * MINUTE_MS),
        Span(DAY + 19 * MINUTE_MS, DAY + 40 * MINUTE_MS),
        Span(DAY + 49 * MINUTE_MS, DAY + 60 * MINUTE_MS),
    ]
    assert gaps_of([]) == [Span(DAY, DAY + HOUR_MS)]


def test_two_missed_intervals_and_jitter_are_no_gap() -> None:
    assert gaps_of(series(*range(0, 30, 2), *range(30, 60))) == []
    assert gaps_of([time_ms + (i % 2) * 5_000 for i, time_ms in enumerate(series(*range(60)))]) == []


@given(st.sets(st.integers(0, 59)), st.sets(st.integers(0, 60), max_size=4))
def test_parts_find_what_the_whole_finds(minutes: set[int], cuts: set[int]) -> None:
    times = series(*sorted(minutes))
    assert gaps_of(times, *series(*cuts)) == gaps_of(times)


def test_rows_of_aggregates_cover_their_buckets() -> None:
    times = series(*range(10), *range(30, 60))
    finder = GapFinder(DAY, {7: 0.0})
    finder.add(buckets(times, WINDOW_MS))
    assert finder.finish(DAY + HOUR_MS)[7] == [Span(DAY + 10 * MINUTE_MS, DAY + 30 * MINUTE_MS)]


def buckets(times: list[int], width_ms: int) -> BucketRows:
    """Returns rows of buckets of one length, which begin at the times rounded down."""
    starts = np.unique(np.array(times, np.int64) // width_ms * width_ms)
    ids, zeros, ones = (
        np.full(len(starts), 7, np.int32),
        np.zeros(len(starts)),
        np.ones(len(starts), np.int64),
    )
    return BucketRows(ids, starts, starts + width_ms, zeros, ones, ones, zeros, ones == 0)


def joined(pages: list[GapFinder]) -> list[Span]:
    """As clients do: what a page's edge cut is one; gaps that meet at a sample which is alone are two."""
    gaps_of: list[Span] = []
    for page in pages:
        for gap in page.gaps.get(7, []):
            if gap.start_ms == page.continued.get(7):
                assert gaps_of[-1].end_ms == gap.start_ms
                gap = Span(gaps_of.pop().start_ms, gap.end_ms)
            gaps_of.append(gap)
    return gaps_of


@given(
    st.sets(st.integers(0, 59)),
    st.sets(st.integers(1, 59), max_size=6),
    st.sampled_from([0.0, 59_999.0, 60_000.0, 150_000.0, 600_000.0, 1e7]),
    st.sampled_from([0, MINUTE_MS]),
    st.integers(5, 60),
    st.integers(0, 5),
)
def test_pages_find_what_one_page_finds(
    minutes: set[int], cuts: set[int], step: float, width: int, until: int, back: int
) -> None:
    """Also where nothing is told of what has just been, which may begin before a page does."""
    times, (known_until,) = series(*sorted(minutes)), series(until)
    edges = [DAY, *series(*sorted(cuts)), DAY + HOUR_MS]

    def page(start: int, end: int) -> GapFinder:
        finder = GapFinder(start, {7: step})
        if start > DAY:
            reported = min(start, known_until)
            since = max(DAY, int(reported - step - width - 1) // MINUTE_MS * MINUTE_MS - back * MINUTE_MS)
            before = GapFinder(since, {7: step})
            before.add(rows(since, start))
            finder.resume(before, reported)
        finder.add(rows(start, end))
        finder.finish(min(end, known_until))
        return finder

    def rows(low: int, high: int) -> Samples | BucketRows:
        inside = [time_ms for time_ms in times if low <= time_ms < high]
        if width:
            return buckets(inside, width)
        return from_columns([7] * len(inside), inside, [1.0] * len(inside))

    pages = [page(start, end) for start, end in itertools.pairwise(edges)]
    assert joined(pages) == page(DAY, DAY + HOUR_MS).gaps.get(7, [])


@given(
    st.sets(st.integers(0, 191)),
    st.sets(st.integers(1, 191), max_size=6),
    st.sampled_from([0.0, 1_800_000.0, 2_700_000.0, 9_000_000.0]),
    st.sampled_from([0, QUARTER_MS]),
    st.sampled_from(["06:00-18:00", "22:10-06:20", "12:00-12:30", "00:00-24:00"]),
    st.integers(1, 192),
)
def test_gaps_within_hours_exceed_a_step(
    quarters: set[int], cuts: set[int], step: float, width: int, text: str, until: int
) -> None:
    """Gaps without hours, cut at the hours; also where a page ends within one."""
    hours = OperatingHours.parse(text, None, (), "UTC")
    assert hours
    times = [DAY + quarter * QUARTER_MS for quarter in sorted(quarters)]
    known_until = DAY + until * QUARTER_MS
    edges = [DAY, *(DAY + cut * QUARTER_MS for cut in sorted(cuts)), DAY + 2 * DAY_MS]

    def page(start: int, end: int, open_hours: OperatingHours | None) -> GapFinder:
        finder = GapFinder(start, {7: step}, open_hours)
        if start > DAY:
            reported = min(start, known_until)
            since = max(DAY, int(reported - step - width - 1) // QUARTER_MS * QUARTER_MS)
            before = GapFinder(since, {7: step})
            before.add(rows(since, start))
            finder.resume(before, reported)
        finder.add(rows(start, end))
        finder.finish(min(end, known_until))
        return finder

    def rows(low: int, high: int) -> Samples | BucketRows:
        inside = [time_ms for time_ms in times if low <= time_ms < high]
        return (
            buckets(inside, width) if width else from_columns([7] * len(inside), inside, [1.0] * len(inside))
        )

    whole = page(DAY, DAY + 2 * DAY_MS, None).gaps.get(7, [])
    expected = [part for gap in whole for part in hours.parts(gap) if part.length_ms > step]
    assert joined([page(start, end, hours) for start, end in itertools.pairwise(edges)]) == expected


def coverage(*unpolled: Span) -> Coverage:
    polled = np.ones(WINDOWS_PER_DAY, np.bool_)
    for span in unpolled:
        polled[(span.start_ms - DAY) // WINDOW_MS : (span.end_ms - DAY) // WINDOW_MS] = False
    return Coverage(DAY, np.zeros(WINDOWS_PER_DAY, np.uint32), polled)


def test_gaps_are_cut_where_nothing_was_polled() -> None:
    outage = Span(DAY + 2 * HOUR_MS, DAY + 3 * HOUR_MS)
    gap = Span(DAY + HOUR_MS + 61_000, DAY + 4 * HOUR_MS)
    assert list(explain(gap, coverage(outage), ())) == [
        Gap(Span(gap.start_ms, outage.start_ms), NO_DATA),
        Gap(outage, NOT_POLLED),
        Gap(Span(outage.end_ms, gap.end_ms), NO_DATA),
    ]


def test_an_outage_within_a_window_is_one_piece() -> None:
    outage = Span(DAY + 2 * HOUR_MS, DAY + 3 * HOUR_MS)
    gap = Span(outage.start_ms - 30_000, outage.end_ms + 30_000)
    assert list(explain(gap, coverage(outage), ())) == [Gap(gap, NOT_POLLED)]


def test_rejected_values_differ_from_silence() -> None:
    gap = Span(DAY + HOUR_MS, DAY + 90 * MINUTE_MS)
    assert list(explain(gap, coverage(), {DAY + HOUR_MS})) == [Gap(gap, REJECTED)]
    assert list(explain(gap, coverage(), {DAY + 2 * HOUR_MS})) == [Gap(gap, NO_DATA)]


@given(st.integers(0, DAY_MS - 1), st.integers(1, DAY_MS), st.lists(st.booleans(), min_size=24, max_size=24))
def test_pieces_are_the_whole_gap(start: int, length: int, hours: list[bool]) -> None:
    gap = Span(DAY + start, min(DAY + start + length, DAY + DAY_MS))
    outages = [Span(DAY + h * HOUR_MS, DAY + (h + 1) * HOUR_MS) for h, out in enumerate(hours) if out]
    pieces = [piece.span for piece in explain(gap, coverage(*outages), ())]
    assert pieces[0].start_ms == gap.start_ms
    assert pieces[-1].end_ms == gap.end_ms
    assert all(a.end_ms == b.start_ms for a, b in itertools.pairwise(pieces))


class PolledLedger:
    """A ledger of a day that was polled without an outage, and of which nothing was rejected."""

    def coverage(self, *_: object) -> Coverage:
        return coverage()

    def rejected(self, *_: object) -> dict[int, list[int]]:
        return {}


def flagged_plan(flags: Sequence[Span], resolution: str) -> QueryPlan:
    """A plan of a point that is collected every minute, without what is flagged."""
    catalog = Catalog().refreshed([ListedPoint("p", interval_s=60)])
    request = QueryRequest("s", ["p"], DAY, DAY + DAY_MS, resolution)
    spans = FlaggedSpans(1, {0: sorted(flags)})
    return replace(plan_query(request, catalog, DAY + 2 * DAY_MS, 365), flagged=spans)


def explained(gap: Span, *flags: Span, resolution: str = "raw") -> list[Gap]:
    ledger: Any = PolledLedger()
    report = explain_gaps(ledger, flagged_plan(flags, resolution), {0: [gap]}, Cost())
    return list(report.gaps[0])


def minutes(start: float, end: float) -> Span:
    return Span(DAY + int(start * MINUTE_MS), DAY + int(end * MINUTE_MS))


@pytest.mark.parametrize("resolution", ["raw", "1h"])
def test_flags_explain_their_part_of_a_gap(resolution: str) -> None:
    """What is at most 2.5 minutes beside a flag is no gap by itself, also between two flags."""

    def pieces(gap: Span, *flags: Span) -> list[Gap]:
        return explained(gap, *flags, resolution=resolution)

    gap = minutes(60, 120)
    assert pieces(gap) == pieces(gap, minutes(0, 60), minutes(120, 130)) == [Gap(gap, NO_DATA)]
    assert pieces(gap, minutes(0, 500)) == [Gap(gap, FLAGGED)]
    assert pieces(gap, minutes(62, 118)) == [Gap(gap, FLAGGED)]
    assert pieces(gap, minutes(61, 90), minutes(92, 119)) == [
        Gap(minutes(60, 92), FLAGGED),
        Gap(minutes(92, 120), FLAGGED),
    ]
    assert pieces(gap, minutes(70, 80), minutes(90, 100)) == [
        Gap(minutes(60, 70), NO_DATA),
        Gap(minutes(70, 80), FLAGGED),
        Gap(minutes(80, 90), NO_DATA),
        Gap(minutes(90, 100), FLAGGED),
        Gap(minutes(100, 120), NO_DATA),
    ]


@given(st.sets(st.integers(0, 300), max_size=8), st.tuples(st.integers(0, 290), st.integers(1, 90)))
def test_pieces_of_a_gap_cover_it_once(edges: set[int], gap: tuple[int, int]) -> None:
    starts, ends = sorted(edges)[0::2], sorted(edges)[1::2]
    flags = [minutes(*pair) for pair in zip(starts, ends, strict=False)]
    span = minutes(gap[0], sum(gap))
    pieces = explained(span, *flags)
    assert [piece.span.start_ms for piece in pieces] + [span.end_ms] == [
        span.start_ms,
        *(piece.span.end_ms for piece in pieces),
    ]
    is_flagged = any(flag.start_ms < span.end_ms and span.start_ms < flag.end_ms for flag in flags)
    for piece in pieces:
        touched = [f for f in flags if f.start_ms < piece.span.end_ms and piece.span.start_ms < f.end_ms]
        assert (piece.reason == FLAGGED) == bool(touched)
        if piece.reason != FLAGGED and is_flagged:
            assert piece.span.length_ms > STEP
