"""The simulated DynamoDB with the tables of the template, and short forms of its calls."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.dynamodb import DynamoDB, TableKeys
from tests.support.template import template


def simulated(now_ms: Callable[[], int] = lambda: 1_700_000_000_000, **options: Any) -> DynamoDB:
    """Returns an empty DynamoDB with the tables of the template."""
    resources = template()["Resources"]
    tables = {
        name: TableKeys.of_properties(resources[name]["Properties"]) for name in ("HotTable", "StateTable")
    }
    return DynamoDB(tables, now_ms, Random(1), **options)


def hot(window: int, partition: str = "a#1") -> dict[str, Any]:
    return {"pk": {"S": partition}, "w": {"N": str(window)}}


def state(sort: str, partition: str = "site#a") -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def put(dynamodb: DynamoDB, item: dict[str, Any], **options: Any) -> dict[str, Any]:
    table = "HotTable" if "w" in item else "StateTable"
    return dynamodb.call("put_item", {"TableName": table, "Item": item, **options})


def update(dynamodb: DynamoDB, expression: str, values: dict[str, Any], **options: Any) -> dict[str, Any]:
    request = {"TableName": "StateTable", "Key": state("x"), "UpdateExpression": expression}
    return dynamodb.call("update_item", request | {"ExpressionAttributeValues": values} | options)


def query(dynamodb: DynamoDB, **options: Any) -> dict[str, Any]:
    request = {
        "TableName": "HotTable",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "a#1"}},
    }
    return dynamodb.call("query", request | options)


def batch(dynamodb: DynamoDB, keys: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    return dynamodb.call("batch_get_item", {"RequestItems": {"HotTable": {"Keys": keys, **options}}})


def transact(dynamodb: DynamoDB, items: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    entries = [{"Put": {"TableName": "HotTable", "Item": item}} for item in items]
    return dynamodb.call("transact_write_items", {"TransactItems": entries, **options})


def windows(page: dict[str, Any]) -> list[int]:
    return [int(item["w"]["N"]) for item in page["Items"]]


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """Returns the code of the error that the call raises."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **options)
    return str(error.value.response["Error"]["Code"])
