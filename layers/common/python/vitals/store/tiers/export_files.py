"""The files of exports in S3: stored, linked to and removed."""

from collections.abc import Iterable, Iterator
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitals.errors import ConflictError
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TYPES = {".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}
_MAX_LISTINGS = 100
# S3's limit for DeleteObjects.
_BATCH = 1_000


class ExportFiles:
    """The files of any export in one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, export: str, name: str, file: Path) -> int:
        """Stores a file and returns how many bytes it has."""
        with file.open("rb") as body:
            self._client.put_object(
                Bucket=self._bucket,
                Key=keys.export_file(export, name),
                Body=body,
                ContentType=_TYPES[file.suffix],
                ContentDisposition=f'attachment; filename="{name}"',
            )
        return file.stat().st_size

    def link(self, export: str, name: str, seconds: int) -> str:
        """A link that downloads the file for so many seconds, without a token."""
        target = {"Bucket": self._bucket, "Key": keys.export_file(export, name)}
        return self._client.generate_presigned_url("get_object", Params=target, ExpiresIn=seconds)

    def clear(self, export: str) -> None:
        """Removes every file of the export, also those of attempts that came to nothing."""
        self._remove(self._names(keys.export_file(export)))

    def discard(self, export: str, names: Iterable[str]) -> None:
        """Removes some files of the export."""
        self._remove(keys.export_file(export, name) for name in names)

    def _remove(self, found: Iterable[str]) -> None:
        for batch in batched(found, _BATCH, strict=False):
            listed: Any = {"Objects": [{"Key": key} for key in batch], "Quiet": True}
            answer = self._client.delete_objects(Bucket=self._bucket, Delete=listed)
            if answer.get("Errors"):
                raise ConflictError(f"{len(answer['Errors'])} files of an export could not be removed")

    def _names(self, prefix: str) -> Iterator[str]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        for _ in range(_MAX_LISTINGS):
            page = self._client.list_objects_v2(**request)
            yield from (item["Key"] for item in page.get("Contents", []))
            if not page["IsTruncated"]:
                return
            request["ContinuationToken"] = page["NextContinuationToken"]
        raise ConflictError(f"the files of an export did not end within {_MAX_LISTINGS} listings")
