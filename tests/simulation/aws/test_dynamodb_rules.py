"""Rules of DynamoDB that moto does not have, and what the simulation decides."""

from typing import Any

import pytest

from tests.simulation.aws.dynamodb_short_calls import (
    batch,
    hot,
    put,
    query,
    refused,
    simulated,
    state,
    transact,
    update,
    windows,
)
from tests.support.clock import Clock

KIB = 1024


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_reads_may_be_stale(clock: Clock) -> None:
    dynamodb = simulated(clock, stale_ms=lambda: 1_000)
    put(dynamodb, hot(1) | {"r": {"N": "1"}})
    clock.now_ms += 10_000
    put(dynamodb, hot(1) | {"r": {"N": "2"}})
    put(dynamodb, hot(2))
    assert [item.get("r") for item in query(dynamodb)["Items"]] == [{"N": "1"}]
    assert [item.get("r") for item in query(dynamodb, ConsistentRead=True)["Items"]] == [{"N": "2"}, None]
    assert batch(dynamodb, [hot(1), hot(2)])["Responses"]["HotTable"] == [hot(1) | {"r": {"N": "1"}}]
    assert len(batch(dynamodb, [hot(1), hot(2)], ConsistentRead=True)["Responses"]["HotTable"]) == 2
    get = {"TableName": "HotTable", "Key": hot(2)}
    assert dynamodb.call("get_item", get) == {}
    assert dynamodb.call("get_item", get | {"ConsistentRead": True}) == {"Item": hot(2)}
    clock.now_ms += 1_000
    assert windows(query(dynamodb)) == [1, 2]


def test_stale_reads_show_deleted_items(clock: Clock) -> None:
    dynamodb = simulated(clock, stale_ms=lambda: 60_000)
    put(dynamodb, hot(1))
    clock.now_ms += 10_000
    dynamodb.call("delete_item", {"TableName": "HotTable", "Key": hot(1)})
    clock.now_ms += 4_999
    assert windows(query(dynamodb)) == [1]
    clock.now_ms += 1
    assert windows(query(dynamodb)) == []
    put(dynamodb, hot(2))
    assert [item["w"]["N"] for item in dynamodb.items("HotTable")] == ["2"]


def test_calls_show_one_moment(clock: Clock) -> None:
    calls: list[int] = []
    dynamodb = simulated(clock, stale_ms=lambda: calls.append(1) or 0)  # type: ignore[func-returns-value]
    put(dynamodb, hot(1))
    query(dynamodb)
    batch(dynamodb, [hot(1), hot(2)])
    query(dynamodb, ConsistentRead=True)
    assert len(calls) == 2


def test_keys_may_stay_unprocessed() -> None:
    dynamodb = simulated(unprocessed=lambda: True)
    keys = [hot(window) for window in range(10)]
    for key in keys:
        put(dynamodb, key)
    read: list[Any] = []
    request: Any = {"HotTable": {"Keys": keys, "ConsistentRead": True}}
    rounds = 0
    while request:
        page = dynamodb.call("batch_get_item", {"RequestItems": request})
        assert page["Responses"]["HotTable"]
        read += page["Responses"]["HotTable"]
        request, rounds = page["UnprocessedKeys"], rounds + 1
    assert rounds > 1
    assert sorted(int(item["w"]["N"]) for item in read) == list(range(10))


def test_batches_end_at_16_mb() -> None:
    dynamodb = simulated()
    keys = [hot(window) for window in range(50)]
    for key in keys:
        put(dynamodb, key | {"b": {"B": bytes(399 * KIB)}})
    page = batch(dynamodb, keys, ConsistentRead=True)
    assert len(page["Responses"]["HotTable"]) == 41
    assert len(page["UnprocessedKeys"]["HotTable"]["Keys"]) == 9
    assert page["UnprocessedKeys"]["HotTable"]["ConsistentRead"] is True


def test_items_end_at_400_kb() -> None:
    dynamodb = simulated()
    # "pk", "site#a", "sk", "x" and "b" are 12 bytes.
    largest = bytes(400 * KIB - 12)
    put(dynamodb, state("x") | {"b": {"B": largest}})
    update(dynamodb, "SET b = :b", {":b": {"B": largest}})
    assert refused(put, dynamodb, state("x") | {"b": {"B": largest + b"1"}}) == "ValidationException"
    too_large = {":b": {"B": largest + b"1"}}
    assert refused(update, dynamodb, "SET b = :b", too_large) == "ValidationException"
    assert dynamodb.get("StateTable", state("x")) == state("x") | {"b": {"B": largest}}


