"""Copies of footers (moto): they save a request per file, and no answer depends on them."""

from collections.abc import Callable
from typing import Any

import boto3
import numpy as np
import pytest
import zstandard

from tests.support.day_files import SITE, START, Series, bits, bits_of, build
from vitals.aws.cost import Cost
from vitals.codec.day_file import Group
from vitals.errors import DayFileMissingError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span
from vitals.store import keys
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored
from vitals.store.tiers.footers import FooterTable

BUCKET, TABLE = "archive", "StateTable"
SITE_DAY = SiteDay(SITE, START)
WHOLE_DAY = Span(START, START + DAY_MS)
NAME = "p042"
BEGAN = START + DAY_MS


def series(seed: int, points: int = 120) -> Series:
    random = np.random.default_rng(seed)
    times = range(START, START + 100 * 60_000, 60_000)
    return {
        f"p{i:03d}": dict(zip(times, random.normal(size=100).tolist(), strict=True)) for i in range(points)
    }


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def table(aws: None) -> FooterTable:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return FooterTable(client, TABLE)


@pytest.fixture
def cold(s3: Any, table: FooterTable) -> Callable[[], ColdTier]:
    """Makes a tier that has read nothing yet."""
    return lambda: ColdTier(s3, BUCKET, footers=table)


def stored(tier: ColdTier, source: Series, replaces: Stored | None = None) -> Stored:
    data, written = build(source, size=10)
    return tier.put(SITE_DAY, data, written.contents, replaces)


def answered(tier: ColdTier) -> tuple[dict[tuple[str, int], bytes], Cost]:
    """Returns what a read of one point answers, and what it cost."""
    cost = Cost()
    tier.load_footers(SITE, [START], cost)
    samples = tier.read(SITE_DAY, [NAME], WHOLE_DAY, cost)
    return bits_of([Group([NAME], samples)]), cost


def of_point(source: Series) -> dict[tuple[str, int], bytes]:
    return bits({NAME: source[NAME]})


def test_a_copy_saves_the_request_for_the_footer(cold: Callable[[], ColdTier]) -> None:
    tier, source = cold(), series(1)
    file = stored(tier, source)
    samples, without = answered(cold())
    tier.copy_footer(SITE_DAY, file, BEGAN)
    assert answered(cold())[0] == samples == of_point(source)
    # The query for the copies, then the tail and the row group, or the row group only.
    assert (without.requests, answered(cold())[1].requests) == (3, 2)


def test_a_replaced_file_has_its_own_footer(cold: Callable[[], ColdTier]) -> None:
    tier, newer = cold(), series(2, points=70)
    file = stored(tier, series(1))
    tier.copy_footer(SITE_DAY, file, BEGAN)
    stored(tier, newer, file)
    assert answered(cold())[0] == of_point(newer)


def test_a_point_missing_in_a_copy_is_read(cold: Callable[[], ColdTier]) -> None:
    tier, newer = cold(), series(2)
    file = stored(tier, series(1, points=30))
    tier.copy_footer(SITE_DAY, file, BEGAN)
    stored(tier, newer, file)
    assert answered(cold())[0] == of_point(newer)


def test_a_copy_without_a_file_answers_nothing(cold: Callable[[], ColdTier], s3: Any) -> None:
    tier = cold()
    tier.copy_footer(SITE_DAY, stored(tier, series(1)), BEGAN)
    s3.delete_object(Bucket=BUCKET, Key=keys.day_file(SITE_DAY))
    with pytest.raises(DayFileMissingError):
        answered(cold())


@pytest.mark.parametrize(
    ("damage", "value"),
    [
        ("SET b = :value", {"B": b""}),
        ("SET b = :value", {"B": b"no zstd"}),
        ("SET b = :value", {"B": zstandard.compress(b"no footer")}),
        ("SET b = :value", {"N": "1"}),
        ("SET z = :value", {"N": "1000"}),
        ("SET z = :value", {"S": "1000"}),
        *((f"REMOVE {name}", None) for name in "beiz"),
    ],
)
def test_a_damaged_copy_is_as_none(
    cold: Callable[[], ColdTier], damage: str, value: dict[str, Any] | None
) -> None:
    tier, source = cold(), series(1)
    tier.copy_footer(SITE_DAY, stored(tier, source), BEGAN)
    used = {"ExpressionAttributeValues": {":value": value}} if value else {}
    boto3.client("dynamodb").update_item(
        TableName=TABLE, Key=keys.footer(SITE_DAY), UpdateExpression=damage, **used
    )
    assert answered(cold())[0] == of_point(source)


def test_a_wrong_bit_is_as_no_copy(table: FooterTable) -> None:
    client = boto3.client("dynamodb")
    data, _ = build(series(1), size=10)
    footer, version = data[-int.from_bytes(data[-8:-4], "little") - 8 :], Stored("e", "v", len(data))
    table.write(SITE_DAY, version, footer, BEGAN)
    item = client.get_item(TableName=TABLE, Key=keys.footer(SITE_DAY))["Item"]
    body = item["b"]["B"]
    for bit in [*range(12 * 8), *range(12 * 8, len(body) * 8, 151)]:
        wrong = bytearray(body)
        wrong[bit // 8] ^= 1 << bit % 8
        client.put_item(TableName=TABLE, Item={**item, "b": {"B": bytes(wrong)}})
        copies = table.read(SITE, WHOLE_DAY, Cost())
        assert copies in ({}, {START: (version, footer)})


def test_the_footer_of_another_file_is_as_none(cold: Callable[[], ColdTier], table: FooterTable) -> None:
    """Its row groups are elsewhere, or of other points."""
    tier, source = cold(), series(1)
    version = stored(tier, source)
    data, _ = build(series(2, points=400), size=10)
    length = int.from_bytes(data[-8:-4], "little") + 8
    table.write(SITE_DAY, version, data[-length:], BEGAN)
    assert answered(cold())[0] == of_point(source)


def test_the_copy_of_a_later_archiving_remains(table: FooterTable) -> None:
    for etag, began_ms in (("a", BEGAN), ("c", BEGAN + 2), ("b", BEGAN + 1), ("c2", BEGAN + 2)):
        table.write(SITE_DAY, Stored(etag, "v", 9), b"footer", began_ms)
    assert table.read(SITE, WHOLE_DAY, Cost()) == {START: (Stored("c2", "v", 9), b"footer")}


def test_only_the_days_of_a_span_are_read(table: FooterTable) -> None:
    for number in range(4):
        table.write(SiteDay(SITE, START + number * DAY_MS), Stored(str(number), "", 9), b"x", BEGAN)
    span = Span(START + DAY_MS, START + 3 * DAY_MS)
    assert [copy.etag for copy, _ in table.read(SITE, span, Cost()).values()] == ["1", "2"]


def test_a_footer_too_large_is_not_copied(table: FooterTable) -> None:
    table.write(SITE_DAY, Stored("a", "", 9), np.random.default_rng(1).bytes(500_000), BEGAN)
    assert table.read(SITE, WHOLE_DAY, Cost()) == {}
