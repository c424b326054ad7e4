"""The quality files in S3, one per site-day, each replaced as a whole."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from vitals.aws import s3
from vitals.codec.quality_file import SCHEMA_VERSION, QualityHead
from vitals.errors import ConflictError, NotFoundError
from vitals.model.site_day import SiteDay
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ATTEMPTS = 4
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
# The answer to HEAD has no body, and so no other code.
_MISSING = ("404", "NoSuchKey")


class QualityFiles:
    """The quality files of any site in one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, day: SiteDay, data: bytes, head: QualityHead) -> str:
        """Stores a file as the day's, unless it has one of an archiving that began later; returns its ETag.

        ConflictError when it has, or when it changes during every attempt. botocore repeats a put whose
        answer was lost, and S3 refuses the repeat: a put recognises its own effect by the archiving's id.
        """
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": keys.quality_file(day),
            "Body": data,
            "ContentType": "application/vnd.apache.parquet",
            "Metadata": {
                "schema-version": SCHEMA_VERSION,
                "attempt": head.attempt,
                "began-ms": str(head.began_ms),
            },
        }
        for _ in range(_ATTEMPTS):
            current = self._head(day)
            metadata = current["Metadata"] if current else {}
            if current and metadata.get("attempt") == head.attempt:
                return str(current["ETag"])
            if int(metadata.get("began-ms", 0)) > head.began_ms:
                break
            condition = {"IfMatch": current["ETag"]} if current else {"IfNoneMatch": "*"}
            try:
                return self._client.put_object(**request, **condition)["ETag"]
            except ClientError as error:
                if _code(error) not in _CHANGED_MEANWHILE:
                    raise
        raise ConflictError(f"the quality of {day} was written by another process")

    def read(self, day: SiteDay) -> tuple[str, bytes]:
        """Returns the ETag and the bytes of the day's file; NotFoundError when there is none."""
        request = {"Bucket": self._bucket, "Key": keys.quality_file(day)}
        try:
            answer, data = s3.read(self._client, request)
        except ClientError as error:
            if _code(error) in _MISSING:
                raise NotFoundError(f"there is no data quality of {day}") from None
            raise
        return str(answer["ETag"]), data

    def _head(self, day: SiteDay) -> Any:
        """Returns the answer to HEAD of the day's file, None when there is none."""
        try:
            return self._client.head_object(Bucket=self._bucket, Key=keys.quality_file(day))
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise


def _code(error: ClientError) -> str | None:
    return error.response.get("Error", {}).get("Code")
