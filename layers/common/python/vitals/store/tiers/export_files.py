"""The files of exports in S3: stored, linked to and removed."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vitals.aws import s3
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".json": "application/x-ndjson",
}
_MAX_LISTINGS = 100


class ExportFiles:
    """The files of any export in one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, export: str, name: str, file: Path) -> int:
        """Stores a file and returns its size in bytes."""
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
        """Returns a link to the file that needs no token and is valid for this number of seconds."""
        target = {"Bucket": self._bucket, "Key": keys.export_file(export, name)}
        return self._client.generate_presigned_url("get_object", Params=target, ExpiresIn=seconds)

    def clear(self, export: str) -> None:
        """Removes every file of the export, including files of failed attempts."""
        names = s3.list_keys(
            self._client,
            self._bucket,
            keys.export_file(export),
            subject=f"the files of export {export}",
            max_requests=_MAX_LISTINGS,
        )
        s3.delete_keys(self._client, self._bucket, names)

    def discard(self, export: str, names: Iterable[str]) -> None:
        """Removes some files of the export."""
        s3.delete_keys(self._client, self._bucket, (keys.export_file(export, name) for name in names))
