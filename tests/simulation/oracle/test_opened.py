"""Operating hours are those that local clocks show."""

import pytest

from tests.simulation.oracle.fetches import Expected
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.opened import Opened, OpenHours
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start

# A Friday; in London clocks go back on the Sunday after it, at 01:00 UTC.
FRIDAY = day_start("2026-10-23")


def hours(zone: str, text: str | None, days: str | None, span: Span) -> list[tuple[float, float]]:
    """Returns the open parts of a span as hours after its start."""
    return [
        ((part.start_ms - span.start_ms) / HOUR_MS, (part.end_ms - span.start_ms) / HOUR_MS)
        for part in OpenHours(zone, text, days).parts(span)
    ]


@pytest.mark.parametrize(
    ("zone", "text", "days", "expected"),
    [
        ("UTC", None, None, [(0, 72)]),
        ("UTC", "06:00-18:00", None, [(6, 18), (30, 42), (54, 66)]),
        ("UTC", "08:15-17:30", "mon-fri", [(8.25, 17.5)]),
        ("UTC", "22:00-06:00", "fri-mon", [(22, 30), (46, 54), (70, 72)]),
        ("UTC", None, "sat,sun", [(24, 48), (48, 72)]),
        ("Europe/London", "22:00-06:00", "sat", [(45, 54)]),
        ("Asia/Kathmandu", "06:00-18:00", "sat", [(24.25, 36.25)]),
    ],
)
def test_parts_are_within_local_hours(
    zone: str, text: str | None, days: str | None, expected: list[tuple[float, float]]
) -> None:
    assert hours(zone, text, days, Span(FRIDAY, FRIDAY + 3 * DAY_MS)) == expected


@pytest.mark.parametrize("zone", ["Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
@pytest.mark.parametrize("text", ["00:00-24:00", "22:00-06:00"])
def test_parts_of_quarters_are_those_of_days(zone: str, text: str) -> None:
    quarters = range(FRIDAY, FRIDAY + 2 * DAY_MS, 15 * MINUTE_MS)
    spans = [Span(start_ms, start_ms + 15 * MINUTE_MS) for start_ms in quarters]
    lengths = [sum(part.length_ms for part in OpenHours(zone, text).parts(span)) for span in spans]
    whole = OpenHours(zone, text).parts(Span(FRIDAY, FRIDAY + 2 * DAY_MS))
    assert sum(lengths) == sum(part.length_ms for part in whole) > 0


def point(text: str | None = None) -> Opened:
    """Returns a point with samples at 00:00, 00:10, 00:20 and 01:00, held for 15 minutes."""
    times = {FRIDAY + minute * MINUTE_MS: {value} for minute, value in ((0, 0), (10, 1), (20, 4), (60, 9))}
    return Opened(Line(Expected(set(times), times), 15 * MINUTE_MS), OpenHours("UTC", text))  # type: ignore[arg-type]


def test_only_open_parts_count() -> None:
    span = Span(FRIDAY, FRIDAY + 2 * HOUR_MS)
    assert point().values(span) == [0, 1, 4, 9]
    assert point().held(span).length_ms == 50 * MINUTE_MS
    some = point("00:05-00:15")
    assert some.values(span) == [1]
    assert some.length_ms(span) == some.held(span).length_ms == 10 * MINUTE_MS
    assert (some.starts(span), some.increase(span)) == (1, 1)


def test_values_around_a_time_are_near() -> None:
    at = [point().at(FRIDAY + minute * MINUTE_MS) for minute in (-1, 0, 25, 35, 36, 60)]
    assert at == [None, 0, 4, 4, None, 9]
    between = [point().between(FRIDAY + minute * MINUTE_MS) for minute in (-1, 5, 10, 40, 61)]
    assert between == [None, 0.5, 1, None, None]
