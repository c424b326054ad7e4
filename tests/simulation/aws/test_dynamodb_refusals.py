"""Requests that DynamoDB refuses, and those that the simulation does not have."""

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

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
)

KIB = 1024


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_000", " 1", "0x1", "1" * 39, "1e126", "1e-131"])
def test_invalid_numbers_are_refused(text: str) -> None:
    dynamodb = simulated()
    assert refused(put, dynamodb, state("x") | {"n": {"N": text}}) == "ValidationException"


@pytest.mark.parametrize("value", [{"S": 1}, {"N": 1}, {"B": "text"}, {"B": memoryview(b"")}])
def test_wrong_types_are_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        put(simulated(), state("x") | {"a": value})


@pytest.mark.parametrize(
    ("item", "options"),
    [
        ({"pk": {"S": "a"}}, {}),
        (state(""), {}),
        (state("x", "a" * 2049), {}),
        (state("x") | {"sk": {"N": "1"}}, {}),
        (state("x") | {"a": {"SS": []}}, {}),
        (state("x") | {"a": {"NS": ["1", "1.0"]}}, {}),
        (state("x"), {"ConditionExpression": "r = :r"}),
        (state("x"), {"ConditionExpression": "r = :r", "ExpressionAttributeValues": {}}),
        (state("x"), {"ExpressionAttributeValues": {":r": {"N": "1"}}}),
        (state("x"), {"ConditionExpression": "attribute_exists(status)"}),
        (state("x"), {"ConditionExpression": "attribute_exists(#status)"}),
        (state("x"), {"ConditionExpression": "attribute_exists(pk) AND"}),
        (state("x"), {"ConditionExpression": "attribute_exists(pk) pk"}),
        (state("x"), {"ConditionExpression": "attribute_exists(pk, sk)"}),
        (state("x"), {"ConditionExpression": ""}),
        (state("x"), {"ReturnValues": "ALL_NEW"}),
    ],
)
def test_invalid_writes_are_refused(item: dict[str, Any], options: dict[str, Any]) -> None:
    dynamodb = simulated()
    table = {"TableName": "StateTable"}
    code = refused(dynamodb.call, "put_item", table | {"Item": item} | options)
    assert code == "ValidationException"


@pytest.mark.parametrize(
    "expression",
    [
        "SET pk = :v",
        "SET r = :v, r = :v",
        "SET r = :v SET f = :v",
        "SET r = r + :v",
        "SET r = f, f = :v",
        "SET r :v",
        "ADD text :v",
        "PUT r :v",
    ],
)
def test_invalid_updates_are_refused(expression: str) -> None:
    dynamodb = simulated()
    put(dynamodb, state("x") | {"text": {"S": "1"}})
    assert refused(update, dynamodb, expression, {":v": {"N": "1"}}) == "ValidationException"
    assert dynamodb.get("StateTable", state("x")) == state("x") | {"text": {"S": "1"}}


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("w = :w", {":w": {"N": "1"}}),
        ("pk = :pk AND r = :r", {":pk": {"S": "a"}, ":r": {"N": "1"}}),
        ("pk = :pk AND w = :w", {":pk": {"S": "a"}, ":w": {"S": "1"}}),
        ("pk = :pk", {":pk": {"N": "1"}}),
        ("pk = :pk AND w BETWEEN :a AND :b", {":pk": {"S": "a"}, ":a": {"N": "2"}, ":b": {"N": "1"}}),
    ],
)
def test_invalid_queries_are_refused(condition: str, values: dict[str, Any]) -> None:
    dynamodb = simulated()
    options = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    assert refused(query, dynamodb, **options) == "ValidationException"


def test_batches_have_100_different_keys() -> None:
    dynamodb = simulated()
    keys = [hot(window) for window in range(101)]
    assert batch(dynamodb, keys[:100]) == {"Responses": {"HotTable": []}, "UnprocessedKeys": {}}
    for refused_keys in (keys, [hot(1), {"pk": {"S": "a#1"}, "w": {"N": "1.0"}}], []):
        assert refused(batch, dynamodb, refused_keys) == "ValidationException"


def test_transactions_have_limits() -> None:
    dynamodb = simulated()
    items = [hot(window) for window in range(101)]
    large = [hot(window) | {"b": {"B": bytes(399 * KIB)}} for window in range(11)]
    for refused_items in (items, large, [hot(1), hot(1)], []):
        assert refused(transact, dynamodb, refused_items) == "ValidationException"
    assert list(dynamodb.items("HotTable")) == []
    transact(dynamodb, items[:100])
    transact(dynamodb, large[:10])
    assert len(list(dynamodb.items("HotTable"))) == 100


def test_unknown_tables_are_refused() -> None:
    request = {"TableName": "Other", "Key": state("x")}
    assert refused(simulated().call, "get_item", request) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("describe_table", {}),
        ("get_item", {"TableName": "StateTable", "Key": state("x"), "ProjectionExpression": "pk"}),
        ("put_item", {"TableName": "StateTable", "Item": state("x"), "ConditionExpression": "size(pk) > :n"}),
        ("put_item", {"TableName": "StateTable", "Item": state("x"), "ConditionExpression": "NOT pk = sk"}),
        ("put_item", {"TableName": "StateTable", "Item": state("x"), "ConditionExpression": "a.b = sk"}),
        ("update_item", {"TableName": "StateTable", "Key": state("x"), "UpdateExpression": "REMOVE r"}),
    ],
)
def test_unused_features_are_not_implemented(operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        simulated().call(operation, parameters)
