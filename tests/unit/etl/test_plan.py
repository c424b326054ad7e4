import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import events, plan
from vitals.errors import InvalidRequestError
from vitals.model.records.ledger import Coverage
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, WINDOWS_PER_DAY, Span, iso

DAY = 1_767_225_600_000
NOON = DAY + 12 * HOUR_MS
now = st.integers(NOON, NOON + DAY_MS)


@given(now, st.none() | st.integers(0, 3 * DAY_MS // WINDOW_MS))
def test_steps_reach_the_last_closed_window(now_ms: int, windows_behind: int | None) -> None:
    end = now_ms - now_ms % WINDOW_MS
    checkpoint = None if windows_behind is None else end - windows_behind * WINDOW_MS
    asked_to = checkpoint
    for _ in range(24 * 3 + 2):
        step = plan.next_step(checkpoint, now_ms, DAY_MS)
        assert step.span.length_ms <= plan.STEP_MS + plan.OVERLAP_MS
        assert asked_to is None or step.span.start_ms == asked_to - plan.OVERLAP_MS
        asked_to = checkpoint = step.checkpoint_ms
        if step.caught_up:
            break
    assert checkpoint == end


def test_a_new_site_starts_the_lookback_ago() -> None:
    step = plan.next_step(None, NOON + MINUTE_MS, 24 * HOUR_MS)
    assert step.span == Span(NOON - DAY_MS - plan.OVERLAP_MS, NOON - 23 * HOUR_MS)
    assert not step.caught_up


def test_a_clock_behind_the_checkpoint_moves_nothing_back() -> None:
    step = plan.next_step(NOON, NOON - HOUR_MS, DAY_MS)
    assert step.checkpoint_ms == NOON
    assert step.caught_up


def coverage(counts: dict[int, int], unpolled: tuple[int, ...] = ()) -> Coverage:
    samples = np.full(2 * WINDOWS_PER_DAY, 100, np.uint32)
    polled = np.ones(2 * WINDOWS_PER_DAY, np.bool_)
    for index, count in counts.items():
        samples[index] = count
    polled[list(unpolled)] = False
    return Coverage(DAY, samples, polled)


def test_gaps_are_windows_unpolled_empty_or_thin() -> None:
    thin = {10: 0, 11: 49, 12: 0, 13: 1, 14: 50}
    gaps = coverage(thin, unpolled=(30,)).gaps(Span(DAY, DAY + DAY_MS))
    assert [(g.start_ms - DAY) // WINDOW_MS for g in gaps] == [10, 30]
    assert [g.length_ms // WINDOW_MS for g in gaps] == [4, 1]


def test_quarter_hourly_collection_has_no_gaps() -> None:
    slow = coverage({i: 0 for i in range(2 * WINDOWS_PER_DAY) if i % 3})
    assert slow.gaps(Span(DAY, DAY + DAY_MS)) == []


def test_a_silent_site_is_one_gap() -> None:
    silent = Coverage(DAY, np.zeros(288, np.uint32), np.ones(288, np.bool_))
    assert silent.gaps(Span(DAY, DAY + DAY_MS)) == [Span(DAY, DAY + DAY_MS)]


def test_rereads_cover_two_hours_and_gaps() -> None:
    checkpoint = DAY + DAY_MS + 6 * HOUR_MS
    record = SiteRecord("s", first_ms=DAY, checkpoint_ms=checkpoint, reread_ms=checkpoint - HOUR_MS)
    spans = plan.rereads(
        coverage({i: 0 for i in range(100, 130)}), record, checkpoint, longest_ms=HOUR_MS, full=False
    )
    gap = Span(DAY + 100 * WINDOW_MS, DAY + 130 * WINDOW_MS)
    assert spans == [
        *gap.pieces(HOUR_MS),
        Span(checkpoint - 2 * HOUR_MS, checkpoint - HOUR_MS),
        Span(checkpoint - HOUR_MS, checkpoint),
    ]


def test_a_reread_reaches_the_one_before() -> None:
    checkpoint = DAY + DAY_MS + 6 * HOUR_MS
    record = SiteRecord("s", first_ms=DAY, checkpoint_ms=checkpoint, reread_ms=checkpoint - 5 * HOUR_MS)
    spans = plan.rereads(coverage({}), record, checkpoint, longest_ms=HOUR_MS, full=False)
    assert spans[0].start_ms == checkpoint - 5 * HOUR_MS


windows = st.integers(0, 60 * WINDOWS_PER_DAY)


def unread_since(record: SiteRecord, unread_from_ms: int, checkpoint_ms: int, full: list[bool]) -> list[Span]:
    """What is requested of the unread samples hour by hour, until nothing is unread."""
    unread_ms: int | None = unread_from_ms
    requested = []
    for is_full in [*full, *[False] * 50]:
        unread = plan.next_unread(unread_ms, record, checkpoint_ms, full=is_full)
        if unread:
            assert unread.span.length_ms <= plan.UNREAD_PIECE_MS
            requested += [unread.too_old, unread.span] if unread.too_old else [unread.span]
            unread_ms = unread.until_ms
        if unread_ms is None:
            return requested
        checkpoint_ms += HOUR_MS
    raise AssertionError("some samples are never requested")


@given(windows, windows, st.lists(st.booleans(), max_size=12))
def test_unread_samples_are_requested_once(first: int, unread: int, full: list[bool]) -> None:
    checkpoint = DAY + 60 * DAY_MS
    record = SiteRecord("s", first_ms=DAY + first * WINDOW_MS, checkpoint_ms=checkpoint)
    unread_from_ms = DAY + unread * WINDOW_MS
    spans = unread_since(record, unread_from_ms, checkpoint, full)
    assert spans[0].start_ms == max(record.first_ms or 0, unread_from_ms)
    assert all(span.end_ms == after.start_ms for span, after in itertools.pairwise(spans))
    assert checkpoint <= spans[-1].end_ms <= checkpoint + 50 * HOUR_MS
    too_old = [span for span in spans if span.length_ms > plan.UNREAD_PIECE_MS]
    oldest = checkpoint - plan.MAX_UNREAD_MS
    assert all(span.end_ms >= oldest for span in too_old)


def test_only_a_month_of_unread_samples_is_requested() -> None:
    checkpoint = DAY + 60 * DAY_MS
    record = SiteRecord("s", first_ms=DAY, checkpoint_ms=checkpoint)
    edge = checkpoint - plan.MAX_UNREAD_MS
    first = Span(edge, edge + DAY_MS)
    at_edge = plan.next_unread(edge, record, checkpoint, full=False)
    assert at_edge == plan.Unread(first, Span(edge, edge), first.end_ms)
    beyond = plan.next_unread(edge - DAY_MS, record, checkpoint, full=False)
    assert beyond == plan.Unread(first, Span(edge - DAY_MS, edge), first.end_ms)


def test_unread_days_wait_for_a_full_reread() -> None:
    checkpoint = DAY + 9 * DAY_MS
    record = SiteRecord("s", first_ms=DAY, checkpoint_ms=checkpoint)
    assert plan.next_unread(checkpoint - 25 * HOUR_MS, record, checkpoint, full=True) is None
    covered = plan.next_unread(checkpoint - 23 * HOUR_MS, record, checkpoint, full=True)
    assert covered is not None
    assert covered.until_ms is None


def test_nothing_unread_requests_nothing() -> None:
    record = SiteRecord("s", first_ms=DAY, checkpoint_ms=NOON)
    assert plan.next_unread(None, record, NOON, full=False) is None
    # A clock ahead of the others may note a later time than the checkpoint's.
    ahead = plan.next_unread(NOON + HOUR_MS, record, NOON, full=False)
    assert ahead == plan.Unread(Span(NOON, NOON), Span(NOON, NOON), None)


@given(
    windows,
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 287), st.integers(1, 40)), max_size=5),
    st.integers(1, WINDOWS_PER_DAY),
)
def test_rereads_read_no_time_twice(
    windows_ago: int, full: bool, gaps: list[tuple[int, int]], longest: int
) -> None:
    longest_ms = longest * WINDOW_MS
    checkpoint = DAY + DAY_MS + 6 * HOUR_MS
    record = SiteRecord("s", first_ms=DAY - 60 * DAY_MS, checkpoint_ms=checkpoint, reread_ms=checkpoint)
    thin = {index: 0 for first, count in gaps for index in range(first, first + count)}
    unread = plan.next_unread(checkpoint - windows_ago * WINDOW_MS, record, checkpoint, full=full)
    without = plan.rereads(coverage(thin), record, checkpoint, longest_ms=longest_ms, full=full)
    spans = plan.rereads(coverage(thin), record, checkpoint, longest_ms=longest_ms, full=full, unread=unread)
    assert all(0 < span.length_ms <= longest_ms for span in spans)
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(spans))

    def read(spans: list[Span]) -> set[int]:
        return {window for span in spans for window in range(span.start_ms, span.end_ms, WINDOW_MS)}

    assert read(spans) == read(without) | read([unread.span] if unread else [])


