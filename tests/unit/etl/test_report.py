"""The lag that the sync reports: that of the enabled site which is furthest behind."""

import pytest

from etl.report import largest_lag_s
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import HOUR_MS

NOW = 1_767_225_600_000


LOOKBACK = 24 * HOUR_MS


def site(name: str, checkpoint_ms: int | None, reread_ms: int | None = NOW) -> SiteRecord:
    return SiteRecord(name, checkpoint_ms=checkpoint_ms, reread_ms=reread_ms)


def added(name: str, hours: int) -> SiteRecord:
    return SiteRecord(name, status="enabled", status_ms=NOW - hours * HOUR_MS)


@pytest.mark.parametrize(
    ("sites", "largest"),
    [
        ([], ("", 0.0)),
        ([site("new", None, None)], ("new", 0.0)),
        ([added("new", 1)], ("new", 0.0)),
        ([added("never synced", 3)], ("never synced", 7_200.0)),
        ([site("catching up", NOW - 23 * HOUR_MS, None)], ("catching up", 0.0)),
        ([site("stands still", NOW - 25 * HOUR_MS, None)], ("stands still", 3_600.0)),
        ([site("a", NOW - 61_000), site("b", NOW - 361_000), site("c", NOW - 5_000)], ("b", 361.0)),
        ([site("a", NOW - 61_000), site("not caught up", NOW - 999_000, None)], ("a", 61.0)),
    ],
)
def test_the_slowest_site_has_the_lag(sites: list[SiteRecord], largest: tuple[str, float]) -> None:
    assert largest_lag_s(sites, NOW, LOOKBACK) == largest
