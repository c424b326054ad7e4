"""What S3 sends and receives over HTTP: errors, ranges and bodies, as botocore shows them."""

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from urllib3.exceptions import ProtocolError

from tests.simulation.aws.errors import refusal
from tests.simulation.aws.s3_bucket import Version

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# The status and the text of each code.
REFUSALS = {
    "AccessDenied": (403, "Request has expired"),
    "ConditionalRequestConflict": (
        409,
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
    ),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidArgument": (400, "The continuation token provided is incorrect"),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
}


def s3_refusal(operation: str, code: str) -> ClientError:
    """Returns the error with which S3 refuses an operation (CamelCase name)."""
    status, message = REFUSALS[code]
    if operation == "HeadObject":
        # An answer to HEAD has no body, so that botocore knows only the status.
        code, message = str(status), ""
    return refusal("s3", operation, code, message, status=status)


def byte_range(text: str, size: int) -> tuple[int, int] | None:
    """Returns the start and the end of a Range header in an object, None when S3 ignores the header.

    ValueError when the object has none of its bytes.
    """
    match = _RANGE.fullmatch(text)
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first and not size and int(last):
        # S3 returns an empty object with status 200 then.
        return None
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise ValueError(f"the object has {size} bytes")
    return start, end


def header_time(time_ms: int) -> datetime:
    """Returns a time as the Last-Modified header has it."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC)


def listed_object(key: str, version: Version) -> dict[str, Any]:
    """Returns an object as a listing has it."""
    return {
        "Key": key,
        "LastModified": header_time(version.created_ms),
        "ETag": version.etag,
        "Size": len(version.body or b""),
        "StorageClass": "STANDARD",
    }


def deleted_object(entry: Mapping[str, str], result: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the result of one object of delete_objects."""
    deleted: dict[str, Any] = dict(entry)
    if result.get("DeleteMarker"):
        deleted |= {"DeleteMarker": True, "DeleteMarkerVersionId": result["VersionId"]}
    return deleted


def content(body: Any) -> bytes:
    """Returns the content of a Body; a file stays where it is, because a repeated request reads it again."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    position = body.tell()
    data: bytes = body.read()
    body.seek(position)
    return data


def streaming_body(data: bytes) -> StreamingBody:
    """Returns the Body of an answer."""
    return StreamingBody(io.BytesIO(data), len(data))


class _Reset(io.BytesIO):
    """A connection that is reset after its last byte."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is None or size < 0 or not data:
            raise ProtocolError("Connection broken: ConnectionResetError(104, 'Connection reset by peer')")
        return data


def cut_body(body: StreamingBody, sent: int, *, reset: bool = False) -> StreamingBody:
    """Returns a Body that ends after `sent` bytes, fewer than its ContentLength.

    Its reader gets IncompleteReadError; with `reset`, ResponseStreamingError, which is an HTTPClientError.
    """
    data = body.read()
    return StreamingBody((_Reset if reset else io.BytesIO)(data[:sent]), len(data))
