"""Reading the objects of a bucket whole, and listing and deleting them in batches of S3's size."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import FlexibleChecksumError, HTTPClientError, IncompleteReadError

from vitals.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's limit for DeleteObjects.
_BATCH = 1_000
_CHUNK_BYTES = 2**20
# botocore repeats requests, but not a body that breaks off.
_BODY_ATTEMPTS = 3
BODY_ERRORS = (HTTPClientError, IncompleteReadError, FlexibleChecksumError)


def read(
    client: "S3Client",
    request: Mapping[str, Any],
    broken: Callable[[], None] = lambda: None,
    *,
    attempts: int = _BODY_ATTEMPTS,
) -> tuple[Any, bytes]:
    """Returns the answer to a GetObject request, and its body.

    A body that breaks off is requested again; `broken` is called for each. The last error is raised.
    """
    return _received(client, request, lambda body: body.read(), broken, attempts)


def copy(client: "S3Client", request: Mapping[str, Any], file: Path) -> None:
    """Copies the object of a GetObject request to a file, in bounded memory; otherwise as `read`."""

    def write(body: Any) -> None:
        with file.open("wb") as sink:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                sink.write(chunk)

    _received(client, request, write)


def _received[T](
    client: "S3Client",
    request: Mapping[str, Any],
    receive: Callable[[Any], T],
    broken: Callable[[], None] = lambda: None,
    attempts: int = _BODY_ATTEMPTS,
) -> tuple[Any, T]:
    # The client has imported it. An import of the module would cost every cold start what the client needs.
    from urllib3.exceptions import SSLError

    for _ in range(attempts):
        answer = client.get_object(**request)
        try:
            return answer, receive(answer["Body"])
        except (*BODY_ERRORS, SSLError) as error:
            broken()
            # The one error of urllib3 that botocore does not rename in bodies.
            last = HTTPClientError(error=error) if isinstance(error, SSLError) else error
    raise last


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
