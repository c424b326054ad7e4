"""Quick parsers for the answers that reads have many of: DynamoDB's items, and the headers of GetObject.

botocore parses each attribute of each item by the service's model, which takes most of the CPU of a read. Its
event before-parse lets another parser give the result; errors and all other answers are left to botocore.
"""

from binascii import a2b_base64
from collections.abc import Iterable
from typing import Any

import orjson

_ITEMS_OPERATIONS = ("Query", "GetItem", "BatchGetItem")
# The headers that readers of objects use, as the service's model spells them.
_OBJECT_HEADERS = ("ETag", "Content-Length", "Content-Range", "x-amz-version-id")


def install(client: Any) -> None:
    """Makes a client of DynamoDB or S3 parse these answers here."""
    service = client.meta.service_model.service_id.hyphenize()
    if service == "dynamodb":
        for operation in _ITEMS_OPERATIONS:
            client.meta.events.register(f"before-parse.dynamodb.{operation}", _parse_items)
    elif service == "s3":
        client.meta.events.register("before-parse.s3.GetObject", _keep_used_headers)


def _parse_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    if response_dict["status_code"] != 200:
        return
    try:
        answer = orjson.loads(response_dict["body"])
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        return
    _decode_binary([answer.get("Item", {}), *answer.get("Items", [])])
    for items in answer.get("Responses", {}).values():
        _decode_binary(items)
    response_dict["body"] = b"{}"
    customized_response_dict.update(answer)


def _decode_binary(items: Iterable[dict[str, Any]]) -> None:
    """Replaces base64 in attributes by bytes; maps and lists of this product have none."""
    for item in items:
        for value in item.values():
            if "B" in value:
                value["B"] = a2b_base64(value["B"])


def _keep_used_headers(response_dict: dict[str, Any], **_: Any) -> None:
    """Drops the headers that no reader uses: botocore would parse each, among them dates."""
    if response_dict["status_code"] < 300:
        headers = response_dict["headers"]
        response_dict["headers"] = {name: headers[name] for name in _OBJECT_HEADERS if name in headers}