def test_pages_end_at_1_mb() -> None:
    dynamodb = simulated()
    for window in range(4):
        put(dynamodb, hot(window) | {"b": {"B": bytes(300 * KIB)}})
    page = query(dynamodb)
    assert (windows(page), page["LastEvaluatedKey"]) == ([0, 1, 2], hot(2))
    last = query(dynamodb, ExclusiveStartKey=hot(2))
    assert (windows(last), "LastEvaluatedKey" in last) == ([3], False)
    backward = query(dynamodb, ScanIndexForward=False, ExclusiveStartKey=hot(2))
    assert windows(backward) == [1, 0]


def test_reached_limits_have_another_page() -> None:
    dynamodb = simulated()
    put(dynamodb, hot(1))
    page = query(dynamodb, Limit=1)
    assert page["LastEvaluatedKey"] == hot(1)
    assert query(dynamodb, Limit=1, ExclusiveStartKey=hot(1)) == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_scans_go_on_page_by_page() -> None:
    dynamodb = simulated()
    keys = [hot(window, f"a#{group}") for group in range(5) for window in range(3)]
    for key in keys:
        put(dynamodb, key)
    read: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        page = dynamodb.call("scan", {"TableName": "HotTable", "Limit": 4} | start)
        read += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(map(str, read)) == sorted(map(str, keys))


def test_numbers_sort_by_value() -> None:
    dynamodb = simulated()
    for window in (10, 9, -5, 1_700_000_000_000, 0):
        put(dynamodb, hot(window))
    assert windows(query(dynamodb)) == [-5, 0, 9, 10, 1_700_000_000_000]
    between = {":pk": {"S": "a#1"}, ":low": {"N": "-5.5"}, ":high": {"N": "9.0"}}
    page = query(
        dynamodb,
        KeyConditionExpression="pk = :pk AND w BETWEEN :low AND :high",
        ExpressionAttributeValues=between,
    )
    assert windows(page) == [-5, 0, 9]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "1"),
        ("-0", "0"),
        ("007", "7"),
        ("1.50", "1.5"),
        ("1E+3", "1000"),
        ("1e-07", "0.0000001"),
        ("9" * 38, "9" * 38),
    ],
)
def test_numbers_are_canonical(text: str, canonical: str) -> None:
    dynamodb = simulated()
    put(dynamodb, state("x") | {"n": {"N": text}})
    assert dynamodb.get("StateTable", state("x")) == state("x") | {"n": {"N": canonical}}


def test_transactions_are_repeated_by_token(clock: Clock) -> None:
    """botocore sends the same token with each attempt of one call."""
    dynamodb = simulated(clock)
    entry = {
        "Put": {"TableName": "HotTable", "Item": hot(1), "ConditionExpression": "attribute_not_exists(pk)"}
    }
    request = {"TransactItems": [entry], "ClientRequestToken": "token"}
    assert dynamodb.call("transact_write_items", request) == {}
    assert dynamodb.call("transact_write_items", request) == {}
    other = {"ClientRequestToken": "token"}
    assert refused(transact, dynamodb, [hot(2)], **other) == "IdempotentParameterMismatchException"
    clock.now_ms += 600_000
    assert refused(dynamodb.call, "transact_write_items", request) == "TransactionCanceledException"


def test_reaping_deletes_chosen_expired_items(clock: Clock) -> None:
    dynamodb = simulated(clock)
    now_s = clock.now_ms // 1000
    for window, expires_at in enumerate((now_s - 1, now_s, now_s - 9, 0)):
        put(dynamodb, hot(window) | {"expires_at": {"N": str(expires_at)}})
    put(dynamodb, hot(4) | {"expires_at": {"S": "1"}})
    put(dynamodb, hot(5))
    choices = iter((True, False))
    assert dynamodb.reap("HotTable", "expires_at", lambda: next(choices)) == 1
    assert windows(query(dynamodb)) == [1, 2, 3, 4, 5]


def test_callers_do_not_share_items() -> None:
    dynamodb = simulated()
    item = state("x") | {"scopes": {"SS": ["a"]}, "rejected": {"M": {"no_name": {"N": "1"}}}}
    expected = state("x") | {"scopes": {"SS": ["a"]}, "rejected": {"M": {"no_name": {"N": "1"}}}}
    put(dynamodb, item)
    read = dynamodb.call("get_item", {"TableName": "StateTable", "Key": state("x")})["Item"]
    for shared in (item, read, next(dynamodb.items("StateTable")), dynamodb.get("StateTable", state("x"))):
        assert shared == expected
        shared["scopes"]["SS"].append("b")
        shared["rejected"]["M"]["no_name"]["N"] = "2"
        shared["sk"]["S"] = "y"
    assert dynamodb.get("StateTable", state("x")) == expected
