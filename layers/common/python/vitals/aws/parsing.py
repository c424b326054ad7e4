"""Quick parsers for the answers that reads have many of: DynamoDB's items, and ranges of objects.

botocore parses each attribute of each item by the service's model, which takes most of the CPU of a read.
"""

import binascii
from collections.abc import Iterable
from typing import Any

import orjson
import pybase64
from botocore.awsrequest import AWSResponse
from botocore.response import StreamingBody

# The headers that readers of objects use, and their names in botocore's answers.
_OBJECT_HEADERS = (("ETag", "ETag"), ("Content-Range", "ContentRange"), ("x-amz-version-id", "VersionId"))


def dynamodb(response: AWSResponse) -> dict[str, Any] | None:
    """Returns DynamoDB's answer as botocore does; of binary, only the attributes B of items are decoded.

    None for an error, and for a body that it cannot read.
    """
    try:
        if response.status_code != 200 or not _is_whole(response):
            return None
        answer: dict[str, Any] = orjson.loads(response.content)
        _decode_binary([answer.get("Item", {}), answer.get("Attributes", {}), *answer.get("Items", [])])
        for items in answer.get("Responses", {}).values():
            _decode_binary(items)
        return answer | _metadata(response)
    except (ValueError, TypeError, AttributeError):
        return None


def _is_whole(response: AWSResponse) -> bool:
    checksum = response.headers.get("x-amz-crc32")
    return checksum is None or int(checksum) == binascii.crc32(response.content)


def _decode_binary(items: Iterable[dict[str, Any]]) -> None:
    """Replaces base64 in attributes by bytes; maps and lists of this product have none."""
    for item in items:
        for value in item.values():
            if "B" in value:
                value["B"] = pybase64.b64decode(value["B"], validate=True)


def object_range(response: AWSResponse) -> dict[str, Any] | None:
    """Returns the answer to a GetObject request, with the headers that readers use, and its body as a stream.

    None for an error, and for an object with a checksum, which botocore compares with the body.
    """
    headers = response.headers
    if response.status_code not in (200, 206) or any(map(_is_checksum, headers)):
        return None
    length: Any = headers.get("Content-Length")
    answer = {"Body": StreamingBody(response.raw, length), **_metadata(response)}
    if length is not None:
        answer["ContentLength"] = int(length)
    return answer | {name: headers[header] for header, name in _OBJECT_HEADERS if header in headers}


def _is_checksum(header: str) -> bool:
    name = header.lower()
    return name.startswith("x-amz-checksum-") and name != "x-amz-checksum-type"


def _metadata(response: AWSResponse) -> dict[str, Any]:
    request_id = response.headers.get("x-amzn-RequestId") or response.headers.get("x-amz-request-id")
    return {"ResponseMetadata": {"HTTPStatusCode": response.status_code, "RequestId": request_id}}
