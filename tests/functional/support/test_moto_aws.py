"""DynamoDB of moto answers as before, with less work."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

LARGE = {"S": "x" * 250_000}


def key(window: int) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "w": {"N": str(window)}}


def windows(items: list[dict[str, Any]]) -> list[int]:
    return [int(item["w"]["N"]) for item in items]


def update(dynamodb: Any, name: str, size: int) -> None:
    dynamodb.update_item(
        TableName="HotTable",
        Key=key(1),
        UpdateExpression=f"SET {name} = :value",
        ExpressionAttributeValues={":value": {"S": "x" * size}},
    )


def test_too_large_an_item_is_refused(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="maximum allowed size"):
        dynamodb.put_item(TableName="HotTable", Item=key(1) | {"samples": LARGE, "later_samples": LARGE})


def test_an_update_cannot_exceed_the_size(dynamodb: Any) -> None:
    for _ in range(5):
        update(dynamodb, "samples", 150_000)
    with pytest.raises(ClientError, match="maximum allowed size"):
        update(dynamodb, "later_samples", 300_000)


@pytest.mark.parametrize("limit", [None, 2, 10])
def test_a_query_pages_the_matching_items(dynamodb: Any, limit: int | None) -> None:
    for window in (5, 20, 3, 1, 4):
        dynamodb.put_item(TableName="HotTable", Item=key(window))
    pages = dynamodb.get_paginator("query").paginate(
        TableName="HotTable",
        KeyConditionExpression="pk = :pk AND w BETWEEN :start AND :end",
        ExpressionAttributeValues={":pk": {"S": "a"}, ":start": {"N": "3"}, ":end": {"N": "5"}},
        ScanIndexForward=False,
        **({"Limit": limit} if limit else {}),
    )
    assert [windows(page["Items"]) for page in pages if page["Items"]] == (
        [[5, 4], [3]] if limit == 2 else [[5, 4, 3]]
    )


def test_a_large_match_is_answered_in_pages(dynamodb: Any) -> None:
    for window in range(8):
        dynamodb.put_item(TableName="HotTable", Item=key(window) | {"large": LARGE})
    pages = dynamodb.get_paginator("query").paginate(
        TableName="HotTable",
        KeyConditionExpression="pk = :pk AND w >= :start",
        ExpressionAttributeValues={":pk": {"S": "a"}, ":start": {"N": "1"}},
    )
    assert [windows(page["Items"]) for page in pages] == [[1, 2, 3], [4, 5, 6], [7]]
