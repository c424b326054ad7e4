"""S3 of the simulation where moto cannot be compared with it: markers, broken bodies, links, lifecycle."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from tests.simulation.aws.s3 import S3
from tests.simulation.aws.s3_wire import cut_body
from tests.support.clock import Clock

DAY_MS = 86_400_000
MIDNIGHT_MS = 20_000 * DAY_MS
BUCKET = "cold"


@pytest.fixture
def clock() -> Clock:
    return Clock(MIDNIGHT_MS)


@pytest.fixture
def s3(clock: Clock) -> S3:
    return S3(clock, random.Random(1))


def put(s3: S3, key: str, body: Any = b"0123456789", **request: Any) -> dict[str, Any]:
    return s3.call("put_object", {"Bucket": BUCKET, "Key": key, "Body": body, **request})


def get(s3: S3, key: str, operation: str = "get_object", **request: Any) -> dict[str, Any]:
    return s3.call(operation, {"Bucket": BUCKET, "Key": key, **request})


def delete(s3: S3, key: str, **request: Any) -> dict[str, Any]:
    return s3.call("delete_object", {"Bucket": BUCKET, "Key": key, **request})


def refused(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_delete_of_missing_object_adds_marker(s3: S3) -> None:
    """As the user guide of S3 says; moto adds none."""
    answer = delete(s3, "never")
    assert answer["DeleteMarker"]
    assert s3.versions(BUCKET, "never") == [answer["VersionId"]]
    assert s3.objects(BUCKET) == []


def test_delete_marker_cannot_be_read(s3: S3) -> None:
    """S3 answers 405; moto does not find the version."""
    put(s3, "a")
    marker = delete(s3, "a")["VersionId"]
    assert refused(lambda: get(s3, "a")) == ("NoSuchKey", 404)
    assert refused(lambda: get(s3, "a", VersionId=marker)) == ("MethodNotAllowed", 405)
    assert refused(lambda: get(s3, "a", "head_object", VersionId=marker)) == ("405", 405)


def test_deleted_marker_restores_object(s3: S3) -> None:
    put(s3, "a")
    marker = delete(s3, "a")["VersionId"]
    assert put(s3, "a", b"new", IfNoneMatch="*")["VersionId"] == s3.versions(BUCKET, "a")[-1]
    delete(s3, "a", VersionId=s3.versions(BUCKET, "a")[-1])
    assert delete(s3, "a", VersionId=marker)["DeleteMarker"]
    assert s3.read(BUCKET, "a") == b"0123456789"


def test_batch_tells_of_deleted_markers(s3: S3) -> None:
    put(s3, "a")
    marker = delete(s3, "a")["VersionId"]
    entry = {"Key": "a", "VersionId": marker}
    answer = s3.call("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [entry]}})
    assert answer["Deleted"] == [{**entry, "DeleteMarker": True, "DeleteMarkerVersionId": marker}]


def test_quiet_batch_has_errors_only(clock: Clock) -> None:
    failures = iter([False, True, False])
    s3 = S3(clock, random.Random(1), undeleted=lambda: next(failures))
    objects = [{"Key": key} for key in "abc"]
    for entry in objects:
        put(s3, entry["Key"])
    answer = s3.call("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": objects, "Quiet": True}})
    assert "Deleted" not in answer
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("b", "InternalError")]
    assert s3.objects(BUCKET) == ["b"]


@pytest.mark.parametrize("number", [0, 1_001])
def test_batch_has_at_most_1000_objects(s3: S3, number: int) -> None:
    objects = [{"Key": str(index)} for index in range(number)]
    request = {"Bucket": BUCKET, "Delete": {"Objects": objects}}
    assert refused(lambda: s3.call("delete_objects", request)) == ("MalformedXML", 400)


def test_listing_pages_have_1000_keys(s3: S3) -> None:
    for number in range(2_001):
        put(s3, f"p/{number:04d}", b"")
    put(s3, "q")
    request, sizes = {"Bucket": BUCKET, "Prefix": "p/", "MaxKeys": 5_000}, []
    while True:
        page = s3.call("list_objects_v2", request)
        sizes.append(page["KeyCount"])
        if not page["IsTruncated"]:
            break
        request["ContinuationToken"] = page["NextContinuationToken"]
    assert sizes == [1_000, 1_000, 1]
    assert page["MaxKeys"] == 1_000


def test_wrong_continuation_token_is_refused(s3: S3) -> None:
    request = {"Bucket": BUCKET, "ContinuationToken": "é"}
    assert refused(lambda: s3.call("list_objects_v2", request)) == ("InvalidArgument", 400)


def test_conflicting_conditional_put_stores_nothing(clock: Clock) -> None:
    s3 = S3(clock, random.Random(1), conflict=lambda: True)
    put(s3, "a")
    conflict = ("ConditionalRequestConflict", 409)
    assert refused(lambda: put(s3, "a", b"new", IfMatch='"1"')) == conflict
    assert refused(lambda: put(s3, "b", b"new", IfNoneMatch="*")) == conflict
    assert s3.objects(BUCKET) == ["a"]
    assert s3.read(BUCKET, "a") == b"0123456789"


def test_repeated_put_sends_file_again(s3: S3) -> None:
    """botocore goes back to where the file was before it repeats a request."""
    file = io.BytesIO(b"skipped,content")
    file.seek(8)
    for key in ("a", "b"):
        put(s3, key, file)
        assert s3.read(BUCKET, key) == b"content"


def test_answers_do_not_share_metadata(s3: S3) -> None:
    metadata = {"Rows": "1"}
    put(s3, "a", Metadata=metadata)
    metadata["Rows"] = "2"
    get(s3, "a")["Metadata"]["rows"] = "3"
    assert get(s3, "a")["Metadata"] == {"rows": "1"}


@pytest.mark.parametrize("text", ["bytes=12-11", "bytes=3-2", "bytes=-", "items=1-2"])
def test_invalid_range_is_ignored(s3: S3, text: str) -> None:
    """As HTTP says; moto refuses one that begins after the object."""
    put(s3, "a")
    answer = get(s3, "a", Range=text)
    assert (answer["ContentLength"], "ContentRange" in answer) == (10, False)


def test_unsupported_parameters_are_refused(s3: S3) -> None:
    with pytest.raises(NotImplementedError, match="Delimiter"):
        s3.call("list_objects_v2", {"Bucket": BUCKET, "Delimiter": "/"})


@pytest.mark.parametrize("sent", [0, 4, 9])
def test_cut_body_is_incomplete(s3: S3, sent: int) -> None:
    put(s3, "a")
    with pytest.raises(IncompleteReadError):
        cut_body(get(s3, "a")["Body"], sent).read()
    with pytest.raises(IncompleteReadError):
        list(cut_body(get(s3, "a")["Body"], sent).iter_chunks(3))


@pytest.mark.parametrize("sent", [0, 4, 9])
def test_reset_body_raises_http_error(s3: S3, sent: int) -> None:
    put(s3, "a")
    with pytest.raises(ResponseStreamingError):
        cut_body(get(s3, "a")["Body"], sent, reset=True).read()
    chunks = cut_body(get(s3, "a")["Body"], sent, reset=True).iter_chunks(3)
    with pytest.raises(ResponseStreamingError):
        list(chunks)


def test_body_is_of_one_version(s3: S3) -> None:
    """A reader that has begun gets the bytes of the version that it opened."""
    put(s3, "a")
    body = get(s3, "a", Range="bytes=2-5")["Body"]
    put(s3, "a", b"new")
    assert body.read() == b"2345"


def test_link_ends_with_object_and_time(s3: S3, clock: Clock) -> None:
    key = "exports/1/x y+é?.csv"
    put(s3, key)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=60)
    assert s3.open_link(link) == b"0123456789"
    clock.now_ms += 59_999
    assert s3.open_link(link) == b"0123456789"
    delete(s3, key)
    assert refused(lambda: s3.open_link(link)) == ("NoSuchKey", 404)
    clock.now_ms += 1
    assert refused(lambda: s3.open_link(link)) == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("prefix", "days"), [("cache/", 1), ("athena/", 1), ("staging/", 7), ("exports/", 7)]
)
def test_objects_expire_at_midnight(s3: S3, clock: Clock, prefix: str, days: int) -> None:
    """S3 rounds the time up to the next midnight; the old version stays for a day more."""
    clock.now_ms += 1
    key = f"{prefix}a"
    version = put(s3, key)["VersionId"]
    clock.now_ms = MIDNIGHT_MS + (days + 1) * DAY_MS - 1
    assert s3.expire(BUCKET) == []
    clock.now_ms += 1
    assert s3.expire(BUCKET) == [key]
    assert refused(lambda: s3.read(BUCKET, key)) == ("NoSuchKey", 404)
    assert get(s3, key, VersionId=version)["Body"].read() == b"0123456789"
    clock.now_ms += DAY_MS
    assert s3.expire(BUCKET) == []
    assert refused(lambda: get(s3, key, VersionId=version)) == ("NoSuchVersion", 404)


def test_expired_marker_is_removed(s3: S3, clock: Clock) -> None:
    put(s3, "cache/a")
    for _ in range(4):
        s3.expire(BUCKET)
        clock.now_ms += DAY_MS
    assert s3.versions(BUCKET, "cache/a") == []


def test_replaced_version_is_kept_30_days(s3: S3, clock: Clock) -> None:
    old = put(s3, "timeseries/a")["VersionId"]
    clock.now_ms += 100 * DAY_MS
    new = put(s3, "timeseries/a", b"new")["VersionId"]
    clock.now_ms += 30 * DAY_MS - 1
    s3.expire(BUCKET)
    assert s3.versions(BUCKET, "timeseries/a") == [old, new]
    clock.now_ms += 1
    assert s3.expire(BUCKET) == []
    assert s3.versions(BUCKET, "timeseries/a") == [new]
