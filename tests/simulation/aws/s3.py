"""S3 in memory: every call is one atomic effect, and each bucket exists, with the rules of ColdBucket."""

import hashlib
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.simulation.aws.s3_bucket import Bucket, Version
from tests.simulation.aws.s3_lifecycle import expire, lifecycle_rules
from tests.simulation.aws.s3_wire import (
    REFUSALS,
    byte_range,
    content,
    deleted_object,
    header_time,
    listed_object,
    s3_refusal,
    streaming_body,
)

_PAGE = 1_000
_STORED_HEADERS = ("ContentDisposition", "ContentEncoding", "CacheControl")
_READ = frozenset({"Bucket", "Key", "VersionId", "IfMatch", "Range"})
_PARAMETERS = {
    "put_object": {"Bucket", "Key", "Body", "IfMatch", "IfNoneMatch", "Metadata", "ContentType"}
    | set(_STORED_HEADERS),
    "get_object": _READ,
    "head_object": _READ,
    "delete_object": {"Bucket", "Key", "VersionId"},
    "delete_objects": {"Bucket", "Delete"},
    "list_objects_v2": {"Bucket", "Prefix", "StartAfter", "ContinuationToken", "MaxKeys"},
}


class S3:
    """The buckets by name; the answers are those of botocore's client."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        random: random.Random,
        *,
        conflict: Callable[[], bool] = lambda: False,
        undeleted: Callable[[], bool] = lambda: False,
    ) -> None:
        """`conflict` refuses a conditional put; `undeleted` fails one object of delete_objects."""
        self._now_ms = now_ms
        self._random = random
        self._conflict = conflict
        self._undeleted = undeleted
        self._buckets: dict[str, Bucket] = {}
        self._operations = {name: getattr(self, f"_{name}") for name in _PARAMETERS}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to a request; `operation` is the name of the client's method."""
        if not request.keys() <= _PARAMETERS[operation]:
            unsupported = sorted(request.keys() - _PARAMETERS[operation])
            raise NotImplementedError(f"the simulation of {operation} does not support {unsupported}")
        answer: dict[str, Any] = self._operations[operation](request)
        return answer

    def generate_presigned_url(
        self, ClientMethod: str, Params: Mapping[str, str], ExpiresIn: int = 3_600
    ) -> str:
        """Returns the link for which open_link returns the object, as the client's method of this name."""
        if ClientMethod != "get_object":
            raise NotImplementedError(f"the simulation does not support links for {ClientMethod}")
        address = f"https://{Params['Bucket']}.s3.amazonaws.com/{quote(Params['Key'])}"
        return f"{address}?X-Amz-Date={self._now_ms()}&X-Amz-Expires={ExpiresIn}"

    def open_link(self, url: str) -> bytes:
        """Returns the object of a link; NoSuchKey when it is gone, AccessDenied when the link is expired."""
        link = urlsplit(url)
        query = parse_qs(link.query)
        if self._now_ms() >= int(query["X-Amz-Date"][0]) + 1_000 * int(query["X-Amz-Expires"][0]):
            raise s3_refusal("GetObject", "AccessDenied")
        return self.read(link.netloc.removesuffix(".s3.amazonaws.com"), unquote(link.path[1:]))

    def objects(self, bucket: str, prefix: str = "") -> list[str]:
        """Returns the keys of all objects with the prefix, in order."""
        keys, _ = self._bucket(bucket).page(prefix, "", len(self._bucket(bucket).keys))
        return keys

    def read(self, bucket: str, key: str) -> bytes:
        """Returns an object; NoSuchKey when it does not exist."""
        version = self._bucket(bucket).current(key)
        if version is None or version.body is None:
            raise s3_refusal("GetObject", "NoSuchKey")
        return version.body

    def versions(self, bucket: str, key: str) -> list[str]:
        """Returns the ids of all versions of an object, oldest first, with its delete markers."""
        return [version.id for version in self.history(bucket, key)]

    def history(self, bucket: str, key: str) -> Sequence[Version]:
        """Returns all versions of an object, oldest first, with its delete markers."""
        return self._bucket(bucket).versions.get(key, ())

    def expire(self, bucket: str) -> list[str]:
        """Applies the lifecycle rules of ColdBucket, and returns the keys of the deleted objects.

        S3 does so at any time after an object is due, so that an object that is due may still be read.
        """
        return expire(self._bucket(bucket), lifecycle_rules(), self._now_ms(), self._new_id)

    def _bucket(self, name: str) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket()
        return bucket

    def _put_object(self, request: Mapping[str, Any]) -> dict[str, Any]:
        bucket, key = self._bucket(request["Bucket"]), request["Key"]
        self._check_put(request, bucket.current(key))
        body = content(request.get("Body", b""))
        headers = {name: request[name] for name in _STORED_HEADERS if name in request}
        headers["ContentType"] = request.get("ContentType", "binary/octet-stream")
        headers["Metadata"] = {name.lower(): text for name, text in request.get("Metadata", {}).items()}
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        version = Version(self._new_id(), self._now_ms(), body, etag, headers)
        bucket.add(key, version)
        return _answer(200, ETag=etag, VersionId=version.id, ServerSideEncryption="AES256")

    def _check_put(self, request: Mapping[str, Any], current: Version | None) -> None:
        etag, absent = request.get("IfMatch"), request.get("IfNoneMatch")
        if etag is None and absent is None:
            return
        if absent not in (None, "*") or None not in (etag, absent) or etag == "*":
            raise NotImplementedError("S3 has no such condition for put_object")
        if self._conflict():
            raise s3_refusal("PutObject", "ConditionalRequestConflict")
        if etag and current is None:
            raise s3_refusal("PutObject", "NoSuchKey")
        if current and not (etag and _matches(etag, current)):
            raise s3_refusal("PutObject", "PreconditionFailed")

    def _get_object(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer, body = self._open("GetObject", request)
        return answer | {"Body": streaming_body(body)}

    def _head_object(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer, _ = self._open("HeadObject", request)
        return answer

    def _open(self, operation: str, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        version = self._version(operation, request)
        body = version.body or b""
        if "IfMatch" in request and not _matches(request["IfMatch"], version):
            raise s3_refusal(operation, "PreconditionFailed")
        try:
            span = byte_range(request.get("Range", ""), len(body))
        except ValueError:
            raise s3_refusal(operation, "InvalidRange") from None
        size = len(body)
        if span:
            body = body[span[0] : span[1]]
        answer = _answer(
            206 if span else 200,
            AcceptRanges="bytes",
            ContentLength=len(body),
            ETag=version.etag,
            LastModified=header_time(version.created_ms),
            ServerSideEncryption="AES256",
            VersionId=version.id,
            **version.headers,
        )
        answer["Metadata"] = dict(answer["Metadata"])
        if span:
            answer["ContentRange"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
        return answer, body

    def _version(self, operation: str, request: Mapping[str, Any]) -> Version:
        bucket, key = self._bucket(request["Bucket"]), request["Key"]
        if "VersionId" not in request:
            current = bucket.current(key)
            if current is None:
                raise s3_refusal(operation, "NoSuchKey")
            return current
        version = bucket.version(key, request["VersionId"])
        if version is None:
            raise s3_refusal(operation, "NoSuchVersion")
        if version.body is None:
            raise s3_refusal(operation, "MethodNotAllowed")
        return version

    def _delete_object(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return _answer(204, **self._delete(self._bucket(request["Bucket"]), request))

    def _delete_objects(self, request: Mapping[str, Any]) -> dict[str, Any]:
        objects = request["Delete"]["Objects"]
        if not 1 <= len(objects) <= _PAGE:
            raise s3_refusal("DeleteObjects", "MalformedXML")
        bucket, deleted, errors = self._bucket(request["Bucket"]), [], []
        for entry in objects:
            if self._undeleted():
                message = REFUSALS["InternalError"][1]
                errors.append({**entry, "Code": "InternalError", "Message": message})
            else:
                deleted.append(deleted_object(entry, self._delete(bucket, entry)))
        answer = _answer(200)
        if deleted and not request["Delete"].get("Quiet"):
            answer["Deleted"] = deleted
        return answer | ({"Errors": errors} if errors else {})

    def _delete(self, bucket: Bucket, entry: Mapping[str, str]) -> dict[str, Any]:
        if "VersionId" not in entry:
            marker = self._marker()
            bucket.add(entry["Key"], marker)
            return {"DeleteMarker": True, "VersionId": marker.id}
        version = bucket.version(entry["Key"], entry["VersionId"])
        if version is None:
            return {"VersionId": entry["VersionId"]}
        bucket.remove(entry["Key"], version)
        return {"VersionId": version.id} | ({"DeleteMarker": True} if version.body is None else {})

    def _list_objects_v2(self, request: Mapping[str, Any]) -> dict[str, Any]:
        bucket, size = self._bucket(request["Bucket"]), min(request.get("MaxKeys", _PAGE), _PAGE)
        start_after, token = request.get("StartAfter", ""), request.get("ContinuationToken")
        after = start_after if token is None else _token_key(token)
        keys, truncated = bucket.page(request.get("Prefix", ""), after, size)
        truncated = truncated and size > 0
        answer = _answer(200, IsTruncated=truncated, Name=request["Bucket"], KeyCount=len(keys))
        answer |= {"Prefix": request.get("Prefix", ""), "MaxKeys": size}
        if keys:
            answer["Contents"] = [listed_object(key, bucket.versions[key][-1]) for key in keys]
        if start_after:
            answer["StartAfter"] = start_after
        if token is not None:
            answer["ContinuationToken"] = token
        if truncated:
            answer["NextContinuationToken"] = urlsafe_b64encode(keys[-1].encode()).decode()
        return answer

    def _marker(self) -> Version:
        return Version(self._new_id(), self._now_ms())

    def _new_id(self) -> str:
        return urlsafe_b64encode(self._random.randbytes(24)).decode()


def _answer(status: int, **fields: Any) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0}, **fields}


def _matches(etag: str, version: Version) -> bool:
    """Returns whether a condition holds; S3 takes an ETag with and without its quotes."""
    return etag == "*" or etag.strip('"') == version.etag.strip('"')


def _token_key(token: str) -> str:
    """Returns the last key of the page before."""
    try:
        return urlsafe_b64decode(token).decode()
    except ValueError:
        raise s3_refusal("ListObjectsV2", "InvalidArgument") from None
