"""What a call of botocore needs: its actions, resources and condition keys.

From the Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and its like, and from
the pages of operations that say more. An operation that is missing here fails the test that calls it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.support.iam.evaluation import Access
from tests.support.iam.statements import PARTITION, REGION, arn
from tests.support.template import STACK

type Parameters = Mapping[str, Any]

# Each call of a test arrives over TLS, although moto gets it without.
_TLS = {"aws:SecureTransport": ("true",)}
_HASH_KEY = "pk"
_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN"}


def accesses(service: str, operation: str, parameters: Parameters) -> list[Access]:
    """Returns what a call needs; NotImplementedError for operations that are not described here."""
    rule = _RULES.get((service, operation))
    if rule is None:
        raise NotImplementedError(f"tests/support/iam/calls.py does not say what {service} {operation} needs")
    return list(rule(parameters))


def absence(service: str, operation: str, parameters: Parameters) -> Access | None:
    """Returns what a read of an object needs for 404 instead of 403 when there is no such object."""
    if service == "s3" and operation in ("GetObject", "HeadObject"):
        return Access("s3:ListBucket", _bucket(parameters), _TLS)
    return None


def _on_item(action: str) -> Callable[[Parameters], Iterator[Access]]:
    return lambda parameters: iter([_of_item(action, parameters)])


def _of_item(action: str, parameters: Parameters) -> Access:
    """Returns what one request of an item needs; an update names the attributes that it uses."""
    access = _item(action, parameters["TableName"], [parameters.get("Key") or parameters["Item"]])
    if action != "UpdateItem":
        return access
    return replace(access, context={**access.context, "dynamodb:Attributes": _attributes(parameters)})


def _attributes(parameters: Parameters) -> tuple[str, ...]:
    """Returns the attributes of the key and the expressions of an update, without the elements in them."""
    expressions = " ".join(parameters.get(f"{kind}Expression", "") for kind in ("Update", "Condition"))
    aliases = parameters.get("ExpressionAttributeNames", {})
    # A name is no value, no element of an attribute and no function.
    names = set(re.findall(r"(?<![\w.:#])#?[A-Za-z_]\w*\b(?!\s*\()", expressions)) - _WORDS
    return tuple(sorted({*parameters.get("Key", {}), *(aliases.get(name, name) for name in names)}))


def _item(action: str, table: str, keys: list[Any]) -> Access:
    return _with_leading_keys(action, table, {_text(key[_HASH_KEY]) for key in keys})


def _with_leading_keys(action: str, table: str, keys: set[str]) -> Access:
    # StaleReads answers from copies of the tables.
    resource = arn("dynamodb", f"table/{table.removesuffix('Lagging')}")
    return Access(f"dynamodb:{action}", resource, _TLS | {"dynamodb:LeadingKeys": tuple(sorted(keys))})


def _text(value: Any) -> str:
    return str(next(iter(value.values())) if isinstance(value, dict) else value)


def _query(parameters: Parameters) -> Iterator[Access]:
    names = parameters.get("ExpressionAttributeNames", {})
    pairs = re.findall(r"([#\w]+)\s*=\s*(:\w+)", parameters["KeyConditionExpression"])
    [value] = [v for name, v in pairs if names.get(name, name) == _HASH_KEY]
    key = _text(parameters["ExpressionAttributeValues"][value])
    yield _with_leading_keys("Query", parameters["TableName"], {key})


def _batch_get(parameters: Parameters) -> Iterator[Access]:
    for table, request in parameters["RequestItems"].items():
        yield _item("BatchGetItem", table, request["Keys"])


def _batch_write(parameters: Parameters) -> Iterator[Access]:
    for table, writes in parameters["RequestItems"].items():
        requests = [request for write in writes for request in write.values()]
        yield _item("BatchWriteItem", table, [r.get("Key") or r["Item"] for r in requests])


_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def _transaction(parameters: Parameters) -> Iterator[Access]:
    """A transaction needs the permissions of its parts; there is none of its own."""
    for entry in parameters["TransactItems"]:
        for kind, part in entry.items():
            yield _of_item(_TRANSACTION[kind], part)


def _bucket(parameters: Parameters) -> str:
    return f"arn:{PARTITION}:s3:::{parameters['Bucket']}"


def _object(action: str, parameters: Parameters, key: str = "") -> Access:
    return Access(f"s3:{action}", f"{_bucket(parameters)}/{key or parameters['Key']}", _TLS)


def _read_object(parameters: Parameters) -> Iterator[Access]:
    # With a version, GetObject is neither needed nor enough.
    yield _object("GetObjectVersion" if parameters.get("VersionId") else "GetObject", parameters)


def _put_object(parameters: Parameters) -> Iterator[Access]:
    yield _object("PutObject", parameters)
    if "IfMatch" in parameters:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        yield _object("GetObject", parameters)
    if "Tagging" in parameters:
        yield _object("PutObjectTagging", parameters)


def _deletion(parameters: Parameters, key: str, version: str | None) -> Access:
    return _object("DeleteObjectVersion" if version else "DeleteObject", parameters, key)


def _delete_object(parameters: Parameters) -> Iterator[Access]:
    yield _deletion(parameters, parameters["Key"], parameters.get("VersionId"))


def _delete_objects(parameters: Parameters) -> Iterator[Access]:
    for entry in parameters["Delete"]["Objects"]:
        yield _deletion(parameters, entry["Key"], entry.get("VersionId"))


def _list_objects(parameters: Parameters) -> Iterator[Access]:
    prefix = {"s3:prefix": (parameters["Prefix"],)} if "Prefix" in parameters else {}
    yield Access("s3:ListBucket", _bucket(parameters), _TLS | prefix)


def _on_object(action: str) -> Callable[[Parameters], Iterator[Access]]:
    return lambda parameters: iter([_object(action, parameters)])


def _on_bucket(action: str) -> Callable[[Parameters], Iterator[Access]]:
    return lambda parameters: iter([Access(f"s3:{action}", _bucket(parameters), _TLS)])


def _on_queue(action: str) -> Callable[[Parameters], Iterator[Access]]:
    return lambda parameters: iter(
        [Access(f"sqs:{action}", arn("sqs", parameters["QueueUrl"].rpartition("/")[2]), _TLS)]
    )


def _on(action: str, parameter: str) -> Callable[[Parameters], Iterator[Access]]:
    """Returns the rule of an operation whose parameter is the ARN of the resource."""
    return lambda parameters: iter([Access(action, parameters[parameter], _TLS)])


def _on_secret(action: str) -> Callable[[Parameters], Iterator[Access]]:
    """Returns the rule of an operation on a secret by its name, to whose ARN AWS adds six characters."""
    return lambda parameters: iter(
        [
            Access(
                f"secretsmanager:{action}",
                arn("secretsmanager", f"secret:{parameters['SecretId']}-aB3dEf"),
                _TLS,
            )
        ]
    )


def _of_workgroup(action: str, parameter: str = "") -> Callable[[Parameters], Iterator[Access]]:
    """Returns the rule of an operation in a workgroup; executions are in the only one of the template."""

    def rule(parameters: Parameters) -> Iterator[Access]:
        group = parameters.get(parameter, "primary") if parameter else STACK
        yield Access(f"athena:{action}", arn("athena", f"workgroup/{group}"), _TLS)

    return rule


def _gateway(resource: str) -> str:
    return f"arn:{PARTITION}:apigateway:{REGION}::{resource}"


def _plan_keys(_: Parameters) -> Iterator[Access]:
    # moto chooses the plan's id; in the statements it has the plan's name.
    yield Access("apigateway:GET", _gateway(f"/usageplans/{STACK}-tokens/keys"), _TLS)


def _delete_key(parameters: Parameters) -> Iterator[Access]:
    tag = {"aws:ResourceTag/vitals-usage-plan": (f"{STACK}-tokens",)}
    yield Access("apigateway:DELETE", _gateway(f"/apikeys/{parameters['apiKey']}"), _TLS | tag)


_RULES: dict[tuple[str, str], Callable[[Parameters], Iterator[Access]]] = {
    **{("dynamodb", name): _on_item(name) for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
    ("apigateway", "GetUsagePlanKeys"): _plan_keys,
    ("apigateway", "DeleteApiKey"): _delete_key,
    ("dynamodb", "Query"): _query,
    ("dynamodb", "BatchGetItem"): _batch_get,
    ("dynamodb", "BatchWriteItem"): _batch_write,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("dynamodb", "TransactGetItems"): _transaction,
    ("s3", "GetObject"): _read_object,
    ("s3", "HeadObject"): _read_object,
    ("s3", "PutObject"): _put_object,
    ("s3", "DeleteObject"): _delete_object,
    ("s3", "DeleteObjects"): _delete_objects,
    ("s3", "ListObjectsV2"): _list_objects,
    ("s3", "HeadBucket"): _on_bucket("ListBucket"),
    ("s3", "GetBucketLocation"): _on_bucket("GetBucketLocation"),
    ("s3", "CreateMultipartUpload"): _on_object("PutObject"),
    ("s3", "UploadPart"): _on_object("PutObject"),
    ("s3", "CompleteMultipartUpload"): _put_object,
    ("s3", "AbortMultipartUpload"): _on_object("AbortMultipartUpload"),
    ("s3", "ListParts"): _on_object("ListMultipartUploadParts"),
    ("sns", "Publish"): _on("sns:Publish", "TopicArn"),
    ("sqs", "SendMessage"): _on_queue("SendMessage"),
    ("sqs", "SendMessageBatch"): _on_queue("SendMessage"),
    ("sqs", "GetQueueAttributes"): _on_queue("GetQueueAttributes"),
    ("secretsmanager", "GetSecretValue"): _on_secret("GetSecretValue"),
    ("stepfunctions", "StartExecution"): _on("states:StartExecution", "stateMachineArn"),
    ("stepfunctions", "DescribeExecution"): _on("states:DescribeExecution", "executionArn"),
    ("athena", "GetWorkGroup"): _of_workgroup("GetWorkGroup", "WorkGroup"),
    ("athena", "StartQueryExecution"): _of_workgroup("StartQueryExecution", "WorkGroup"),
    ("athena", "GetQueryExecution"): _of_workgroup("GetQueryExecution"),
    ("athena", "GetQueryResults"): _of_workgroup("GetQueryResults"),
    ("athena", "StopQueryExecution"): _of_workgroup("StopQueryExecution"),
}
