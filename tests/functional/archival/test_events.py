"""What an archiving event may say."""

from typing import Any

import pytest

from archival.events import EveryDueDay, OneDay, parse
from vitals.errors import InvalidRequestError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import EARLIEST_MS, day_start

NOW = day_start("2026-01-05") + 1


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, EveryDueDay()),
        ({"site": "s", "date": "1990-01-01"}, OneDay(SiteDay("s", EARLIEST_MS))),
        ({"site": "s", "date": "2026-01-05"}, OneDay(SiteDay.parse("s", "2026-01-05"))),
    ],
    ids=str,
)
def test_events_are_parsed(event: dict[str, Any], expected: object) -> None:
    assert parse(event, NOW) == expected


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"site": "s"}, "the event must be {} or"),
        ({"site": "s", "date": "2026-01-01", "force": True}, "the event must be {} or"),
        ({"site": "s", "date": 20260101}, "the event must be {} or"),
        ({"site": "s", "date": "2026-02-30"}, "date must be a day"),
        ({"site": "s", "date": "1989-12-31"}, "date is before 1990-01-01; nothing older is stored"),
        ({"site": "s", "date": "2026-01-06"}, "date is in the future"),
        ({"site": "no/site", "date": "2026-01-01"}, "a site name must have"),
    ],
)
def test_malformed_events_are_refused(event: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequestError, match=text):
        parse(event, NOW)