def test_points_are_unread_since_two_listings_ago() -> None:
    assert plan.unlisted_since(None) == 0
    assert plan.unlisted_since(SiteRecord("s")) == 0
    assert plan.unlisted_since(SiteRecord("s", first_ms=DAY, catalog_ms=NOON)) == DAY
    record = SiteRecord("s", first_ms=DAY, catalog_ms=NOON, catalog_before_ms=NOON - HOUR_MS)
    assert plan.unlisted_since(record) == NOON - HOUR_MS - plan.OVERLAP_MS


def test_a_full_reread_covers_24_hours() -> None:
    checkpoint = DAY + DAY_MS + 6 * HOUR_MS
    for first_ms, hours in ((DAY, 24), (checkpoint - 7 * HOUR_MS, 7), (checkpoint, 0)):
        record = SiteRecord("s", first_ms=first_ms, checkpoint_ms=checkpoint, reread_ms=checkpoint)
        spans = plan.rereads(coverage({}), record, checkpoint, longest_ms=HOUR_MS, full=True)
        assert sum(span.length_ms for span in spans) == hours * HOUR_MS
        assert all(span.length_ms <= HOUR_MS for span in spans)


@given(st.integers(0, 60 * 24), st.integers(0, 7), st.integers(0, 17))
def test_a_pause_loses_no_late_reading(paused: int, after: int, late: int) -> None:
    """What arrives up to 17 hours late, before a pause or in it, is read after it arrived."""
    full_ms = DAY + 3 * DAY_MS
    checkpoint = full_ms + (after + paused) * HOUR_MS
    record = SiteRecord("s", first_ms=DAY, full_reread_ms=full_ms, reread_ms=full_ms)
    if not plan.full_reread_due(record, checkpoint):
        return
    spans = plan.rereads(coverage({}), record, checkpoint, longest_ms=HOUR_MS, full=True)
    assert sum(span.length_ms for span in spans) <= 2 * DAY_MS + HOUR_MS
    for hour in range(1 - late, after):
        read_ms = full_ms + hour * HOUR_MS
        assert any(span.start_ms <= read_ms < span.end_ms for span in spans)


