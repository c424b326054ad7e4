"""The simulated DynamoDB answers as moto does, for random calls in the expressions of the product."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.aws.dynamodb import DynamoDB
from tests.simulation.aws.dynamodb_calls import CALLS, Call
from tests.simulation.aws.dynamodb_short_calls import simulated
from tests.support.moto_aws import restore_tables, saved_tables
from tests.support.template import create_table

# What answers have that was not asked for; moto adds the metrics even though ReturnConsumedCapacity is NONE.
UNASKED = {"ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics"}


@pytest.fixture(scope="module")
def moto() -> Iterator[Callable[..., Any]]:
    """Calls an operation of moto's DynamoDB, which has the tables of the template."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        client = boto3.client("dynamodb", region_name="us-east-1")
        for table in ("HotTable", "StateTable"):
            create_table(client, table)
        yield lambda operation, request: getattr(client, operation)(**request)


@pytest.fixture(scope="module")
def empty(moto: Callable[..., Any]) -> bytes:
    return saved_tables()


def plain(value: Any) -> Any:
    """Returns an attribute value, or anything that contains them, in a form that can be compared."""
    match value:
        case {"N": text}:
            return Decimal(text)
        case {"NS": members}:
            return frozenset(map(Decimal, members))
        case {"SS": members}:
            return frozenset(members)
        case dict():
            return {name: plain(member) for name, member in value.items() if name not in UNASKED}
        case list():
            return [plain(member) for member in value]
    return value


def outcome(call: Callable[..., Any], operation: str, request: dict[str, Any]) -> Any:
    """Returns the answer, or the error's code with its details."""
    try:
        answer = plain(call(operation, request))
    except ClientError as error:
        code, response = error.response["Error"]["Code"], error.response
        reasons = response.get("CancellationReasons", [])
        codes = [(reason["Code"], plain(reason.get("Item"))) for reason in reasons]
        return code, plain(response.get("Item")), codes
    if operation == "batch_get_item":
        answer["Responses"] = {name: in_order(items) for name, items in answer["Responses"].items()}
    if operation == "scan":
        answer["Items"] = in_order(answer["Items"])
    return answer


def expected_outcome(moto: Callable[..., Any], operation: str, request: dict[str, Any]) -> Any:
    """Returns moto's answer, corrected where DynamoDB is known to answer otherwise.

    Of the attributes of an update moto returns only those with another value than before.
    """
    returned = request.get("ReturnValues", "")
    if not returned.startswith("UPDATED_"):
        return outcome(moto, operation, request)
    answer = outcome(moto, operation, request | {"ReturnValues": returned.replace("UPDATED", "ALL")})
    names = request.get("ExpressionAttributeNames", {})
    changed = re.findall(r"(?:SET|ADD|,) (#?\w+) [=:]", request["UpdateExpression"])
    shown = answer.pop("Attributes", {}) if isinstance(answer, dict) else {}
    chosen = {names.get(name, name) for name in changed} & shown.keys()
    return answer | {"Attributes": {name: shown[name] for name in chosen}} if chosen else answer


def in_order(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (item["pk"]["S"], str(item.get("w", item.get("sk")))))


def pages(call: Callable[..., Any], request: dict[str, Any]) -> list[Any]:
    """Returns all pages of a query without the empty one that a Limit may end with.

    DynamoDB does not look ahead when the limit is reached, and moto does.
    """
    result: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        page = call("query", request | start)
        if page["Items"] or not result:
            result.append(plain([page["Items"], page["Count"], page["ScannedCount"]]))
        if "LastEvaluatedKey" not in page:
            return result
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def check_equal(
    moto: Callable[..., Any], dynamodb: DynamoDB, operation: str, request: dict[str, Any]
) -> None:
    if operation == "query":
        assert pages(dynamodb.call, request) == pages(moto, request)
        return
    expected, actual = expected_outcome(moto, operation, request), outcome(dynamodb.call, operation, request)
    if "ValidationError" in str(actual):
        # An update that its item does not allow cancels the transaction; moto refuses the request.
        assert (actual[0], expected[0]) == ("TransactionCanceledException", "ValidationException")
    else:
        assert actual == expected, (operation, request)


@settings(max_examples=14)
@given(calls=st.lists(CALLS, min_size=20, max_size=40))
def test_answers_are_those_of_moto(moto: Callable[..., Any], empty: bytes, calls: list[Call]) -> None:
    restore_tables(empty)
    dynamodb = simulated()
    for operation, request in calls:
        check_equal(moto, dynamodb, operation, request)
    for table in ("HotTable", "StateTable"):
        check_equal(moto, dynamodb, "scan", {"TableName": table})
