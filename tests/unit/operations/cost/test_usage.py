"""The formulas of a month's usage."""

from dataclasses import replace

import pytest

from operations.cost import assumptions as assumed
from operations.cost import bill, facts, usage
from operations.cost.units import EVENTS
from operations.release import overrides, samconfig
from operations.template import load

FACTS = facts.read(load(), dict(pair.split("=", 1) for pair in overrides(samconfig(), "prod")))
SYNC = next(event for event in EVENTS if event.name == "sync")
ARCHIVE = next(event for event in EVENTS if event.name == "archive")
FULL = next(event for event in EVENTS if event.name == "full re-read")


def quantity(lines: list[bill.Line], price: str, cause: str) -> float:
    return sum(line.quantity for line in lines if (line.price, line.cause) == (price, cause))


def test_each_block_is_written_and_marked_once() -> None:
    site = usage.site(FACTS, 4_608)
    blocks = 72 * 288 * assumed.DAYS
    marks = quantity(site, "DYNAMODB_WRITE_UNIT", "expiry marks")
    assert marks == pytest.approx(blocks, rel=0.01)
    written = quantity(site, "DYNAMODB_WRITE_UNIT", "blocks written")
    # The weather of a sync is one more block, most of the time.
    assert blocks < written < blocks + 2 * 288 * assumed.DAYS


def test_each_point_has_a_rollup_a_day() -> None:
    written = quantity(usage.site(FACTS, 4_608), "DYNAMODB_WRITE_UNIT", "rollups")
    assert written == pytest.approx(4_608 * assumed.DAYS, rel=0.02)


@pytest.mark.parametrize(
    ("points", "sync_pages", "day_pages", "listing"),
    [(225, 1, 1, 3), (1_000, 1, 3, 10), (4_583, 1, 14, 46), (6_000, 2, 18, 60)],
)
def test_requests_to_ace_are_pages(points: int, sync_pages: int, day_pages: int, listing: int) -> None:
    hourly = replace(FACTS, catalog_hours=1)
    of_sync = usage.requests_of(hourly, SYNC, points)
    assert of_sync == pytest.approx(sync_pages + 1 + (1 + listing) * 24 / 288)
    assert usage.requests_of(hourly, ARCHIVE, points) == day_pages
    # Each page of a full re-read is a message.
    assert usage.requests_of(hourly, FULL, points) == 1
    assert usage.per_day(FULL, points) == 4 * day_pages


def test_waiting_and_computing_are_billed_by_memory() -> None:
    whole, half = (_with_etl_memory(mb) for mb in (assumed.FULL_CPU_MB, assumed.FULL_CPU_MB // 2))
    waits = usage.ace_seconds_of(whole, SYNC, 4_583)
    difference = usage.seconds_of(half, SYNC, 4_583) - usage.seconds_of(whole, SYNC, 4_583)
    assert difference == pytest.approx(SYNC.cpu_s.of(4_583 / 64), rel=0.01)
    assert usage.seconds_of(whole, SYNC, 4_583) > waits


def test_requests_at_once_are_one_wait() -> None:
    never = replace(FACTS, catalog_hours=10**9)
    assert usage.requests_of(never, SYNC, 4_583) == pytest.approx(2)
    assert usage.ace_seconds_of(never, SYNC, 4_583) == pytest.approx(assumed.ACE_REQUEST_S)
    assert usage.ace_seconds_of(never, FULL, 4_583) == assumed.ACE_REQUEST_S
    four_pages = 16_000
    assert usage.ace_seconds_of(never, SYNC, four_pages) == pytest.approx(2 * assumed.ACE_REQUEST_S)


def test_a_listing_waits_page_by_page() -> None:
    hourly, never = (replace(FACTS, catalog_hours=hours) for hours in (1, 10**9))
    difference = usage.ace_seconds_of(hourly, SYNC, 4_583) - usage.ace_seconds_of(never, SYNC, 4_583)
    assert difference == pytest.approx(47 * 24 / 288 * assumed.ACE_REQUEST_S)


def test_rereads_need_less_than_a_workers_pace() -> None:
    """The bill has no wait for it."""
    interval_s = 60 * FACTS.sync_concurrency / FACTS.requests_per_minute
    requests = usage.requests_of(FACTS, FULL, 4_583)
    assert usage.seconds_of(FACTS, FULL, 4_583) > requests * interval_s


def test_an_archiving_waits_for_its_slots() -> None:
    slow, fast = (replace(FACTS, requests_per_minute=number) for number in (12, 60))
    assert usage.ace_seconds_of(slow, ARCHIVE, 4_583) == pytest.approx(14 * 5)
    assert usage.ace_seconds_of(fast, ARCHIVE, 4_583) == pytest.approx(14 * assumed.ACE_REQUEST_S)


def test_each_page_of_a_reread_reserves_a_slot() -> None:
    small, large = (
        quantity(usage.of_event(FACTS, FULL.name, points), "DYNAMODB_WRITE_UNIT", "state")
        for points in (225, 4_583)
    )
    assert large == pytest.approx(14 * small)


def test_a_reread_reads_each_block_once() -> None:
    """However many messages it takes."""
    read = quantity(usage.site(FACTS, 4_608), "DYNAMODB_READ_UNIT", "blocks read: full re-read")
    assert read == pytest.approx(
        FULL.used["HotTable read of blocks"].of(72 * 24) * 4 * assumed.DAYS, rel=0.01
    )


def test_arm_costs_a_fifth_less() -> None:
    arm = replace(FACTS, arm_functions=frozenset(FACTS.memory_mb))
    x86 = replace(FACTS, arm_functions=frozenset())
    ratio = _lambda_seconds(usage.site(arm, 640)) / _lambda_seconds(usage.site(x86, 640))
    assert ratio == pytest.approx(0.8, abs=0.001)


def test_polling_is_five_requests_of_20_s() -> None:
    polls = quantity(usage.stack(FACTS), "SQS_REQUEST", "polling of empty queues")
    assert polls == FACTS.queues * 5 * 3 * 60 * 24 * assumed.DAYS


def test_storage_is_that_of_a_year() -> None:
    stored = quantity(usage.site(FACTS, 4_583), "S3_STORAGE_GB_MONTH", "storage of day files")
    assert 2 < stored < 8


def test_recovery_costs_only_what_has_it() -> None:
    without = usage.site(replace(FACTS, backed_up=frozenset()), 4_583)
    assert not any(line.price == "DYNAMODB_BACKUP_GB_MONTH" for line in without)


def test_queries_cost_in_proportion() -> None:
    assert bill.total(usage.queries(FACTS, 20_000)) == pytest.approx(
        2 * bill.total(usage.queries(FACTS, 10_000))
    )


def _with_etl_memory(memory_mb: int) -> facts.Facts:
    return replace(FACTS, memory_mb={**FACTS.memory_mb, "EtlFunction": memory_mb})


def _lambda_seconds(lines: list[bill.Line]) -> float:
    return sum(line.dollars for line in lines if line.price.endswith("GB_SECOND"))
