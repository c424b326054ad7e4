"""The lag that the sync reports: that of the enabled site which is furthest behind."""

import pytest

from etl.report import largest_lag_s
from vitals.model.records.sites import SiteRecord

NOW = 1_767_225_600_000


def site(name: str, checkpoint_ms: int | None, reread_ms: int | None = NOW) -> SiteRecord:
    return SiteRecord(name, checkpoint_ms=checkpoint_ms, reread_ms=reread_ms)


@pytest.mark.parametrize(
    ("sites", "largest"),
    [
        ([], ("", 0.0)),
        ([site("new", None, None)], ("", 0.0)),
        ([site("not caught up", NOW - 9_000, None)], ("", 0.0)),
        ([site("a", NOW - 61_000), site("b", NOW - 361_000), site("c", NOW - 5_000)], ("b", 361.0)),
        ([site("a", NOW - 61_000), site("not caught up", NOW - 999_000, None)], ("a", 61.0)),
    ],
)
def test_the_slowest_site_has_the_lag(sites: list[SiteRecord], largest: tuple[str, float]) -> None:
    assert largest_lag_s(sites, NOW) == largest
