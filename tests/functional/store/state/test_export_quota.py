"""The bytes that exports reserve, by requests that race and answers that are lost."""

import random
from typing import Any

import pytest

from tests.support.lost_answers import LostAnswer
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store import keys
from vitals.store.state.export_quota import ExportQuota

DAY = SiteDay.parse("mill", "2026-01-05")
LIMIT = 1_000


@pytest.fixture
def quota(dynamodb: Any) -> ExportQuota:
    return ExportQuota(dynamodb, "StateTable")


def test_the_sum_never_exceeds_the_limit(quota: ExportQuota) -> None:
    sizes = random.Random(1)
    total = 0
    for number in range(60):
        size = sizes.randint(0, 120)
        assert quota.reserve(DAY, f"export-{number}", size, LIMIT) == (total + size <= LIMIT)
        total += size if total + size <= LIMIT else 0
        assert quota.reserved(DAY) == total
    assert total > 0.9 * LIMIT


def test_sites_and_days_have_their_own(quota: ExportQuota) -> None:
    assert quota.reserve(DAY, "a", LIMIT, LIMIT)
    assert not quota.reserve(DAY, "b", 1, LIMIT)
    assert quota.reserve(SiteDay("mill", DAY.day_ms + DAY_MS), "b", LIMIT, LIMIT)
    assert quota.reserve(SiteDay("shop", DAY.day_ms), "b", LIMIT, LIMIT)


def test_more_than_the_limit_leaves_no_record(quota: ExportQuota, dynamodb: Any) -> None:
    assert not quota.reserve(DAY, "a", LIMIT + 1, LIMIT)
    assert dynamodb.scan(TableName="StateTable")["Items"] == []


@pytest.mark.parametrize("sizes", [(LIMIT,), (100, LIMIT - 100)])
def test_a_lost_answer_reserves_once(quota: ExportQuota, sizes: tuple[int, ...]) -> None:
    for number, size in enumerate(sizes):
        with LostAnswer("UpdateItem", number=0).patched():
            assert quota.reserve(DAY, f"export-{number}", size, LIMIT)
    assert quota.reserved(DAY) == LIMIT
    with LostAnswer("UpdateItem", number=0).patched():
        assert not quota.reserve(DAY, "another", 1, LIMIT)


def test_a_record_expires_after_its_day(quota: ExportQuota, dynamodb: Any) -> None:
    quota.reserve(DAY, "a", 1, LIMIT)
    item = dynamodb.get_item(TableName="StateTable", Key=keys.export_quota(DAY))["Item"]
    assert int(item["expires_at"]["N"]) * 1000 == DAY.day_ms + 2 * DAY_MS
