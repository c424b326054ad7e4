"""Listing and deleting the objects of a bucket, in batches of S3's size."""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import TYPE_CHECKING, Any

from vitals.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's limit for DeleteObjects.
_BATCH = 1_000


def list_keys(
    client: "S3Client", bucket: str, prefix: str, *, subject: str, max_requests: int, start_after: str = ""
) -> Iterator[str]:
    """Yields the keys that begin with the prefix, in order; a request returns at most 1,000.

    ConflictError, which names the `subject`, when the listing does not end within `max_requests`.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    if start_after:
        request["StartAfter"] = start_after
    for _ in range(max_requests):
        page = client.list_objects_v2(**request)
        yield from (item["Key"] for item in page.get("Contents", []))
        if not page["IsTruncated"]:
            return
        request["ContinuationToken"] = page["NextContinuationToken"]
    raise ConflictError(f"the listing of {subject} did not end within {max_requests} requests")


def delete_keys(client: "S3Client", bucket: str, keys: Iterable[str]) -> None:
    """Deletes these objects; ConflictError when S3 did not delete all of them."""
    for batch in batched(keys, _BATCH, strict=False):
        objects: Any = {"Objects": [{"Key": key} for key in batch], "Quiet": True}
        result = client.delete_objects(Bucket=bucket, Delete=objects)
        if errors := result.get("Errors"):
            raise ConflictError(f"{len(errors)} objects were not deleted")
