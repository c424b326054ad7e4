import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span

days = st.integers(-719_162, 2_932_896).map(lambda number: number * DAY_MS)


@given(days)
def test_a_date_parses_to_its_day(day_ms: int) -> None:
    day = SiteDay("home", day_ms)
    assert SiteDay.parse("home", day.date) == day


@given(days, st.integers(0, DAY_MS - 1))
def test_every_time_of_a_day_gives_that_day(day_ms: int, offset_ms: int) -> None:
    day = SiteDay.containing("home", day_ms + offset_ms)
    assert day == SiteDay("home", day_ms)
    assert day.span == Span(day_ms, day_ms + DAY_MS)


def test_a_day_is_written_as_site_and_date() -> None:
    assert str(SiteDay("home", 0)) == "home, 1970-01-01"


def test_days_sort_and_hash_by_site_and_time() -> None:
    a0, a1, b0 = SiteDay("a", 0), SiteDay("a", DAY_MS), SiteDay("b", 0)
    assert sorted([b0, a1, a0]) == [a0, a1, b0]
    assert len({a0, a1, b0, SiteDay("a", 0)}) == 3


@pytest.mark.parametrize("date", ["", "2026-1-1", "2026-02-30", "2026-01-01T00:00", "20260101"])
def test_text_that_is_not_a_day_is_refused(date: str) -> None:
    with pytest.raises(ValueError):
        SiteDay.parse("home", date)
