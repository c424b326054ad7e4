"""The object of one site-day in S3, read as one version."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from vitals.aws import s3
from vitals.aws.cost import Cost
from vitals.codec import day_file_reader
from vitals.errors import ConflictError, DayFileMissingError, DayFileTruncatedError
from vitals.model.site_day import SiteDay
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A day is overwritten when something arrives late, which is not twice within one read.
_READ_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a day's object; `version_id` is empty in a bucket without versioning."""

    etag: str
    version_id: str
    size: int


class OverwrittenError(Exception):
    """The object is no longer the version that was opened."""


@dataclass(frozen=True, slots=True)
class DayObject:
    """The object of one site-day; `cost` counts its requests."""

    client: "S3Client"
    bucket: str
    day: SiteDay
    cost: Cost

    @property
    def key(self) -> str:
        return keys.day_file(self.day)

    def __str__(self) -> str:
        return f"the file of {self.day}"

    def tail(self, stored: Stored | None) -> tuple[Stored, bytes]:
        """Returns the end of the object, of this version if one is passed, and the version."""
        response, body = self._get(f"bytes=-{day_file_reader.TAIL_BYTES}", stored)
        # "bytes 0-1023/4096"; absent where a server gives a small object whole.
        size = response.get("ContentRange", f"/{len(body)}").partition("/")[2]
        return Stored(response["ETag"], response.get("VersionId", ""), int(size)), body

    def range(self, stored: Stored, start: int, end: int) -> bytes:
        """Returns the bytes of this version from `start` to `end`."""
        _, body = self._get(f"bytes={start}-{end - 1}", stored)
        if len(body) != end - start:
            raise DayFileTruncatedError(f"{self} ends before byte {end}")
        return body

    def _get(self, span: str, stored: Stored | None) -> tuple[Any, bytes]:
        request: dict[str, Any] = {"Bucket": self.bucket, "Key": self.key, "Range": span}
        if stored:
            request["IfMatch"] = stored.etag
        try:
            response, body = s3.read(self.client, request, broken=lambda: self.cost.add_get(0))
        except ClientError as error:
            self.cost.add_get(0)
            raise self._named(error) from error
        self.cost.add_get(len(body))
        return response, body

    def _named(self, error: ClientError) -> Exception:
        """Returns this product's error for an error of S3, or the error of S3 itself."""
        match error.response.get("Error", {}).get("Code"):
            case "NoSuchKey":
                return DayFileMissingError(f"{self} does not exist")
            case "PreconditionFailed":
                return OverwrittenError()
            case "InvalidRange":
                # Not even the last byte lies in an empty object.
                return DayFileTruncatedError(f"{self} is empty, or shorter than its footer says")
        return error


def one_version[T](day_object: DayObject, read: Callable[[], T]) -> T:
    """Returns the result of a read of one version; reads again when the object is overwritten meanwhile."""
    for _ in range(_READ_ATTEMPTS):
        try:
            return read()
        except OverwrittenError:
            continue
    raise ConflictError(f"{day_object} was overwritten during each of {_READ_ATTEMPTS} reads")
