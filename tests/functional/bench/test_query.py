"""The measurement of a hot read: it compares the answer with the day that it wrote."""

from bench import query
from vitals.model.points import Catalog, ListedPoint
from vitals.model.samples import from_columns
from vitals.model.timespan import DAY_MS, MINUTE_MS

NOW_MS = 1_767_225_600_000


def test_a_day_takes_one_request(monkeypatch) -> None:
    # The bench replaces it; this restores it.
    monkeypatch.setattr(query.app.api, "connect", query.app.api.connect)
    times = range(NOW_MS - DAY_MS, NOW_MS, MINUTE_MS)
    day = from_columns([0] * len(times), times, map(float, range(len(times))))
    figures = query.figures(day, Catalog().refreshed([ListedPoint("p")]), NOW_MS - DAY_MS)
    assert (figures["samples"], figures["requests"], figures["requests_live"]) == (1_440, 1, 1)