@pytest.mark.parametrize("hours", [6, 7])
def test_timely_full_rereads_cover_24_hours(hours: int) -> None:
    checkpoint = DAY + 9 * DAY_MS
    record = SiteRecord("s", first_ms=DAY, full_reread_ms=checkpoint - hours * HOUR_MS)
    spans = plan.rereads(coverage({}), record, checkpoint, longest_ms=HOUR_MS, full=True)
    assert sum(span.length_ms for span in spans) == DAY_MS


def test_events_mean_what_the_contract_says() -> None:
    assert events.parse({}, NOON) == events.EverySite()
    assert events.parse({"site": "s"}, NOON) == events.OneSite("s")
    event = {"site": "s", "start": iso(DAY), "end": iso(DAY + HOUR_MS)}
    assert events.parse(event, NOON) == events.OneSpan("s", Span(DAY, DAY + HOUR_MS))


@pytest.mark.parametrize(
    "event",
    [
        {"site": "../x"},
        {"site": 3},
        {"start": iso(DAY), "end": iso(NOON)},
        {"site": "s", "start": iso(DAY)},
        {"site": "s", "start": iso(NOON), "end": iso(DAY)},
        {"site": "s", "start": iso(NOON), "end": iso(NOON)},
        {"site": "s", "start": "soon", "end": iso(NOON)},
        {"site": "s", "start": None, "end": iso(NOON)},
        {"site": "s", "start": iso(NOON + HOUR_MS), "end": iso(NOON + 2 * HOUR_MS)},
        {"site": "s", "start": iso(DAY - 2 * DAY_MS), "end": iso(DAY)},
        {"sites": ["s"]},
    ],
)
def test_other_events_are_refused(event: dict) -> None:
    with pytest.raises(InvalidRequestError):
        events.parse(event, NOON)


@pytest.mark.parametrize(("hours", "due"), [(0, False), (5, False), (6, True), (7, True)])
def test_points_are_listed_after_the_interval(hours: int, due: bool) -> None:
    record = SiteRecord("s", catalog_ms=NOON)
    assert plan.catalog_due(record, NOON + hours * HOUR_MS, 6 * HOUR_MS) == due
    assert plan.catalog_due(SiteRecord("s"), NOON, 6 * HOUR_MS)
