"""An export's read of an unsettled day, while a backfill replaces the day's file."""

from pathlib import Path

import pytest

from tests.support.archives import Archives
from tests.support.day_files import build
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span, day_start
from vitals.reading.bulk.day_rows import DayRows
from vitals.reading.bulk.request import BulkRequest
from vitals.store.tiers.hot import HotTier

SITE, DATE = "home", "2026-01-01"
START = day_start(DATE)
EXPIRY = START + 40 * DAY_MS


@pytest.fixture
def archives(aws: None) -> Archives:
    """One sample, 1.0 in the day's file and 2.0 in a block that is about to expire."""
    archives = Archives()
    archives.configure(SITE, ["a"])
    archives.write(SITE, {"a": {START: 1.0}})
    hot = HotTier(archives.dynamodb, "HotTable")
    hot.write(SITE, from_columns([0], [START], [2.0]), START)
    _, blocks = hot.read_group(SITE, 0, SiteDay.parse(SITE, DATE).span, START)
    assert hot.expire(SITE, blocks, EXPIRY // 1000) == 0
    return archives


def test_expired_blocks_do_not_hide_newer_files(archives: Archives, tmp_path: Path) -> None:
    times = iter([EXPIRY - 1, EXPIRY + 10 * MINUTE_MS])

    def now() -> int:
        now_ms = next(times)
        if now_ms < EXPIRY:
            archives.put(SITE, DATE, build({"a": {START: 3.0}}, site=SITE, day=DATE)[0])
        return now_ms

    days = DayRows(
        hot=HotTier(archives.dynamodb, "HotTable"),
        cold=archives.cold,
        catalogs=archives.catalogs,
        ledger=archives.ledger,
        now=now,
    )
    span = Span(START, START + DAY_MS)
    request = BulkRequest(SITE, span, None, (), tmp_path, "unused", 60, lambda: None)
    [batch] = days.read(request).batches
    assert batch.column("value").to_pylist() == [3.0]
