"""What AWS wants permission for in each call."""

from typing import Any

import pytest

from tests.support.iam.calls import absence, accesses

OBJECT = {"Bucket": "b", "Key": "k"}
ITEM = {"TableName": "T", "Key": {"pk": {"S": "a#1"}, "sk": {"S": "x"}}}
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/T"


def needed(service: str, operation: str, parameters: dict[str, Any]) -> list[tuple[str, str]]:
    return [(access.action, access.resource) for access in accesses(service, operation, parameters)]


def leading_keys(operation: str, parameters: dict[str, Any]) -> list[tuple[str, ...]]:
    return [a.context["dynamodb:LeadingKeys"] for a in accesses("dynamodb", operation, parameters)]


@pytest.mark.parametrize(
    ("operation", "more", "actions"),
    [
        ("GetObject", {}, ["GetObject"]),
        ("GetObject", {"VersionId": "v"}, ["GetObjectVersion"]),
        ("HeadObject", {}, ["GetObject"]),
        ("HeadObject", {"VersionId": "v"}, ["GetObjectVersion"]),
        ("PutObject", {"IfNoneMatch": "*"}, ["PutObject"]),
        ("PutObject", {"IfMatch": "e"}, ["PutObject", "GetObject"]),
        ("DeleteObject", {}, ["DeleteObject"]),
        ("DeleteObject", {"VersionId": "v"}, ["DeleteObjectVersion"]),
        ("UploadPart", {"PartNumber": 1}, ["PutObject"]),
        ("ListParts", {}, ["ListMultipartUploadParts"]),
    ],
)
def test_objects_need_actions_on_their_key(operation: str, more: dict[str, Any], actions: list[str]) -> None:
    assert needed("s3", operation, OBJECT | more) == [(f"s3:{a}", "arn:aws:s3:::b/k") for a in actions]


def test_a_deletion_of_many_needs_each() -> None:
    entries = [{"Key": "k/1"}, {"Key": "k/2", "VersionId": "v"}]
    assert needed("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": entries}}) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/k/1"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/k/2"),
    ]


@pytest.mark.parametrize(
    ("more", "prefix"), [({"Prefix": "p/"}, ("p/",)), ({"Prefix": ""}, ("",)), ({}, None)]
)
def test_a_listing_has_its_prefix(more: dict[str, str], prefix: tuple[str, ...] | None) -> None:
    [access] = accesses("s3", "ListObjectsV2", {"Bucket": "b"} | more)
    assert (access.action, access.resource) == ("s3:ListBucket", "arn:aws:s3:::b")
    assert access.context.get("s3:prefix") == prefix


def test_a_missing_object_needs_the_listing() -> None:
    access = absence("s3", "HeadObject", OBJECT)
    assert access is not None
    assert (access.action, access.resource, "s3:prefix" in access.context) == (
        "s3:ListBucket",
        "arn:aws:s3:::b",
        False,
    )
    assert absence("s3", "PutObject", OBJECT) is None


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
def test_items_have_their_leading_key(operation: str) -> None:
    assert needed("dynamodb", operation, ITEM) == [(f"dynamodb:{operation}", TABLE)]
    assert leading_keys(operation, ITEM) == [("a#1",)]


def test_an_update_names_its_attributes() -> None:
    update = ITEM | {
        "UpdateExpression": "SET #n = if_not_exists(#n, :one), counts.low = :zero REMOVE old ADD total :n",
        "ConditionExpression": "attribute_exists(pk) AND (NOT r = :r OR size(name)> :n) AND b IN (:a, :b)",
        "ExpressionAttributeNames": {"#n": "status"},
    }
    expected = ("b", "counts", "name", "old", "pk", "r", "sk", "status", "total")
    [alone] = accesses("dynamodb", "UpdateItem", update)
    [part] = accesses("dynamodb", "TransactWriteItems", {"TransactItems": [{"Update": update}]})
    assert alone == part
    assert alone.context["dynamodb:Attributes"] == expected


def test_a_put_has_the_key_of_the_item() -> None:
    assert leading_keys("PutItem", {"TableName": "T", "Item": {"pk": {"S": "a#1"}, "n": {"N": "1"}}}) == [
        ("a#1",)
    ]


@pytest.mark.parametrize("name", ["pk", "#k"])
def test_a_query_has_the_key_of_its_condition(name: str) -> None:
    request = {
        "TableName": "T",
        "KeyConditionExpression": f"{name} = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#k": "pk"},
        "ExpressionAttributeValues": {":pk": {"S": "a#1"}, ":low": {"S": "b"}, ":high": {"S": "c"}},
    }
    assert leading_keys("Query", request) == [("a#1",)]


def test_batches_have_all_keys_of_a_table() -> None:
    tables = {table: {"Keys": [{"pk": {"S": f"{table}#{n}"}} for n in (2, 1)]} for table in ("T", "U")}
    assert leading_keys("BatchGetItem", {"RequestItems": tables}) == [("T#1", "T#2"), ("U#1", "U#2")]
    writes = {
        "T": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "b"}}}}]
    }
    assert needed("dynamodb", "BatchWriteItem", {"RequestItems": writes}) == [
        ("dynamodb:BatchWriteItem", TABLE)
    ]
    assert leading_keys("BatchWriteItem", {"RequestItems": writes}) == [("a", "b")]


def test_a_transaction_needs_the_actions_of_its_parts() -> None:
    put = {"TableName": "T", "Item": {"pk": {"S": "a"}}}
    parts = [{"Put": put}, {"Update": ITEM}, {"Delete": ITEM}, {"ConditionCheck": ITEM}]
    actions = [action for action, _ in needed("dynamodb", "TransactWriteItems", {"TransactItems": parts})]
    names = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    assert actions == [f"dynamodb:{name}" for name in names]


def test_a_batch_of_messages_needs_one_action() -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/SyncQueue"
    queue = "arn:aws:sqs:us-east-1:123456789012:SyncQueue"
    assert needed("sqs", "SendMessageBatch", {"QueueUrl": url}) == [("sqs:SendMessage", queue)]


def test_a_query_of_athena_needs_its_workgroup() -> None:
    group = "arn:aws:athena:us-east-1:123456789012:workgroup/"
    [[_, named], [_, default]] = (
        needed("athena", "StartQueryExecution", parameters)[0] for parameters in ({"WorkGroup": "g"}, {})
    )
    assert (named, default) == (f"{group}g", f"{group}primary")


def test_other_operations_are_errors() -> None:
    with pytest.raises(NotImplementedError, match="dynamodb Scan"):
        accesses("dynamodb", "Scan", {"TableName": "T"})
