"""S3 of the simulation answers like moto's over random calls, except where S3 itself differs from moto."""

import hashlib
import random
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.aws.s3 import S3

NOW_MS = 1_790_000_000_000
KEYS = st.sampled_from(["a", "a/b", "a/b-c", "a/é", "b", "exports/1/x y.csv"])
BODIES = st.sampled_from([b"", b"x", b"0123456789"])
ETAGS = BODIES.map(lambda body: f'"{hashlib.md5(body).hexdigest()}"')
VERSIONS = st.integers(0, 9)
RANGES = st.one_of(
    st.builds(lambda start, size: f"bytes={start}-{start + size}", st.integers(0, 12), st.integers(0, 12)),
    st.builds("bytes={}-".format, st.integers(0, 12)),
    st.builds("bytes=-{}".format, st.integers(0, 12)),
    st.sampled_from(["bytes=1-2,4-5", "bytes=a-b"]),
)
COMPARED = (
    "AcceptRanges",
    "ContentDisposition",
    "ContentLength",
    "ContentRange",
    "ContentType",
    "DeleteMarker",
    "ETag",
    "Errors",
    "Metadata",
)

Call = tuple[str, dict[str, Any]]
type Send = Callable[[str, dict[str, Any]], dict[str, Any]]


def call(operation: str, **parameters: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    """Draws a request with a key; each of the other parameters may be absent."""
    request = st.fixed_dictionaries({"Key": KEYS}, optional=parameters)
    return st.tuples(st.just(operation), request)


def _with_a_body(request: Call) -> Call:
    return request[0], {"Body": b"", **request[1]}


PUTS = call(
    "put_object",
    Body=BODIES,
    Metadata=st.just({"Rows": "10"}),
    ContentType=st.just("text/csv"),
    ContentDisposition=st.just('attachment; filename="x.csv"'),
).map(_with_a_body)
CONDITIONAL_PUTS = st.one_of(
    call("put_object", IfMatch=ETAGS), call("put_object", Body=BODIES, IfNoneMatch=st.just("*"))
).map(_with_a_body)
READS = st.one_of(
    [call(name, Range=RANGES, IfMatch=ETAGS, VersionId=VERSIONS) for name in ("get_object", "head_object")]
)
DELETES = call("delete_object", VersionId=VERSIONS)
ENTRIES = st.fixed_dictionaries({"Key": KEYS}, optional={"VersionId": VERSIONS})
BATCHES = st.tuples(
    st.just("delete_objects"),
    st.fixed_dictionaries(
        {"Objects": st.lists(ENTRIES, min_size=1, max_size=4)}, optional={"Quiet": st.booleans()}
    ),
)
LISTINGS = st.tuples(
    st.just("list_objects_v2"),
    st.fixed_dictionaries(
        {},
        optional={
            "Prefix": st.sampled_from(["a", "a/", "exports/", "z"]),
            "StartAfter": st.sampled_from(["a", "a/b", "a/c", "c"]),
            "MaxKeys": st.integers(0, 3),
        },
    ),
)
CALLS = st.lists(
    st.one_of(PUTS, CONDITIONAL_PUTS, READS, DELETES, BATCHES, LISTINGS), min_size=4, max_size=20
)
# There is always a version to name.
FIRST: Call = ("put_object", {"Key": "a", "Body": b"0"})


class Service:
    """One of the two services; its version ids are numbered, because they differ between the two."""

    def __init__(self, send: Send, bucket: str) -> None:
        self.send = send
        self.bucket = bucket
        self.version_ids: list[str] = []

    def run(self, operation: str, request: dict[str, Any]) -> Any:
        """Returns what the two services must have in common: fields of the answer, or the error."""
        try:
            return getattr(self, f"_{operation}", self._run)(operation, request)
        except ClientError as error:
            code, status = (
                error.response["Error"]["Code"],
                error.response["ResponseMetadata"]["HTTPStatusCode"],
            )
            # moto does not find a version that is a delete marker; S3 refuses to return it.
            return ("NoSuchVersion", 404) if code == "MethodNotAllowed" else (code, status)

    def _run(self, operation: str, request: dict[str, Any]) -> Any:
        answer = self.send(operation, {"Bucket": self.bucket, **self._versioned(request)})
        compared = {name: answer[name] for name in COMPARED if name in answer}
        compared["status"] = answer["ResponseMetadata"]["HTTPStatusCode"]
        if operation == "delete_object" and "VersionId" in request:
            # moto does not say that the version was a delete marker.
            compared.pop("DeleteMarker", None)
        elif "VersionId" in answer:
            compared["version"] = self._number(answer["VersionId"])
        if "Body" in answer:
            compared["body"] = answer["Body"].read()
        return compared

    def _delete_objects(self, operation: str, request: dict[str, Any]) -> Any:
        objects = [self._versioned(entry) for entry in request["Objects"]]
        answer = self.send(operation, {"Bucket": self.bucket, "Delete": {**request, "Objects": objects}})
        if request.get("Quiet"):
            # moto ignores Quiet, with which S3 returns errors only.
            return answer.get("Errors")
        return [self._deleted(entry) for entry in answer.get("Deleted", [])]

    def _deleted(self, entry: dict[str, Any]) -> dict[str, Any]:
        if "VersionId" in entry:
            # moto does not say that the version was a delete marker.
            return {"Key": entry["Key"], "version": self._number(entry["VersionId"])}
        return {"Key": entry["Key"], "marker": self._number(entry["DeleteMarkerVersionId"])}

    def _list_objects_v2(self, operation: str, request: dict[str, Any]) -> Any:
        pages, token = [], dict[str, str]()
        for _ in range(10):
            answer = self.send(operation, {"Bucket": self.bucket, **request, **token})
            contents = [
                (entry["Key"], entry["ETag"], entry["Size"], entry["StorageClass"])
                for entry in answer.get("Contents", [])
            ]
            names = ("KeyCount", "MaxKeys", "IsTruncated", "Prefix", "Name")
            pages.append((contents, {name: answer.get(name) for name in names}))
            if not answer["IsTruncated"]:
                break
            token = {"ContinuationToken": answer["NextContinuationToken"]}
        return pages

    def _versioned(self, request: dict[str, Any]) -> dict[str, Any]:
        if "VersionId" not in request:
            return request
        return {**request, "VersionId": self.version_ids[request["VersionId"] % len(self.version_ids)]}

    def _number(self, version_id: str) -> int:
        if version_id not in self.version_ids:
            self.version_ids.append(version_id)
        return self.version_ids.index(version_id)


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        with mock_aws():
            yield boto3.client("s3", region_name="us-east-1")


class Buckets:
    """New buckets of moto for the examples of a test."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.number = 0

    def make(self) -> Service:
        self.number += 1
        bucket = f"bucket-{self.number}"
        self.client.create_bucket(Bucket=bucket)
        self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return Service(lambda operation, request: getattr(self.client, operation)(**request), bucket)


@pytest.fixture(scope="module")
def buckets(moto: Any) -> Buckets:
    return Buckets(moto)


def marks_missing_object(s3: S3, bucket: str, request: dict[str, Any]) -> bool:
    """Returns whether a request deletes an object that never was: S3 adds a delete marker, moto does not."""
    entries = request.get("Objects", [request])
    return any(
        "VersionId" not in entry and not s3.versions(bucket, entry["Key"]) for entry in entries
    ) or any(
        entry["Key"] == other["Key"] and ("VersionId" in entry) != ("VersionId" in other)
        for entry, other in combinations(entries, 2)
    )


@settings(max_examples=30)
@given(calls=CALLS)
def test_random_calls_have_the_same_answers(buckets: Buckets, calls: list[Call]) -> None:
    expected, s3 = buckets.make(), S3(lambda: NOW_MS, random.Random(1))
    service = Service(s3.call, expected.bucket)
    for operation, request in [FIRST, *calls]:
        if not (operation.startswith("delete") and marks_missing_object(s3, service.bucket, request)):
            assert service.run(operation, request) == expected.run(operation, request), (operation, request)
