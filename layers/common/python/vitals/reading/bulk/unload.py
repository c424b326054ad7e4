"""Samples of the archive by one UNLOAD of Athena, whose files are fetched one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vitals.aws import athena, s3
from vitals.aws.athena import Athena
from vitals.reading.bulk import athena_sql
from vitals.reading.bulk.request import BulkRequest
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Unloaded:
    """The addresses of the files that a query wrote, and the bytes that it scanned."""

    addresses: list[str]
    scanned_bytes: int


@dataclass(frozen=True, slots=True)
class ArchiveUnload:
    """Queries the archive's table in Athena."""

    athena: Athena
    s3: "S3Client"
    bucket: str
    table: str

    def run(self, request: BulkRequest) -> Unloaded:
        """Writes the samples to the request's answer folder; errors are those of Athena.run.

        They may include other points whose names have the same digest (athena_sql.samples).
        """
        select, parameters = athena_sql.samples(
            database=self.athena.database,
            table=self.table,
            site=request.site,
            span=request.span,
            names=request.names,
        )
        address = f"s3://{self.bucket}/{keys.athena_answer(request.answer)}/"
        sql = f"UNLOAD ({select}) TO '{address}' WITH (format = 'PARQUET', compression = 'ZSTD')"
        execution = self.athena.run(sql, parameters, request.timeout_s, request.check)
        manifest = execution.get("Statistics", {}).get("DataManifestLocation")
        # A writer that Athena started again may leave a second file, which the manifest does not list.
        addresses = self._lines(manifest) if manifest else []
        return Unloaded(addresses, athena.scanned_bytes(execution))

    @contextmanager
    def fetched(self, address: str, folder: Path) -> Iterator[Path]:
        """Copies the file at the address into the folder and removes the copy at the end."""
        file = folder / "unloaded.parquet"
        self._copy(address, file)
        yield file
        file.unlink()

    def _copy(self, address: str, file: Path) -> None:
        s3.copy(self.s3, _object(address), file)

    def _lines(self, address: str) -> list[str]:
        _, body = s3.read(self.s3, _object(address))
        return body.decode().splitlines()


def _object(address: str) -> dict[str, str]:
    """Returns the bucket and the key of an address as GetObject takes them."""
    url = urlsplit(address)
    return {"Bucket": url.netloc, "Key": url.path.removeprefix("/")}
