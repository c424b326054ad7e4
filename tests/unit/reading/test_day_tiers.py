"""Which tier serves each day, and which days are read consistently."""

import itertools
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.day_tiers import DayRun, must_be_consistent, plan_parts

NOW = 1_767_225_600_000


def archived(day: int, **facts) -> ArchiveRecord:
    """A day that was written to and archived long ago, with an expiry that is long ahead."""
    long_ago = NOW - 100 * DAY_MS
    old = {"changed_ms": long_ago, "began_ms": long_ago + HOUR_MS, "status": "done", "etag": "e"}
    old |= {"expires_ms": NOW + DAY_MS, "seconds": 9.5}
    return ArchiveRecord(NOW + day * DAY_MS, **(old | facts))


def runs_of(planned: Iterable[DayRun]) -> list[tuple[float, float, bool]]:
    """Runs in days since NOW."""
    return [
        ((run.span.start_ms - NOW) / DAY_MS, (run.span.end_ms - NOW) / DAY_MS, run.consistent)
        for run in planned
    ]


def test_days_that_change_are_read_consistently() -> None:
    span = Span(NOW - 5 * DAY_MS, NOW + HOUR_MS)
    recent = {"changed_ms": NOW - 29 * MINUTE_MS}
    days = [archived(-5), archived(-4), archived(-3, **recent), archived(-2), archived(0, **recent)]
    parts = plan_parts(span, days, NOW, rollups=False)
    assert runs_of(parts.hot) == [(-5, -3, False), (-3, -2, True), (-2, -1, False), (0, 1 / 24, True)]
    parts = plan_parts(span, days, NOW, rollups=True)
    assert runs_of(parts.rollup) == [(-5, -3, False), (-2, -1, False)]
    assert runs_of(parts.hot) == [(-3, -2, True), (0, 1 / 24, True)]


def test_rollups_just_written_are_read_consistently() -> None:
    """A day is quiet half an hour after its archiving has ended, however long that took."""
    for seconds, minutes, consistent in (
        (60, 30, True),
        (60, 32, False),
        (1200, 32, True),
        (1200, 51, False),
    ):
        day = archived(-1, began_ms=NOW - minutes * MINUTE_MS, seconds=float(seconds))
        parts = plan_parts(Span(NOW - DAY_MS, NOW), [day], NOW, rollups=True)
        assert runs_of(parts.rollup) == [(-1, 0, consistent)]
        assert must_be_consistent([archived(-2), day], NOW) is consistent


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-90, 5)), unique_by=lambda day: day[0]))
def test_runs_have_every_day_once(changes: list[tuple[int, int]]) -> None:
    records = [archived(day, changed_ms=NOW + minutes * MINUTE_MS) for day, minutes in sorted(changes)]
    span = Span(NOW + HOUR_MS, NOW + 6 * DAY_MS + HOUR_MS)
    parts = plan_parts(span, records, NOW, rollups=False)
    read = {
        day_ms: run.consistent
        for run in parts.hot
        for day_ms in range(run.span.start_ms - run.span.start_ms % DAY_MS, run.span.end_ms, DAY_MS)
    }
    assert read == {record.day_ms: not record.is_quiet(NOW) for record in records}
    assert all(span.start_ms <= run.span.start_ms < run.span.end_ms <= span.end_ms for run in parts.hot)
    # Neighbours that are read alike are one run.
    for earlier, later in itertools.pairwise(parts.hot):
        assert earlier.span.end_ms < later.span.start_ms or earlier.consistent != later.consistent
